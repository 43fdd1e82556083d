"""A gate in front of an emulator, served, with what the gate's own tests expect of a world."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from ekswiz_sim.aws.endpoint.backend import EndpointBackend
from ekswiz_sim.aws.endpoint.wire import Wire
from ekswiz_sim.gate.gate import Gate
from unit.aws_endpoint.emulator import REGION, Emulator, emulated
from unit.gate.harness import ISSUER, ISSUERS, Clock, Loop, Recorder, World, allow, serve


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    held = Loop()
    yield held
    held.close()


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
    account = "".join(secrets.choice("123456789") for _ in range(12))
    backend = EndpointBackend(Wire(emulator.url, account, REGION), frozenset({"iam", "ec2"}), home)
    eks = Recorder(f"arn:aws:eks:{REGION}:{account}:")
    ecr = Recorder(f"arn:aws:ecr:{REGION}:{account}:")
    good, foreign = ISSUERS
    clock = Clock()
    gate = Gate(account, REGION, backend, {"eks": eks, "ecr": ecr}, {ISSUER: good.jwks()}.get, clock)
    runner, port = loop.run(serve(gate))
    gate.public_url = f"http://127.0.0.1:{port}"
    yield World(gate, backend, gate.public_url, account, good, foreign, eks, ecr, clock)
    loop.run(runner.cleanup())
    gate.close()


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
