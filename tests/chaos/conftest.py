"""What every test of the sweeps needs: warnings of what a killed run leaves open, and an end to the one server."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from chaos.lab import server

LEFT_OPEN = ("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs that die on purpose close nothing."""
    for item in items:
        if "/chaos/" in item.path.as_posix():
            for each in LEFT_OPEN:
                item.add_marker(pytest.mark.filterwarnings(each))


@pytest.fixture(scope="module", autouse=True)
def _server() -> Iterator[None]:
    yield
    server().close()
    server.cache_clear()
    gc.collect()
