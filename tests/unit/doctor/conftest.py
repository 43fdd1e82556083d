from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.doctor.ward import Ward, open_ward
from unit.probes.hub import Hub, open_hub


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Ward]:
    """A world in which nothing was applied yet."""
    with open_ward(tmp_path) as ward:
        yield ward


@pytest.fixture
def ward(empty: Ward) -> Ward:
    """A world in which the stack was applied."""
    empty.apply()
    return empty


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """One world for a module, in which the stack was applied; nobody changes it."""
    with open_ward(tmp_path_factory.mktemp("shared"), "123456789013") as opened:
        opened.apply()
        yield opened


@pytest.fixture
def visitor(shared: Ward, tmp_path: Path) -> Ward:
    """Somebody who only looks at that world, and may be told lies about it."""
    return Ward(shared.lab, tmp_path, shared.answers)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with open_hub() as opened:
        yield opened
