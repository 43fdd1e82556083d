"""The runner's fixtures; the helpers themselves are in lab.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from unit.runner.lab import Lab, gone, job


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    (tmp_path / "checkout").mkdir()
    (tmp_path / "bin").mkdir()
    return Lab(tmp_path)


@pytest.fixture
def make_job() -> Callable[..., str]:
    return job


@pytest.fixture
def has_gone() -> Callable[..., bool]:
    return gone


@pytest.fixture
def tools(lab: Lab) -> Callable[[Mapping[str, str]], None]:
    """Put scripts on the steps' PATH."""

    def make(scripts: Mapping[str, str]) -> None:
        for name, body in scripts.items():
            file = lab.root / "bin" / name
            file.write_text(f"#!/bin/sh\n{body}\n")
            file.chmod(0o755)

    return make
