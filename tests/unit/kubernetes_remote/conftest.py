from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme

from ekswiz_sim.kubernetes.embedded.cluster import Doorkeepers
from ekswiz_sim.kubernetes.remote.admin import Admin
from ekswiz_sim.kubernetes.remote.cluster import RemoteCluster
from unit.kubernetes_api.stand_in import Cluster, policy_rules
from unit.kubernetes_remote.control_plane import ControlPlane, missing
from unit.kubernetes_remote.upstream import StandIn


class Fronted(Cluster):
    """A cluster that is not ours, met through the front in impersonation mode."""

    def __init__(self, root: Path, ca: trustme.CA, admin: Admin) -> None:
        super().__init__(root, ca)
        keepers = Doorkeepers(self.gate, self.entries, policy_rules)
        self.remote = RemoteCluster("demo", keepers, ca, admin)

    async def start(self) -> None:
        self.endpoint = await self.remote.start()

    async def stop(self) -> None:
        try:
            await self.remote.stop(remains=True)
        finally:
            await super().stop()


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def stand_in(tmp_path: Path) -> AsyncIterator[StandIn]:
    """The embedded API server, served as a kube-apiserver is."""
    made = StandIn(tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def over(stand_in: StandIn, tmp_path: Path, ca: trustme.CA) -> AsyncIterator[Fronted]:
    """A front over the stand-in."""
    made = Fronted(tmp_path, ca, stand_in.admin)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real kube-apiserver, one for a module."""
    if why := missing():
        pytest.skip(why)
    made = ControlPlane(tmp_path_factory.mktemp("plane"))
    with ThreadPoolExecutor(1) as elsewhere:  # the loop of the test that asks first is running
        elsewhere.submit(lambda: asyncio.run(made.start())).result()
        yield made
        elsewhere.submit(lambda: asyncio.run(made.stop())).result()


@pytest.fixture(params=["stand-in", "kube-apiserver"])
async def any_cluster(request: pytest.FixtureRequest, tmp_path: Path, ca: trustme.CA) -> AsyncIterator[Fronted]:
    """A front over either."""
    own = StandIn(tmp_path) if request.param == "stand-in" else None
    if own is not None:
        await own.start()
    admin = own.admin if own is not None else request.getfixturevalue("plane").admin
    made = Fronted(tmp_path, ca, admin)
    await made.start()
    yield made
    await made.stop()
    if own is not None:
        await own.stop()
