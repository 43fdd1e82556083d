"""Sweep: the printed operator policy lacks one action. Whichever it is, it is named; with all, a life succeeds."""

from __future__ import annotations

import random
import sys

from chaos.figures import Figures
from chaos.lab import Lab
from contract.permission_rounds import APART, Rounds, apart, named, needed, phase_of
from ekswiz.answers import Answers
from ekswiz.operator_policy import operator_policy


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """Every action (`size` None), or `size` of them. A line for each goes to stderr when all are tried."""
    actions = sorted(needed(answers), key=lambda action: (phase_of(action, answers) != "read", action))
    chosen = actions if size is None else random.Random(seed).sample(actions, size)
    figures = Figures(f"one permission missing{name}", "named", seed)
    with Lab(answers, policy=operator_policy(answers)) as lab:
        rounds = Rounds.in_lab(lab)
        for action in chosen[shard[0] :: shard[1]]:
            phase, said = phase_of(action, answers), ["not tried"]
            with figures.case(f"{action} ({phase})"):
                said = apart(action, answers) if action in APART else rounds.without(action)
                named(action, said)
                figures.add(phase)
            if size is None:
                sys.stderr.write(f"        {phase:<6} without {action}: {(said or ['nothing is said'])[0][:150]}\n")
    return figures
