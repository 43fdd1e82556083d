"""Sweep: credentials expire in each minute of a long creation. One CreateCluster in all, and the next run goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chaos.death import clean, run
from chaos.figures import Figures
from chaos.lab import Lab, Listener
from chaos.normal import differences, normal
from ekswiz.answers import Answers
from ekswiz.errors import EkswizError, Exit
from ekswiz.frontend import exit_code

MINUTES = 30
MANY = 10_000
"""Expired credentials stay expired: every later call is refused."""


def check(answers: Answers, whole: dict[str, Any], minute: float) -> bool:
    """Expire in that minute of the first run; whether the run was still under way."""
    with Lab(answers) as lab:
        lab.tap = listener = Listener()
        lab.clock.at(minute * 60, lambda: lab.gate.faults.add("*", "*", "ExpiredToken", MANY))
        code, said = _outcome(lab)
        expired = bool(lab.gate.faults.taken)
        if expired:
            assert code is not Exit.OK, "a run with expired credentials ended as success"
            assert "expired" in said.lower(), f"not clear: {said[:300]}"
        lab.gate.faults.clear()
        clean(lab, "apply")
        made = sum(call.operation == "CreateCluster" for call in listener.calls)
        assert made == 1, f"{made} CreateCluster"
        found = differences(whole, normal(lab.snapshot()))
        assert not found, " | ".join(found[:4])
        return expired


def _outcome(lab: Lab) -> tuple[Exit, str]:
    try:
        events = run(lab, "apply")
    except EkswizError as error:
        return error.exit_code, str(error)
    return exit_code(events, None), "; ".join(event.message for event in events)


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """Each of 30 minutes, or `size` spread over them; the cluster is always a new one."""
    stack = replace(answers, create_cluster=True, cluster="fresh")
    with Lab(stack) as lab:
        clean(lab, "apply")
        whole = normal(lab.snapshot())
    number = MINUTES if size is None else size
    figures = Figures(f"long create, expiry at each minute{name}", "one CreateCluster", seed)
    for at in range(number):
        if at % shard[1] == shard[0]:
            minute = (at + 0.5) * MINUTES / number if size is None else 4.0 + at
            with figures.case(f"minute {minute}"):
                figures.add("expired under way" if check(stack, whole, minute) else "over before")
    return figures
