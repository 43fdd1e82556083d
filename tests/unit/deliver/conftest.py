from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from .samples import answers, workflow

BASH = shutil.which("bash") or "/bin/bash"


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    log: str
    outputs: Mapping[str, str]
    summary: str
    calls: list[str]


class Shell:
    """Runs a step's script as GitHub's runner does: `bash --noprofile --norc -eo pipefail`, with real kubectl."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.temp = root / "temp"
        self.workspace = root / "workspace"
        for folder in (self.bin, self.temp, self.workspace):
            folder.mkdir()
        self.calls = root / "calls"

    def fake(self, name: str, script: str) -> None:
        """Put a stand-in for a command on PATH. `$*` of each call is kept."""
        path = self.bin / name
        path.write_text(f'#!{BASH}\necho "{name} $*" >> "{self.calls}"\n{script}\n')
        path.chmod(0o755)

    def run(self, script: str, env: Mapping[str, str]) -> Ran:
        output, summary = self.root / "output", self.root / "summary"
        output.write_text("")
        summary.write_text("")
        found = {
            "PATH": f"{self.bin}:{Path(sys.executable).parent}:{os.defpath}", "HOME": str(self.root),
            "RUNNER_TEMP": str(self.temp), "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_SHA": "a" * 40, "GITHUB_ENV": str(self.root / "env"),
        }  # fmt: skip
        done = subprocess.run(
            [BASH, "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            env={**found, **env}, cwd=self.workspace, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        pairs = dict(line.split("=", 1) for line in output.read_text().splitlines())
        calls = self.calls.read_text().splitlines() if self.calls.exists() else []
        return Ran(done.returncode, done.stdout + done.stderr, pairs, summary.read_text(), calls)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def step() -> Callable[[str, str], str]:
    """The script of a step, by job and step name, as YAML hands it to the runner."""
    jobs = workflow("deploy.yml", answers())["jobs"]

    def find(job: str, name: str) -> str:
        return str(next(s["run"] for s in jobs[job]["steps"] if s["name"] == name))

    return find


@pytest.fixture
def deploy_env() -> dict[str, str]:
    """The deploy job's own environment, with an image."""
    env = {name: str(value) for name, value in workflow("deploy.yml", answers())["jobs"]["deploy"]["env"].items()}
    return {**env, "IMAGE": f"127.0.0.1:5000/octo/shop@sha256:{'b' * 64}"}
