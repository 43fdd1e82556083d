from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.registry.room import Room, running


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with running(tmp_path / "registry") as made:
        yield made
