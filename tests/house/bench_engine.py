"""The engine's speed: calls and round trips of a plan, many stacks in one account, and a plain script for comparison.

Every call of every service takes `LATENCY` longer than it does here, as over a network. Round trips on the critical
path are what a user waits for, counted and not timed; the number of calls is what AWS throttles by.
Figures depend on the machine; compare runs on one machine only.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

sys.path[:0] = [str(Path(__file__).parents[1])]

from chaos.lab import Call, Lab, Listener, server  # noqa: E402 - the line above makes it importable
from contract.plain_script import by_hand  # noqa: E402 - as above
from ekswiz.answers import Answers  # noqa: E402 - as above
from unit.engine.fakes import ANSWERS  # noqa: E402 - as above

LATENCY = 0.1
STACKS = (1, 10, 100)
GOAL_ROUND_TRIPS = 5
NEW = dataclasses.replace(ANSWERS, create_cluster=True, cluster="fresh")
TRIES = 3
QUIET = 0.4
"""Seconds without a new call after which the waiting ones are answered."""


class Slow(Listener):
    """Every call takes a while, as over a network; calls side by side take it together."""

    def __init__(self, latency: float) -> None:
        super().__init__()
        self._latency = latency

    def before(self, call: Call) -> Any:
        super().before(call)
        time.sleep(self._latency)


class Rounds(Listener):
    """Counts round trips: all calls that wait for an answer at one moment get theirs together, and that is one.

    A moment has come when nothing new was asked for `QUIET` seconds; so the figure does not depend on the machine's
    speed, only a machine that stalls for longer makes it larger.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rounds = 0
        self._turn = threading.Condition()
        self._waiting = 0
        self._last = time.monotonic()
        self._over = False
        threading.Thread(target=self._release, daemon=True).start()

    def before(self, call: Call) -> Any:
        super().before(call)
        with self._turn:
            mine, self._last = self.rounds, time.monotonic()
            self._waiting += 1
            self._turn.wait_for(lambda: self.rounds > mine)

    def close(self) -> None:
        self._over = True

    def _release(self) -> None:
        while not self._over:
            time.sleep(QUIET / 5)
            with self._turn:
                if self._waiting and time.monotonic() - self._last > QUIET:
                    self._waiting, self.rounds = 0, self.rounds + 1
                    self._turn.notify_all()


def round_trips(lab: Lab) -> int:
    """Round trips on the critical path of one plan. A machine that stalled gets a second chance."""
    found: list[int] = []
    while not found or (found[-1] > GOAL_ROUND_TRIPS and len(found) < TRIES):
        lab.tap = rounds = Rounds()
        lab.plan()
        rounds.close()
        found.append(rounds.rounds)
    return min(found)


def plans(answers: Answers, what: str) -> dict[str, Any]:
    """A plan of nothing there yet, and of everything there."""
    found: dict[str, Any] = {"stack": what}
    with Lab(answers) as lab:
        lab.plan()
        for state in ("empty", "applied"):
            if state == "applied":
                lab.tap = Listener()
                list(lab.session().apply(lab.plan(), lab.target(), threading.Event()))
            lab.tap = slow = Slow(LATENCY)
            began = time.monotonic()
            lab.plan()
            seconds, calls = time.monotonic() - began, len(slow.calls)
            found[state] = {"seconds": round(seconds, 2), "calls": calls, "round trips": round_trips(lab)}
    return found


def many(numbers: Sequence[int]) -> list[dict[str, Any]]:
    """So many stacks in one account: what the last ones cost that came, and a plan of the first among all of them."""
    process = psutil.Process()
    with Lab(ANSWERS) as lab:
        lab.tap = listener = Listener()
        before, rows, there = process.memory_info().rss, [], 0
        for number in sorted(numbers):
            row = _grown(lab, listener, there, number)
            rows.append(row | {"memory (MB)": round((process.memory_info().rss - before) / 1e6, 1)})
            there = number
        return rows


def _grown(lab: Lab, listener: Listener, there: int, number: int) -> dict[str, Any]:
    began, calls = time.monotonic(), len(listener.calls)
    for at in range(there, number):
        _one(lab, at)
    applied, made = time.monotonic() - began, len(listener.calls) - calls
    began, calls = time.monotonic(), len(listener.calls)
    lab.answers = _named(0)
    assert not lab.plan().pending
    return {
        "stacks": number,
        "seconds a new stack": round(applied / (number - there), 2),
        "calls a new stack": round(made / (number - there), 1),
        "plan of the first, seconds": round(time.monotonic() - began, 2),
        "plan of the first, calls": len(listener.calls) - calls,
    }


def _one(lab: Lab, at: int) -> None:
    lab.answers = _named(at)
    events = list(lab.session().apply(lab.plan(), lab.target(), threading.Event()))
    bad = [event for event in events if event.type in ("failed", "skipped", "stopped")]
    # The files of one checkout belong to the first stack; every other conflicts there, and only there.
    assert at == 0 or all("repository_file" in event.address for event in bad), bad


def _named(at: int) -> Answers:
    """A stack of its own repository, as an account has them."""
    name, number = f"stack{at}", str(800000000 + at)
    mine = dict.fromkeys(("stack", "namespace", "ecr_repository", "workload", "repo"), name)
    return dataclasses.replace(ANSWERS, **mine, repo_id=number)


def ratio(answers: Answers) -> dict[str, Any]:
    """The same objects by ekswiz and by a plain script that makes them one by one."""
    seconds, calls = {}, {}
    for who in ("ekswiz", "script"):
        with Lab(answers) as lab:
            plan, target = lab.plan(), lab.target()
            lab.tap = slow = Slow(LATENCY)
            began = time.monotonic()
            if who == "ekswiz":
                list(lab.session().apply(plan, target, threading.Event()))
            else:
                by_hand(answers, target)
            seconds[who], calls[who] = time.monotonic() - began, len(slow.calls)
    return {
        "seconds": {who: round(value, 2) for who, value in seconds.items()},
        "calls": calls,
        "ekswiz / script": round(seconds["ekswiz"] / seconds["script"], 2),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a plan takes more round trips than the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stacks", type=int, nargs="*", default=list(STACKS))
    asked = parser.parse_args(arguments)
    figures = {
        "plan with 100 ms a call": [plans(ANSWERS, "existing cluster"), plans(NEW, "new cluster")],
        "stacks in one account": many(asked.stacks),
        "against a script, 100 ms a call": ratio(ANSWERS),
    }
    print(json.dumps(figures, indent=1))
    server().close()
    worst = max(
        row[state]["round trips"] for row in figures["plan with 100 ms a call"] for state in ("empty", "applied")
    )
    print(f"round trips on the critical path: {worst} (goal {GOAL_ROUND_TRIPS})")
    return 0 if worst <= GOAL_ROUND_TRIPS else 1


if __name__ == "__main__":
    sys.exit(main())
