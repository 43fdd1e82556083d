"""The manifests for a repository that has none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ekswiz.answers import Answers
from ekswiz.deliver import files

from .samples import answers, parsed

KUBECTL = Path(sys.executable).parent / "kubectl"


def kustomized(of: Answers, root: Path) -> dict[str, Any]:
    for file in files(of):
        if file.kind == "manifest":
            (root / file.path).parent.mkdir(parents=True, exist_ok=True)
            (root / file.path).write_text(file.text)
    command = [str(KUBECTL), "kustomize", str(root / of.manifests)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {document["kind"]: document for document in YAML(typ="safe", pure=True).load_all(text)}


@pytest.mark.parametrize("workload", ["web", "true", "0x1f", "1e3"])
def test_kubectl_renders_them_and_names_stay_strings(workload: str, tmp_path: Path) -> None:
    objects = kustomized(answers(workload=workload, port=9000), tmp_path)
    deployment, service = objects["Deployment"], objects["Service"]
    assert deployment["metadata"]["name"] == service["metadata"]["name"] == workload
    template = deployment["spec"]["template"]
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    assert template["spec"]["containers"][0]["ports"] == [{"containerPort": 9000, "name": "http"}]


def test_pod_security_restricted_has_nothing_to_say(tmp_path: Path) -> None:
    pod = kustomized(answers(), tmp_path)["Deployment"]["spec"]["template"]["spec"]
    container = pod["containers"][0]["securityContext"]
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert pod["automountServiceAccountToken"] is False


@pytest.mark.parametrize("expose", ["inside", "internal", "public"])
def test_the_manifest_is_for_inside_the_cluster_whatever_the_workflow_makes_of_it(expose: Any, tmp_path: Path) -> None:
    assert kustomized(answers(expose=expose), tmp_path)["Service"]["spec"]["type"] == "ClusterIP"


@pytest.mark.parametrize(
    ("folder", "first"),
    [("manifests", "manifests/deployment.yaml"), (".", "deployment.yaml"), ("k8s/base/", "k8s/base/deployment.yaml")],
)
def test_they_lie_where_the_answers_say(folder: str, first: str) -> None:
    assert next(file.path for file in files(answers(manifests=folder)) if file.kind == "manifest") == first


def test_every_file_of_the_kustomization_is_written() -> None:
    made = {Path(file.path).name: file for file in files(answers()) if file.kind == "manifest"}
    assert set(parsed(made["kustomization.yaml"])["resources"]) == set(made) - {"kustomization.yaml"}
