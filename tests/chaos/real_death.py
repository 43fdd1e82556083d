"""Sweep: real processes, really killed. A child applies over HTTP and sends itself SIGKILL at a call; another goes on.

The lock of the dead one must stand in the way, say whose it is, and give way to `--take-over` only.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from chaos.figures import Figures
from chaos.lab import Lab, Listener
from chaos.normal import differences, normal
from ekswiz.answers import Answers

FULL = 24
CHILD = Path(__file__).with_name("killed_child.py")


def child(lab: Lab, facts: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """One process of ekswiz."""
    paths = [str(Path(__file__).parents[1])]
    return subprocess.run(
        [sys.executable, "-W", "ignore", str(CHILD), json.dumps(facts)],
        check=False, capture_output=True, text=True, timeout=120, cwd=lab.home,
        env={"PYTHONPATH": ":".join([*paths, *(p for p in sys.path if p)]), "HOME": str(lab.home)},
    )  # fmt: skip


def check(answers: Answers, known: dict[str, Any], how: str, count: int, when: str) -> None:
    """Killed at one call; refused without --take-over; finished with it."""
    with Lab(answers, served=True) as lab:
        facts = {"how": how, "count": -1, "when": when, "url": lab.url, "keys": dict(lab.keys),
                 "home": str(lab.home), "checkout": str(lab.checkout), "answers": lab.json_answers()}  # fmt: skip
        if how == "destroy":
            made = child(lab, {**facts, "how": "apply"})
            assert made.returncode == 0, made.stderr[-600:]
        died = child(lab, {**facts, "count": count})
        assert died.returncode == -signal.SIGKILL, f"exit {died.returncode}: {died.stderr[-600:]}"
        held = child(lab, facts)
        assert held.returncode == 3, f"exit {held.returncode}: {held.stdout[-300:]} {held.stderr[-600:]}"
        assert "no longer runs" in held.stdout
        assert "--take-over" in held.stdout
        done = child(lab, {**facts, "take_over": True})
        assert done.returncode == 0, f"{done.stdout[-600:]} {done.stderr[-600:]}"
        found = differences(known[how], normal(lab.snapshot()))
        assert not found, " | ".join(found[:4])


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """`size` processes."""
    known, calls = _known(answers)
    chance = random.Random(seed)
    figures = Figures(f"SIGKILL of real processes{name}", "same final world; the lock names the dead", seed)
    for number in range(FULL if size is None else size):
        how, when = chance.choice(("apply", "destroy")), chance.choice(("before", "after"))
        count = chance.randrange(calls[how])
        if number % shard[1] == shard[0]:
            with figures.case(f"{how} killed {when} call {count}"):
                check(answers, known, how, count, when)
    return figures


def _known(answers: Answers) -> tuple[dict[str, Any], dict[str, int]]:
    """The worlds that an undisturbed apply and destroy end in, and how many calls of each change something in AWS."""
    from chaos.death import clean

    known, calls = {}, {}
    with Lab(answers) as lab:
        for how in ("apply", "destroy"):
            lab.tap = heard = Listener()
            clean(lab, how)
            known[how] = normal(lab.snapshot())
            calls[how] = sum(call.changes and call.service != "kubernetes" for call in heard.calls)
    return known, calls
