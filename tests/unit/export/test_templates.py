"""Terraform, CloudFormation and eksctl: judged by their own tools where these are there, and by what they hold."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ekswiz.errors import InputError
from ekswiz.export import Document, Form, Subject, documents, write_all
from ekswiz.export.hcl import Block, Expression, call, quoted, render
from ekswiz.plan import encode
from unit.export.conftest import BOUNDARY, KINDS, NASTY, poisoned, tool

Subjects = Callable[[str], Subject]


def _loaded(document: Document) -> Any:
    found = [*YAML(typ="safe", pure=True).load_all(document.text)]
    return found[0] if len(found) == 1 else found


def _template(subject: Subject) -> Any:
    return _loaded(documents("cloudformation", subject)[0])


def _after(subject: Subject, address: str) -> Any:
    return next(encode(change.after) for change in subject.view.plan.changes if change.address == address)


# ---- Terraform


@pytest.mark.parametrize("kind", KINDS)
def test_terraform_formats_it_the_same(subjects: Subjects, tmp_path: Path, kind: str) -> None:
    terraform = tool("terraform") or tool("tofu")
    if terraform is None:
        pytest.skip("neither terraform nor tofu is installed; both are no Python packages")
    write_all(documents("terraform", subjects(kind)), tmp_path)

    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [terraform, "fmt", "-check", "-diff", tmp_path], capture_output=True, text=True, check=False, env=environment
    )

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("kind", KINDS)
def test_it_parses_as_hcl_and_owns_neither_provider_nor_cluster(subjects: Subjects, kind: str) -> None:
    hcl2 = pytest.importorskip("hcl2", reason="python-hcl2 is not installed")
    (document,) = documents("terraform", subjects(kind))

    found = hcl2.loads(document.text)

    kinds = [name.strip('"') for each in found["resource"] for name in each]
    assert {"aws_iam_role", "aws_iam_role_policy", "aws_ecr_repository", "aws_eks_access_entry"} <= {*kinds}
    assert not {"aws_iam_openid_connect_provider", "aws_eks_cluster"} & {*kinds}
    looked_up = [name.strip('"') for each in found["data"] for name in each]
    assert looked_up == ["aws_iam_openid_connect_provider", "aws_eks_cluster"]


def test_terraform_takes_over_what_is_there_and_nothing_else(subjects: Subjects) -> None:
    (applied,) = documents("terraform", subjects("applied"))
    (fresh,) = documents("terraform", subjects("from nothing"))

    imported = [line.split("= ")[1] for line in applied.text.splitlines() if line.startswith("  to = ")]

    assert imported == [
        "aws_ecr_repository.app", "aws_ecr_lifecycle_policy.app", "aws_iam_role.push", "aws_iam_role_policy.push",
        "aws_iam_role.deploy", "aws_iam_role_policy.deploy", "aws_eks_access_entry.deploy",
        "kubernetes_namespace_v1.app", "kubernetes_role_v1.deployer", "kubernetes_role_binding_v1.deployer",
    ]  # fmt: skip
    assert "import {" not in fresh.text


def test_it_refuses_any_other_account(subjects: Subjects) -> None:
    (document,) = documents("terraform", subjects("from nothing"))

    assert 'allowed_account_ids = ["123456789012"]' in document.text


def test_the_edit_policy_is_an_association_and_needs_no_role_in_kubernetes(subjects: Subjects) -> None:
    (document,) = documents("terraform", subjects("edit policy"))

    assert 'resource "aws_eks_access_policy_association" "deploy"' in document.text
    assert f'permissions_boundary = "{BOUNDARY}"' in document.text
    assert "kubernetes_role_v1" not in document.text


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("${path.root}", '"$${path.root}"'),
        ("%{ if true }", '"%%{ if true }"'),
        ('a "b" \\ c\n\t', '"a \\"b\\" \\\\ c\\n\\t"'),
        ("\x1b[31m", '"\\u001b[31m"'),
        ("größer", '"größer"'),
    ],
)
def test_no_text_begins_an_expression(text: str, made: str) -> None:
    assert quoted(text) == made


def test_blocks_are_laid_out_as_terraform_does() -> None:
    inner = Block("inner", (), {"x": True})
    block = Block(
        "resource", ("a", "b"), {"name": "n", "longer": [1, 2], "to": Expression("a.b")}, (inner,), note="why"
    )

    assert render([block, Block("empty")]) == (
        '# why\nresource "a" "b" {\n  name = "n"\n  longer = [\n    1,\n    2,\n  ]\n  to = a.b\n\n'
        "  inner {\n    x = true\n  }\n}\n\nempty {}\n"
    )
    assert call("jsonencode", {"a:b": {}}) == 'jsonencode({\n  "a:b" = {}\n})'


# ---- CloudFormation


def test_cfn_lint_finds_nothing(subjects: Subjects, tmp_path: Path) -> None:
    checker = tool("cfn-lint")
    if checker is None:
        pytest.skip("cfn-lint is not installed")
    templates = [write_all(documents("cloudformation", subjects(kind)), tmp_path / kind)[0] for kind in KINDS]

    done = subprocess.run([checker, "--template", *templates], capture_output=True, text=True, check=False)

    assert (done.stdout, done.returncode) == ("", 0)


def test_the_template_holds_the_policies_of_the_plan_word_for_word(subjects: Subjects) -> None:
    subject = subjects("from nothing")

    resources = _template(subject)["Resources"]

    assert {name: each["Type"] for name, each in resources.items()} == {
        "AppRepository": "AWS::ECR::Repository",
        "PushRole": "AWS::IAM::Role",
        "DeployRole": "AWS::IAM::Role",
        "DeployAccessEntry": "AWS::EKS::AccessEntry",
    }
    for kind in ("push", "deploy"):
        after, made = _after(subject, f"iam_role.{kind}"), resources[f"{kind.capitalize()}Role"]["Properties"]
        assert made["AssumeRolePolicyDocument"] == after["trust"]
        assert {one["PolicyName"]: one["PolicyDocument"] for one in made["Policies"]} == after["policies"]
        tags = {one["Key"]: one["Value"] for one in made["Tags"]}
        assert tags["ekswiz:stack"] == "payments"


def test_what_holds_images_outlives_the_template(subjects: Subjects) -> None:
    resources = _template(subjects("from nothing"))["Resources"]

    assert resources["AppRepository"]["DeletionPolicy"] == "Retain"
    lifecycle = resources["AppRepository"]["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]
    assert json.loads(lifecycle) == _after(subjects("from nothing"), "ecr_repository.app")["lifecycle"]


def test_the_objects_inside_the_cluster_are_a_manifest_of_their_own(subjects: Subjects) -> None:
    _, manifest = documents("cloudformation", subjects("from nothing"))

    found = _loaded(manifest)

    assert [each["kind"] for each in found] == ["Namespace", "Role", "RoleBinding"]
    assert {each["metadata"]["labels"]["ekswiz/stack"] for each in found} == {"payments"}
    assert found[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert found[1]["rules"] == _after(subjects("from nothing"), "deployer_rbac.deployer")["rules"]


def test_what_exists_is_to_be_imported(subjects: Subjects) -> None:
    template, _ = documents("cloudformation", subjects("applied"))

    line = next(line for line in template.text.splitlines() if "ResourceIdentifier" in line)
    found = {one["LogicalResourceId"] for one in json.loads(line.lstrip("# "))}

    assert (
        found == {"AppRepository", "PushRole", "DeployRole", "DeployAccessEntry"} == {*_loaded(template)["Resources"]}
    )
    assert "IMPORT" not in documents("cloudformation", subjects("from nothing"))[0].text


# ---- eksctl


SCHEMA = "EKSWIZ_EKSCTL_SCHEMA"


@pytest.mark.parametrize("kind", KINDS)
def test_eksctl_s_schema_accepts_it(subjects: Subjects, kind: str) -> None:
    from jsonschema import Draft7Validator

    path = os.environ.get(SCHEMA)
    if not path:
        pytest.skip(f"eksctl's schema comes with eksctl alone: eksctl utils schema > FILE, then {SCHEMA}=FILE")
    (document,) = documents("eksctl", subjects(kind))

    errors = Draft7Validator(json.loads(Path(path).read_text())).iter_errors(_loaded(document))

    assert [error.message for error in errors] == []


def test_an_existing_cluster_is_named_and_not_described(subjects: Subjects) -> None:
    (document,) = documents("eksctl", subjects("from nothing"))

    found = _loaded(document)

    assert {*found} == {"apiVersion", "kind", "metadata", "accessConfig"}
    assert found["accessConfig"]["accessEntries"] == [
        {
            "principalARN": "arn:aws:iam::123456789012:role/ekswiz-payments-deploy",
            "type": "STANDARD",
            "kubernetesGroups": ["ekswiz:payments:deployers"],
        }
    ]


def test_a_new_cluster_is_described_as_the_plan_makes_it(subjects: Subjects) -> None:
    found = _loaded(documents("eksctl", subjects("new cluster"))[0])

    assert found["vpc"]["cidr"] == "192.168.0.0/16"
    assert found["managedNodeGroups"][0]["instanceType"] == "t3.medium"
    assert [one["name"] for one in found["addons"]] == ["vpc-cni", "kube-proxy", "coredns", "metrics-server"]
    assert len(found["availabilityZones"]) == 2
    assert "autoModeConfig" not in found


def test_auto_mode_brings_its_own_nodes(subjects: Subjects) -> None:
    found = _loaded(documents("eksctl", subjects("auto mode"))[0])

    assert found["autoModeConfig"] == {"enabled": True}
    assert "managedNodeGroups" not in found


# ---- all of them


@pytest.mark.parametrize("form", ["terraform", "cloudformation", "eksctl"])
def test_what_is_code_somewhere_is_text_here(subjects: Subjects, form: Form) -> None:
    found = documents(form, poisoned(subjects("from nothing")))

    for document in found:
        if document.name.endswith(".yaml"):
            assert _loaded(document) is not None
            assert not [line for line in document.text.splitlines() if line.startswith("END_OF_FILE")]
    if form == "cloudformation":
        assert _loaded(found[0])["Resources"]["PushRole"]["Properties"]["Description"] == NASTY
    if form == "terraform":
        code = [line for line in found[0].text.splitlines() if not line.startswith("#")]
        assert not [line for line in code if line.startswith("END_OF_FILE")]
        assert "${" not in "".join(code).replace("$${", "")


@pytest.mark.parametrize("form", ["terraform", "cloudformation", "eksctl"])
def test_a_destroy_is_not_exported(subjects: Subjects, form: Form) -> None:
    with pytest.raises(InputError, match="Export before you destroy"):
        documents(form, subjects("destroyed"))
