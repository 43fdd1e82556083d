"""The folder that a rehearsal puts first on PATH."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ekswiz_sim.runner.tools.install import install


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    install(tmp_path / "bin", sys.executable)
    return tmp_path / "bin"


def test_aws_is_the_twin(tools: Path, env: dict[str, str]) -> None:
    done = subprocess.run(
        [tools / "aws", "sts", "get-caller-identity"], env=env, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["Account"] == "012345678901"


def test_kubectl_is_the_real_one(tools: Path) -> None:
    done = subprocess.run(
        [tools / "kubectl", "version", "--client", "-o", "json"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["clientVersion"]["gitVersion"].startswith("v1.")


def test_docker_runs_the_same_interpreter(tools: Path) -> None:
    assert (tools / "docker").read_text().splitlines()[1].startswith(f"exec {sys.executable} -I -m ekswiz_sim.")


def test_a_second_time_replaces_what_is_there(tools: Path) -> None:
    (tools / "aws").write_text("broken")
    install(tools, sys.executable)
    assert "ekswiz_sim.runner.tools.aws" in (tools / "aws").read_text()
    assert {path.name for path in tools.iterdir()} == {"aws", "docker", "kubectl"}


def test_the_steps_folder_cannot_replace_the_twin(tools: Path, tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "ekswiz_sim.py").write_text("raise SystemExit('hijacked')")
    changed = {**env, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [tools / "aws", "--version"], cwd=tmp_path, env=changed, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.startswith("aws-cli/")) == (0, True)
