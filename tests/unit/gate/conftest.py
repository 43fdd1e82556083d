"""The gate's fixtures: a loop in a thread, and a served world with and without a deploy role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ekswiz_sim.aws.moto_backend import MotoBackend

from .harness import ISSUER, REGION, Loop, World, allow, an_account, loops, opened


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    yield from loops()


def _world(loop: Loop) -> Iterator[World]:
    account = an_account()
    yield from opened(loop, account, MotoBackend(account, REGION))


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
