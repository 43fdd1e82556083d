"""One repository for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.engine.fakes import ANSWERS
from unit.github_api.place import Place, served


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with served(ANSWERS, tmp_path) as found:
        yield found
