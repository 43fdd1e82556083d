"""A cluster whose pods are containers of the engine of this machine, and images that need no download."""

from __future__ import annotations

import contextlib
import io
import json
import secrets
import shutil
import struct
import tarfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from ekswiz.errors import RehearsalError
from ekswiz_sim.containers import labels, preflight, settle
from ekswiz_sim.containers.engine import connect
from ekswiz_sim.containers.node import Node
from ekswiz_sim.kubernetes.embedded.kubelet.timing import Timing
from ekswiz_sim.kubernetes.embedded.store import Store
from unit.containers.docker_command import docker as docker  # noqa: PLC0414 - a fixture of this folder
from unit.workloads.conftest import Cluster, Registry

TIMING = Timing(crash_first=0.3, pull_first=0.3, shown=0.1, configuration=0.1, poll=0.05)
COMMANDS = ("sh", "cat", "echo", "env", "httpd", "id", "ls", "sleep", "stat", "touch", "true", "wget", "head")
LOADER = 3
"""Type of the program header that names it (ELF's PT_INTERP)."""
CLOSED = "127.0.0.1:9"
"""A registry that nobody serves."""


@pytest.fixture(scope="session")
def facts() -> preflight.Facts:
    try:
        return preflight.check()
    except RehearsalError as error:
        pytest.skip(f"no container engine on this machine: {error}")


@pytest.fixture(scope="session")
def busybox() -> Path:
    found = shutil.which("busybox", path="/bin:/usr/bin")
    if found is None:
        pytest.skip("no busybox on this machine to make images of (apt-get install busybox-static)")
    if needs_libraries(Path(found).read_bytes()):
        pytest.skip("this machine's busybox needs libraries (apt-get install busybox-static)")
    return Path(found)


def needs_libraries(program: bytes) -> bool:
    """Whether an executable names a loader: there is none in an image of its own."""
    (table,), (size, count) = struct.unpack("<Q", program[32:40]), struct.unpack("<HH", program[54:58])
    return any(struct.unpack_from("<I", program, table + size * index) == (LOADER,) for index in range(count))


@dataclass(frozen=True)
class Workshop:
    """One world at the engine."""

    world: str
    client: Any
    facts: preflight.Facts
    busybox: Path

    def image(self, name: str, *settings: str, files: dict[str, str] | None = None) -> str:
        """An image with busybox, some files, and Dockerfile instructions."""
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as archive:
            archive.add(self.busybox, "bin/busybox", recursive=False)
            for command in COMMANDS:
                link = tarfile.TarInfo(f"bin/{command}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(link)
            for path, text in (files or {}).items():
                entry = tarfile.TarInfo(path)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        changes = [
            "ENV PATH=/bin",
            *(f"LABEL {key}={value}" for key, value in labels.of(self.world).items()),
            *settings,
        ]
        self.client.import_image_from_data(made.getvalue(), repository=f"{self.world}/{name}", tag="1", changes=changes)
        return f"{self.world}/{name}:1"

    def server(self) -> str:
        """It answers `hello` at / and 404 elsewhere."""
        command = json.dumps(["httpd", "-f", "-p", "8000", "-h", "/www"])
        return self.image("server", f"CMD {command}", "EXPOSE 8000", files={"www/index.html": "hello"})

    def containers(self, pod: str = "") -> list[dict[str, Any]]:
        found = self.client.containers(all=True, filters=labels.only(self.world))
        return [one for one in found if not pod or one["Labels"].get("dev.ekswiz.pod") == f"web/{pod}"]

    def inspect(self, pod: str, container: str = "main") -> dict[str, Any]:
        [found] = [one for one in self.containers(pod) if one["Labels"].get("dev.ekswiz.container") == container]
        inspected: dict[str, Any] = self.client.inspect_container(found["Id"])
        return inspected


@pytest.fixture(scope="session")
def workshop(facts: preflight.Facts, busybox: Path) -> Iterator[Workshop]:
    world = f"ekswiz-sim-test-{secrets.token_hex(4)}"
    client = connect(facts.address)
    try:
        yield Workshop(world, client, facts, busybox)
    finally:
        left = settle.settle(Path(world), {"address": facts.address, "registry": CLOSED})
        client.close()
        assert left == []


@contextlib.asynccontextmanager
async def running(workshop: Workshop, folder: Path, **options: Any) -> AsyncIterator[Cluster]:
    """A cluster; nothing of its pods may be left at the engine when it has stopped."""
    node = Node(workshop.world, workshop.facts, CLOSED, lambda _: ("AWS", "x"), folder / "engine")
    images = cast("Registry", node)
    made = Cluster(Store(), images, folder / "node", timing=TIMING, machine=node, **options)
    await made.workloads.start()
    try:
        yield made
    finally:
        await made.workloads.stop()
        await node.close()
        assert workshop.containers() == []
        assert not workshop.client.volumes(filters=labels.only(workshop.world))["Volumes"]
        for one in workshop.client.networks(filters=labels.only(workshop.world)):
            workshop.client.remove_network(one["Id"])


@pytest.fixture
async def cluster(workshop: Workshop, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with running(workshop, tmp_path) as made:
        yield made


@pytest.fixture
async def shared(workshop: Workshop, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with running(workshop, tmp_path, shared_address=True) as made:
        yield made
