"""A sample of every sweep. `make chaos` runs them whole: see tests/chaos/run.py."""

import gc
import os
import sys
from collections.abc import Iterator

import pytest

from chaos.lab import server
from chaos.run import SEED, SWEEPS, Sweep, run

# The worlds drop connections that clients keep alive; their sockets go with the collection.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
CHAOS_SEED = int(os.environ.get("EKSWIZ_CHAOS_SEED", SEED))


@pytest.fixture(scope="module", autouse=True)
def _server() -> Iterator[None]:
    yield
    server().close()
    server.cache_clear()
    gc.collect()


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda sweep: sweep.id)
def test_a_sample_of_the_sweep(sweep: Sweep) -> None:
    figures = run(sweep, sweep.sample, CHAOS_SEED)
    sys.stdout.write(f"{figures.row()}\n")
    assert figures.cases >= 1
    assert not figures.failures, f"seed {CHAOS_SEED}: " + "\n".join(figures.failures)
