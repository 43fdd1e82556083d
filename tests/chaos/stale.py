"""Sweep: for 1 to 10 s after each write, reads answer what was before, and new objects are not seen by others yet.

It must converge, within the waits that the engine allows itself, and without a duplicate.
"""

from __future__ import annotations

import random
from typing import Any

from chaos.death import clean
from chaos.figures import Figures
from chaos.lab import Lab
from chaos.normal import differences, normal
from ekswiz.answers import Answers

LONGEST = 10.0
BOUND = 120.0
"""Seconds of one object's waits that the engine may need (the longest of its bounds for eventual consistency)."""
FULL = 30


def check(known: dict[str, dict[str, Any]], answers: Answers, seconds: float) -> int:
    """One life in a lagging world; how many answers were stale."""
    with Lab(answers) as lab:
        lab.gate.staleness.lag(seconds, lab.clock.passed)
        clean(lab, "apply")
        _settle(lab)
        found = differences(known["apply"], normal(lab.snapshot()))
        assert not found, f"after apply: {' | '.join(found[:4])}"
        pending = lab.plan().pending
        assert not pending, f"still to do: {[c.address for c in pending]}"
        clean(lab, "destroy")
        _settle(lab)
        found = differences(known["destroy"], normal(lab.snapshot()))
        assert not found, f"after destroy: {' | '.join(found[:4])}"
        return lab.gate.staleness.stale


def _settle(lab: Lab) -> None:
    """A person looks a little later."""
    lab.clock.advance(LONGEST + 1)


def at_once(known: dict[str, dict[str, Any]], answers: Answers, seconds: float) -> None:
    """The next run starts at once, while reads are stale: it may refuse, it may not double or lose anything."""
    with Lab(answers) as lab:
        lab.gate.staleness.lag(seconds, lab.clock.passed)
        clean(lab, "apply")
        clean(lab, "apply")
        _settle(lab)
        clean(lab, "apply")
        found = differences(known["apply"], normal(lab.snapshot()))
        assert not found, f"after apply twice: {' | '.join(found[:4])}"


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """`size` lags between 1 and 10 s."""
    known: dict[str, dict[str, Any]] = {}
    with Lab(answers) as lab:
        clean(lab, "apply")
        known["apply"] = normal(lab.snapshot())
        clean(lab, "destroy")
        known["destroy"] = normal(lab.snapshot())
    chance = random.Random(seed)
    figures = Figures(f"stale reads, 1-10 s after each write{name}", "converges within its bound", seed)
    for number in range(FULL if size is None else size):
        seconds = chance.uniform(1, LONGEST)
        if number % shard[1] == shard[0]:
            with figures.case(f"{seconds:.1f} s"):
                figures.add("stale answers", check(known, answers, seconds))
            with figures.case(f"{seconds:.1f} s, run again at once"):
                at_once(known, answers, seconds)
    return figures
