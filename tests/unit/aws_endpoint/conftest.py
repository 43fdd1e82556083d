"""A gate in front of an emulator, served, with what the gate's own tests expect of a world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ekswiz_sim.aws.endpoint.backend import EndpointBackend
from ekswiz_sim.aws.endpoint.wire import Wire
from unit.aws_endpoint.emulator import REGION, Emulator, emulated
from unit.gate.harness import ISSUER, Loop, World, allow, an_account, loops, opened


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    yield from loops()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with emulated() as made:
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A world's folder."""
    made = tmp_path / "ekswiz-sim-test"
    made.mkdir()
    return made


def _world(loop: Loop, emulator: Emulator, home: Path) -> Iterator[World]:
    account = an_account()
    wire = Wire(emulator.url, account, REGION)
    yield from opened(loop, account, EndpointBackend(wire, frozenset({"iam", "ec2"}), home))


@pytest.fixture
def world(loop: Loop, emulator: Emulator, home: Path) -> Iterator[World]:
    yield from _world(loop, emulator, home)


@pytest.fixture
def other(loop: Loop, emulator: Emulator, home: Path) -> Iterator[World]:
    """A second account at the same endpoint."""
    yield from _world(loop, emulator, home)


@pytest.fixture
def deploy(world: World) -> World:
    """The world with GitHub's provider and a role that trusts acme/shop's main branch."""
    world.gate.seeds.provider(ISSUER, ["sts.amazonaws.com"])
    world.gate.seeds.role("deploy", world.trust(), allow("eks:DescribeCluster"))
    return world
