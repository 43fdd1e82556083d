"""The docker command of a rehearsal's steps: a process, the engine of this machine, a registry that judges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ekswiz_sim.containers import settle
from unit.docker_twin.tool import Tool
from unit.registry.room import running

DOCKERFILE = """\
ARG BASE_IMAGE=base-that-nobody-has:1
FROM ${BASE_IMAGE} AS build
RUN echo made by $(id -u) > /made
FROM ${BASE_IMAGE}
COPY --from=build /made /made
COPY main.txt /main.txt
CMD ["cat", "/made"]
"""


@dataclass
class Docker(Tool):
    workshop: Any
    base: str

    def environment(self, **more: str) -> dict[str, str]:
        made = {
            "PATH": "/nowhere",
            "HOME": str(self.folder),
            "EKSWIZ_ENGINE": self.workshop.facts.address,
            "EKSWIZ_WORLD": self.workshop.world,
            "EKSWIZ_BASE_IMAGE": self.base,
        }
        return super().environment(**made) | more


@pytest.fixture
def docker(workshop: Any, tmp_path: Path) -> Iterator[Docker]:
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "context" / "main.txt").write_text(tmp_path.name)
    with running(tmp_path / "registry") as room:
        yield Docker(room, tmp_path, workshop, workshop.image("base"))
        left = settle.settle(Path(workshop.world), {"address": workshop.facts.address, "registry": room.host})
        assert left == []
