"""A gate over moto, served on loopback, and a network judged by the policy that ekswiz prints for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from unit.gate.harness import Loop, loops
from unit.network.room import Room, opened


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    yield from loops()


@pytest.fixture
def room(loop: Loop) -> Iterator[Room]:
    yield from opened(loop)


@pytest.fixture(scope="module")
def made(loop: Loop) -> Iterator[Room]:
    """A room whose network was made: for tests that leave it as they found it."""
    for each in opened(loop):
        each.applied()
        yield each
