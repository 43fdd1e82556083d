"""The life of a cluster's network once more, with EC2 kept by an emulator."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import unit.network.test_life as life
from ekswiz_sim.aws.endpoint.backend import EndpointBackend
from ekswiz_sim.aws.endpoint.wire import Wire
from unit.aws_endpoint.emulator import emulated
from unit.gate.harness import Loop
from unit.network import room as rooms
from unit.network.room import Room, opened

# The whole life, and a network that is made anew over a deleted gateway: what an emulator forgets shows there.
test_a_whole_life = life.test_a_whole_life
test_load_balancers_find_the_subnets_and_the_nodes_their_way_out = (
    life.test_load_balancers_find_the_subnets_and_the_nodes_their_way_out
)


@contextlib.contextmanager
def _room(loop: Loop) -> Iterator[Room]:
    with emulated() as emulator, tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:

        def backend(account: str, region: str) -> EndpointBackend:
            return EndpointBackend(Wire(emulator.url, account, region), frozenset({"iam", "ec2"}), Path(folder))

        patch.setattr(rooms, "MotoBackend", backend)
        with contextlib.contextmanager(opened)(loop) as made:
            yield made


@pytest.fixture
def room(loop: Loop) -> Iterator[Room]:
    with _room(loop) as made:
        yield made


@pytest.fixture(scope="module")
def made(loop: Loop) -> Iterator[Room]:
    with _room(loop) as held:
        held.applied()
        yield held
