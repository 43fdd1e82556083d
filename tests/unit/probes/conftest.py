from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.probes.hub import Hub, open_hub


@pytest.fixture
def hub() -> Iterator[Hub]:
    with open_hub() as opened:
        yield opened


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home without AWS files, and no variables of AWS, GitHub or ekswiz."""
    import os

    for name in list(os.environ):
        if name.startswith(("AWS_", "GITHUB_", "GH_", "EKSWIZ_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / ".aws").mkdir()
    return tmp_path
