"""The bundled service and its manifests, as a rehearsal finds them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[3]
KUBECTL = Path(sys.executable).parent / "kubectl"
DIGEST = f"sha256:{'d' * 64}"


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The service as its image starts it, on a port of its own; a URL."""
    command = [
        sys.executable, "-m", "uvicorn", "main:app", "--host", "127.0.0.1", "--port", "0", "--no-server-header",
    ]  # fmt: skip
    env = {"GIT_COMMIT": "abc<1>", "IMAGE_DIGEST": DIGEST, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT / "app", env=env, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        log = iter(process.stderr.readline, "")
        found = next(match for line in log if (match := re.search(r"running on (http://\S+)", line)))
        yield found[1]
        process.terminate()


def get(url: str) -> tuple[str, str]:
    """Content type and body."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.headers["content-type"], answer.read().decode()


def test_version_names_commit_and_image(service: str) -> None:
    assert json.loads(get(f"{service}/version")[1]) == {"commit": "abc<1>", "image": DIGEST}


def test_health_is_what_the_probes_ask_for(service: str) -> None:
    assert json.loads(get(f"{service}/healthz")[1]) == {"status": "ok"}


def test_the_greeting_shows_both_and_escapes_them(service: str) -> None:
    kind, page = get(service)
    assert kind.startswith("text/html")
    assert "abc&lt;1&gt;" in page
    assert DIGEST in page


async def test_without_a_deployment_it_says_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GIT_COMMIT", raising=False)
    monkeypatch.delenv("IMAGE_DIGEST", raising=False)
    found = util.spec_from_file_location("sample_main", ROOT / "app" / "main.py")
    assert found is not None
    assert found.loader is not None
    module = util.module_from_spec(found)
    found.loader.exec_module(module)
    assert await module.version() == {"commit": "unknown", "image": "unknown"}


def test_the_image_runs_without_a_shell_and_as_a_numeric_user() -> None:
    lines = (ROOT / "app" / "Dockerfile").read_text().splitlines()
    assert "USER 10001" in lines
    assert any(line.startswith('CMD ["uvicorn", "main:app"') for line in lines)


def test_every_requirement_is_pinned_to_what_these_tests_ran_on() -> None:
    text = (ROOT / "app" / "requirements.txt").read_text()
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", text, re.MULTILINE))
    assert {"fastapi", "uvicorn"} <= set(pins)
    assert pins["fastapi"] == metadata.version("fastapi")
    assert pins["uvicorn"] == metadata.version("uvicorn")


def kustomized() -> dict[str, Any]:
    command = [str(KUBECTL), "kustomize", str(ROOT / "manifests")]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {document["kind"]: document for document in YAML(typ="safe", pure=True).load_all(text)}


def test_the_manifests_meet_pod_security_restricted() -> None:
    pod = kustomized()["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["automountServiceAccountToken"] is False


def test_service_probes_and_container_agree_on_the_port() -> None:
    objects = kustomized()
    container = objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert (container["name"], container["ports"]) == ("app", [{"containerPort": 8000, "name": "http"}])
    assert container["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert objects["Service"]["spec"]["ports"][0]["targetPort"] == "http"
    assert objects["Service"]["spec"]["selector"] == objects["Deployment"]["spec"]["selector"]["matchLabels"]
