"""`make chaos`: every sweep at full size on every core, and the table of what it reached. Exit 1 if anything failed.

`python tests/chaos/run.py [--sample] [--seed N] [--only WORD] [--workers N]`
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from chaos.figures import Figures, table, timed
from ekswiz.answers import Answers
from unit.engine.fakes import ANSWERS

SEED = 20261123
NEW = dataclasses.replace(ANSWERS, create_cluster=True, cluster="fresh")


@dataclasses.dataclass(frozen=True, slots=True)
class Sweep:
    """One row: where it is, which stack it tries, and how many cases a sample has (`full` None: all there are)."""

    module: str
    function: str = "sweep"
    stack: str = "existing cluster"
    sample: int = 2
    full: int | None = None
    shards: int = 4

    @property
    def id(self) -> str:
        return f"{self.module}.{self.function}, {self.stack}"


SWEEPS: Sequence[Sweep] = (
    Sweep("death", sample=3),
    Sweep("death", stack="new cluster", sample=1, shards=8),
    Sweep("death", "pairs", sample=2, full=60),
    Sweep("death", "pairs", stack="new cluster", sample=1, full=12),
    Sweep("real_death", sample=1, full=12, shards=2),
    Sweep("rehearsal_death", sample=1, full=20, shards=1),
    Sweep("faults", sample=4),
    Sweep("faults", stack="new cluster", sample=1, full=120, shards=8),
    Sweep("journal", sample=150),
    Sweep("concurrency", sample=1, full=50),
    Sweep("drift", sample=3),
    Sweep("drift", stack="new cluster", sample=1, shards=8),
    Sweep("safety", sample=4, full=500),
    Sweep("stale", sample=2, full=30),
    Sweep("stale", stack="new cluster", sample=1, full=10),
    Sweep("expiry", stack="new cluster", sample=1),
    Sweep("permissions", sample=2, shards=2),
    Sweep("permissions", stack="new cluster", sample=1, shards=8),
    Sweep("hostile", sample=2000),
    Sweep("scripts", sample=2000),
    Sweep("canary", sample=2),
    Sweep("removals", sample=2, shards=2),
    Sweep("mutants", sample=10),
)


def run(sweep: Sweep, size: int | None, seed: int, shard: tuple[int, int] = (0, 1)) -> Figures:
    """One shard of one sweep, in this process."""
    answers: Answers = NEW if sweep.stack == "new cluster" else ANSWERS
    act = getattr(importlib.import_module(f"chaos.{sweep.module}"), sweep.function)
    name = f" ({sweep.stack})" if sweep.stack != "existing cluster" else ""
    made: Figures = timed(lambda: act(answers, size, seed, shard, name))
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; 0 if every case of every sweep passed."""
    asked = _parser().parse_args(arguments)
    chosen = [sweep for sweep in SWEEPS if asked.only in sweep.id]
    began = time.monotonic()
    rows: dict[str, Figures] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.workers, mp_context=context) as pool:
        waiting = {}
        for sweep in chosen:
            size = sweep.sample if asked.sample else sweep.full
            shards = 1 if asked.sample else sweep.shards
            for number in range(shards):
                waiting[pool.submit(run, sweep, size, asked.seed, (number, shards))] = sweep
        for done in as_completed(waiting):
            sweep, made = waiting[done], done.result()
            rows[sweep.id].merge(made) if sweep.id in rows else rows.update({sweep.id: made})
            failed = len(rows[sweep.id].failures)
            passed = time.monotonic() - began
            sys.stderr.write(f"{passed:6.0f} s  {sweep.id}: {rows[sweep.id].cases} cases, {failed} failed\n")
            sys.stderr.writelines(f"          {failure}\n" for failure in made.failures)
    ordered = [rows[sweep.id] for sweep in chosen]
    spent = f"{time.monotonic() - began:.0f} s, CPU {sum(row.processor for row in ordered) / 60:.1f} min"
    total = f"{sum(row.cases for row in ordered)} cases in {spent}, seed {asked.seed}"
    sys.stdout.write(f"{table(ordered)}\n{total}\n")
    return 0 if all(row.ok for row in ordered) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", action="store_true", help="the small sizes that `make test` runs")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", help="sweeps whose name holds this")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
