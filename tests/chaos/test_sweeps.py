"""A sample of every sweep. `make chaos` runs them whole: see tests/chaos/run.py."""

import os
import sys

import pytest

from chaos.run import SEED, SWEEPS, Sweep, run

CHAOS_SEED = int(os.environ.get("EKSWIZ_CHAOS_SEED", SEED))


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda sweep: sweep.id)
def test_a_sample_of_the_sweep(sweep: Sweep) -> None:
    figures = run(sweep, sweep.sample, CHAOS_SEED)
    sys.stdout.write(f"{figures.row()}\n")
    assert figures.cases >= 1
    assert not figures.failures, f"seed {CHAOS_SEED}: " + "\n".join(figures.failures)
