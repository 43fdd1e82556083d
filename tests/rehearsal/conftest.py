from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rehearsal.worlds import Place, Run, open_place, rehearsed

Rehearse = Callable[..., Run]


@pytest.fixture
def rehearse() -> Rehearse:
    """Run a rehearsal of the sample and return what came of it."""
    return rehearsed


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A world of its own for one test."""
    with open_place(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One world for a module: each test leaves it as it found it."""
    with open_place(tmp_path_factory.mktemp("state")) as opened:
        yield opened
