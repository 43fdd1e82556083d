"""The docker command of a rehearsal's steps: a process, the engine of this machine, a registry that judges."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ekswiz_sim.containers import settle
from unit.registry.room import Room, running

DOCKERFILE = """\
ARG BASE_IMAGE=base-that-nobody-has:1
FROM ${BASE_IMAGE} AS build
RUN echo made by $(id -u) > /made
FROM ${BASE_IMAGE}
COPY --from=build /made /made
COPY main.txt /main.txt
CMD ["cat", "/made"]
"""
TOOL = [sys.executable, "-I", "-m", "ekswiz_sim.runner.tools.docker"]


@dataclass
class Docker:
    room: Room
    workshop: Any
    folder: Path
    base: str

    @property
    def context(self) -> Path:
        return self.folder / "context"

    def environment(self, **more: str) -> dict[str, str]:
        made = {
            "PATH": "/nowhere",
            "HOME": str(self.folder),
            "DOCKER_CONFIG": str(self.folder / "config"),
            "EKSWIZ_ENGINE": self.workshop.facts.address,
            "EKSWIZ_WORLD": self.workshop.world,
            "EKSWIZ_BASE_IMAGE": self.base,
        }
        return made | more

    def __call__(self, *words: str, code: int = 0, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*TOOL, *words],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.context,
            timeout=60,
            check=False,
            env=self.environment(**env),
        )
        assert done.returncode == code, (done.stdout, done.stderr)
        return done

    def login(self) -> None:
        user, password = self.room.login()
        self("login", "--username", user, "--password-stdin", self.room.host, stdin=password)


@pytest.fixture
def docker(workshop: Any, tmp_path: Path) -> Iterator[Docker]:
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "context" / "main.txt").write_text(tmp_path.name)
    with running(tmp_path / "registry") as room:
        yield Docker(room, workshop, tmp_path, workshop.image("base"))
        left = settle.settle(Path(workshop.world), {"address": workshop.facts.address, "registry": room.host})
        assert left == []
