"""docker/build-push-action: what docker is asked, and what the action gives back."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from ekswiz_sim.runner.actions.build_push import build_push
from ekswiz_sim.runner.tools.install import install
from ekswiz_sim.seams import ActionCall, ActionResult

METADATA = {"containerimage.digest": "sha256:d", "containerimage.config.digest": "sha256:c"}
FAKE = """#!/bin/sh
printf '%s\\n' "$@" > "$CALLED"
[ -n "$BROKEN" ] && exit 7
while [ "$1" != --metadata-file ]; do shift; done
printf '%s' "$METADATA" > "$2"
"""


def run(tmp_path: Path, lines: list[str], inputs: dict[str, str], **env: str) -> tuple[ActionResult, list[str]]:
    tools = tmp_path / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "docker").write_text(FAKE)
    (tools / "docker").chmod(0o755)
    called = tmp_path / "called"
    known = {"PATH": f"{tools}:{os.defpath}", "CALLED": str(called), "METADATA": json.dumps(METADATA), **env}
    call = ActionCall("docker/build-push-action@v7", inputs, known, tmp_path, tmp_path / "temp", lines.append, bool)
    result = build_push(call)
    return result, called.read_text().splitlines() if called.exists() else []


def test_inputs_become_docker_s_options(tmp_path: Path, lines: list[str]) -> None:
    inputs = {
        "context": "app dir", "file": "app dir/Dockerfile", "tags": "one:1,two:2\nthree:3\n",
        "build-args": "A=1,2\nB=x y",
        "labels": "l=1", "platforms": "linux/arm64", "provenance": "mode=max", "sbom": "true", "push": "true",
        "no-cache": "false", "github-token": "t",
    }  # fmt: skip
    result, words = run(tmp_path, lines, inputs)
    assert result.ok, result.error
    assert words[:3] == ["buildx", "build", "--metadata-file"]
    assert words[4:] == [
        "--tag", "one:1", "--tag", "two:2", "--tag", "three:3", "--build-arg", "A=1,2", "--build-arg", "B=x y",
        "--label", "l=1", "--file=app dir/Dockerfile", "--platform=linux/arm64", "--provenance=mode=max", "--sbom=true",
        "--push", "app dir",
    ]  # fmt: skip
    assert (result.outputs["digest"], result.outputs["imageid"]) == ("sha256:d", "sha256:c")
    assert json.loads(result.outputs["metadata"]) == METADATA


def test_without_a_context_the_workspace_is_built_and_that_is_said(tmp_path: Path, lines: list[str]) -> None:
    _, words = run(tmp_path, lines, {"tags": "one"})
    assert words[-1] == "."
    assert any("here it is the workspace" in line for line in lines)


@pytest.mark.parametrize(
    ("inputs", "env", "words"),
    [
        ({"context": "."}, {"BROKEN": "1"}, "buildx failed with: exit code 7"),
        ({"context": ".", "push": "perhaps"}, {}, "Core Schema"),
        ({"context": ".", "secrets": "A=b"}, {}, "does not model the input secrets"),
        ({"context": "."}, {"METADATA": "{"}, "docker wrote no metadata"),
        ({"context": "."}, {"PATH": "/nowhere"}, "Unable to locate executable file: docker"),
    ],
)
def test_what_goes_wrong_fails_the_step(
    tmp_path: Path, lines: list[str], inputs: dict[str, str], env: dict[str, str], words: str
) -> None:
    result, _ = run(tmp_path, lines, inputs, **env)
    assert not result.ok
    assert words in result.error


def test_with_the_rehearsals_own_docker_an_image_is_built(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "Dockerfile").write_text('FROM scratch\nCOPY Dockerfile /\nCMD ["x"]\n')
    install(tmp_path / "bin", sys.executable)
    env = {
        "PATH": f"{tmp_path / 'bin'}:{os.defpath}",
        "EKSWIZ_DOCKER_STORE": str(tmp_path / "store"),
        "HOME": str(tmp_path),
    }
    inputs = {"context": ".", "tags": "127.0.0.1:5000/app:1"}
    call = ActionCall(
        "docker/build-push-action@v7", inputs, env, tmp_path, tmp_path / "temp", lines.append, lambda: False
    )
    result = build_push(call)
    assert result.ok, (result.error, lines)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", result.outputs["digest"])
    assert shlex.quote(result.outputs["imageid"]) == result.outputs["imageid"]
