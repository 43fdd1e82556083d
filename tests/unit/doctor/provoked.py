"""What makes each check complain. `test_every_check.py` runs them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ekswiz.frontend import CheckResult
from unit.doctor.ward import Ward
from unit.probes.hub import Hub

Arrange = Callable[[Ward, Hub], None]
World = Literal["applied", "empty", "any"]
"""A world of its own in which the stack was applied, or was not; or any one, since nothing in it is touched."""


@dataclass(frozen=True)
class Provocation:
    """`arrange` breaks something; the check must then say `found` and `fix` (parts of its sentences)."""

    id: str
    result: CheckResult
    found: str
    fix: str
    arrange: Arrange
    world: World

    def __str__(self) -> str:
        return f"{self.id}:{getattr(self.arrange, '__name__', '')}"


PROVOCATIONS: list[Provocation] = []


def provokes(
    id: str,
    result: CheckResult,
    found: str,
    fix: str,
    *,
    world: World = "applied",
) -> Callable[[Arrange], Arrange]:
    """Register what breaks a check, and the world that it needs."""

    def register(arrange: Arrange) -> Arrange:
        PROVOCATIONS.append(Provocation(id, result, found, fix, arrange, world))
        return arrange

    return register
