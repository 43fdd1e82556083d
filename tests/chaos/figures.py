"""What a sweep reached: how many cases, how many failed, and which."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

SHOWN = 12
"""Failures of one sweep that are printed; their number is always."""


@dataclass
class Figures:
    """One row of the table."""

    sweep: str
    passes: str
    seed: int
    cases: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    processor: float = 0.0
    """Seconds of processors, those of child processes that have ended included: what does not depend on the company."""

    def add(self, name: str, number: int = 1) -> None:
        """Count something that is shown beside the number of cases."""
        self.counts[name] = self.counts.get(name, 0) + number

    @contextmanager
    def case(self, name: str) -> Iterator[None]:
        """One case; an assertion that fails in it is a failure of the sweep, not its end."""
        self.cases += 1
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a sweep reports every case that fails, and goes on
            first = str(error).strip().splitlines() or [""]
            self.failures.append(f"{name}: {type(error).__name__}: {' '.join(first[:6])[:900]}")

    def merge(self, other: Figures) -> None:
        """Take over another shard's numbers."""
        self.cases += other.cases
        self.failures += other.failures
        self.seconds += other.seconds
        self.processor += other.processor
        for name, number in other.counts.items():
            self.add(name, number)

    @property
    def ok(self) -> bool:
        return self.cases > 0 and not self.failures

    def row(self) -> str:
        """One line of the table."""
        counted = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        rate = f"{self.cases / self.seconds:.1f}/s" if self.seconds else ""
        taken = f"{self.seconds:.0f} s, CPU {self.processor:.0f} s, {rate}"
        verdict = "pass" if self.ok else f"FAIL ({len(self.failures)})"
        return f"| {self.sweep} | {self.cases} | {counted} | {self.seed} | {taken} | {verdict} |"


def table(rows: Sequence[Figures]) -> str:
    """The whole table, and every failure below it."""
    head = ["| sweep | cases | figures | seed | time | result |", "| --- | --- | --- | --- | --- | --- |"]
    failures = [f"{row.sweep}: {failure}" for row in rows for failure in row.failures[:SHOWN]]
    return "\n".join([*head, *(row.row() for row in rows), "", *failures])


def timed(work: Callable[[], Figures]) -> Figures:
    """The figures of a sweep with the seconds it took."""
    began, busy = time.monotonic(), sum(os.times()[:4])
    made = work()
    made.seconds, made.processor = time.monotonic() - began, sum(os.times()[:4]) - busy
    return made
