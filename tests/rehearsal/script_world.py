"""A sample's world that is up, for scripts: the AWS CLI and kubectl on PATH, and nothing of whoever runs it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ekswiz_sim.runner.tools.install import kubectl

EKSWIZ = Path(sys.executable).with_name("ekswiz")
SCRIPT = "ekswiz-hello-eks.sh"
ACCOUNT = "111122223333"


@dataclass
class World:
    """A world that is up, and commands in it without the environment of whoever runs the tests."""

    root: Path
    aws: Path

    @property
    def environment(self) -> dict[str, str]:
        tools = f"{self.root / 'bin'}:/usr/bin:/bin"
        home = {"HOME": str(self.root / "home"), "TMPDIR": str(self.root)}
        return {"PATH": tools, "EKSWIZ_STATE_DIR": str(self.root / "state"), **home}

    def run(
        self, *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **(env or {})}
        return subprocess.run(
            [*map(str, command)], cwd=cwd or self.root, env=environment, input=stdin, check=False,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def ekswiz(self, *words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self.run(EKSWIZ, *words, stdin=stdin)

    def operator(self) -> dict[str, str]:
        """What `ekswiz sim env` exports."""
        lines = shlex.split(self.ekswiz("sim", "env").stdout.replace("export ", ""))
        return dict(line.split("=", 1) for line in lines)

    def checkout(self) -> Path:
        return Path(json.loads(self.ekswiz("sim", "status", "--json").stdout)["checkout"])

    def export(self) -> None:
        """Write the plan as a bash script."""
        written = self.ekswiz("--sim", "export", "bash", self.root / "out")
        assert written.returncode == 0, written.stderr

    def script(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the exported script as the operator."""
        return self.run("bash", self.root / "out" / SCRIPT, *words, cwd=self.checkout(), env=self.operator())


def aws_cli() -> Path | None:
    """The AWS CLI. It pins botocore, so it needs an environment of its own."""
    found = os.environ.get("EKSWIZ_AWS_CLI") or shutil.which("aws")
    return Path(found) if found else None


@contextmanager
def world_up(root: Path, aws: Path) -> Iterator[World]:
    """The bundled sample's world; gone at the end."""
    world = World(root, aws)
    for folder in ("bin", "home"):
        (root / folder).mkdir()
    (root / "bin" / "aws").write_text(f'#!/bin/sh\nexec {shlex.quote(str(aws))} "$@"\n')
    (root / "bin" / "aws").chmod(0o755)
    (root / "bin" / "kubectl").symlink_to(kubectl())
    up = world.ekswiz("sim", "up", "--sample")
    assert up.returncode == 0, up.stderr
    try:
        yield world
    finally:
        assert world.ekswiz("sim", "down").returncode == 0
