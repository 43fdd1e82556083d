"""The gate's fixtures: a loop in a thread, and a served world with and without a deploy role."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.gate.gate import Gate

from .harness import ISSUER, ISSUERS, REGION, Clock, Loop, Recorder, World, allow, serve


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    held = Loop()
    yield held
    held.close()


def _world(loop: Loop) -> Iterator[World]:
    account = "".join(secrets.choice("123456789") for _ in range(12))
    backend = MotoBackend(account, REGION)
    eks = Recorder(f"arn:aws:eks:{REGION}:{account}:")
    ecr = Recorder(f"arn:aws:ecr:{REGION}:{account}:")
    good, foreign = ISSUERS
    clock = Clock()
    jwks = {ISSUER: good.jwks()}
    gate = Gate(account, REGION, backend, {"eks": eks, "ecr": ecr}, jwks.get, clock)
    runner, port = loop.run(serve(gate))
    gate.public_url = f"http://127.0.0.1:{port}"
    yield World(gate, backend, gate.public_url, account, good, foreign, eks, ecr, clock)
    loop.run(runner.cleanup())
    gate.close()


@pytest.fixture
def world(loop: Loop) -> Iterator[World]:
    yield from _world(loop)


@pytest.fixture
def other(loop: Loop) -> Iterator[World]:
    """A second world in the same process."""
    yield from _world(loop)


@pytest.fixture
def deploy(world: World) -> World:
    """The world with GitHub's provider and a role that trusts acme/shop's main branch."""
    world.gate.seeds.provider(ISSUER, ["sts.amazonaws.com"])
    world.gate.seeds.role("deploy", world.trust(), allow("eks:DescribeCluster"))
    return world
