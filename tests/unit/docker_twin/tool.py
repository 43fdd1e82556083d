"""The docker command of a rehearsal's steps, as a step calls it: a process with an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from unit.registry.room import Room

TOOL = [sys.executable, "-I", "-m", "ekswiz_sim.runner.tools.docker"]
PATIENCE = 60.0


@dataclass
class Tool:
    """It works in the folder's `context`, with the logins of its `config`."""

    room: Room
    folder: Path

    @property
    def context(self) -> Path:
        return self.folder / "context"

    def environment(self, **more: str) -> dict[str, str]:
        return {"DOCKER_CONFIG": str(self.folder / "config"), **more}

    def __call__(self, *words: str, code: int = 0, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*TOOL, *words],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.context,
            timeout=PATIENCE,
            check=False,
            env=self.environment(**env),
        )
        assert done.returncode == code, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    def login(self) -> None:
        user, password = self.room.login()
        self("login", "--username", user, "--password-stdin", self.room.host, stdin=password)
