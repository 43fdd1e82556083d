"""Sweep: several runs at once. One wins, the others say why not, and the world is the one that a single run makes."""

from __future__ import annotations

import random
import threading
from typing import Any, Literal

from chaos.death import clean
from chaos.figures import Figures
from chaos.lab import Lab
from chaos.normal import differences, normal
from ekswiz.answers import Answers
from ekswiz.errors import EkswizError, Locked, StalePlan

Kind = Literal["2 applies", "8 applies", "apply against destroy"]
KINDS: tuple[Kind, ...] = ("2 applies", "8 applies", "apply against destroy")
ROUNDS = 50


class Runner(threading.Thread):
    """One process' apply or destroy; threads have no state of ekswiz's in common, so they stand for processes."""

    def __init__(self, lab: Lab, how: str, barrier: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self._lab, self.how, self._barrier = lab, how, barrier
        self.outcome = ""
        self.error: BaseException | None = None

    def run(self) -> None:
        session, target = self._lab.session(delete_images=True), self._lab.target()
        self._barrier.wait(30)
        try:
            plan = session.plan(target) if self.how == "apply" else session.destroy_plan(target)
            events = list(session.apply(plan, target, threading.Event()))
            bad = [event for event in events if event.type in ("failed", "skipped", "stopped")]
            self.outcome = "won" if not bad else f"failed: {bad[0].message}"
        except (Locked, StalePlan) as lost:
            assert str(lost)
            self.outcome = type(lost).__name__
        except EkswizError as error:
            self.outcome = f"failed: {error}"
        except BaseException as error:  # noqa: BLE001 - a thread's boundary: the case fails with it
            self.error = error


def check(answers: Answers, known: dict[str, dict[str, Any]], kind: Kind, chance: random.Random) -> list[str]:
    """One round."""
    hows = {"2 applies": ["apply"] * 2, "8 applies": ["apply"] * 8}.get(kind, ["apply", "destroy"])
    chance.shuffle(hows)
    with Lab(answers) as lab:
        if "destroy" in hows and chance.random() < 0.5:
            clean(lab, "apply")
        barrier = threading.Barrier(len(hows))
        runners = [Runner(lab, how, barrier) for how in hows]
        for runner in runners:
            runner.start()
        for runner in runners:
            runner.join(120)
            assert runner.error is None, repr(runner.error)
        outcomes = [runner.outcome for runner in runners]
        assert "won" in outcomes, outcomes
        assert all(outcome in ("won", "Locked", "StalePlan") for outcome in outcomes), outcomes
        last = "apply" if "destroy" not in hows else chance.choice(["apply", "destroy"])
        found = normal(lab.snapshot())
        ends = [known["apply"]] if "destroy" not in hows else [known["apply"], known["destroy"], known["empty"]]
        assert any(not differences(end, found) for end in ends), "; ".join(differences(ends[0], found)[:4])
        clean(lab, last)
        left = differences(known[last], normal(lab.snapshot()))
        assert not left, f"after one more {last}: {' | '.join(left[:4])}"
        return outcomes


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """`size` rounds of each kind."""
    known: dict[str, dict[str, Any]] = {}
    with Lab(answers) as lab:
        known["empty"] = normal(lab.snapshot())
        clean(lab, "apply")
        known["apply"] = normal(lab.snapshot())
        clean(lab, "destroy")
        known["destroy"] = normal(lab.snapshot())
    figures = Figures(f"concurrency{name}", "one winner, the same final state", seed)
    for number in range(ROUNDS if size is None else size):
        for kind in KINDS:
            if number % shard[1] == shard[0]:
                with figures.case(f"{kind}, round {number}"):
                    outcomes = check(answers, known, kind, random.Random(f"{seed} {kind} {number}"))
                    for outcome in outcomes:
                        figures.add(outcome)
    return figures
