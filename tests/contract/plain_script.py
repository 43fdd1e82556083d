"""What the guide's reader would type, one call after the other: the yardstick for the engine's speed."""

from __future__ import annotations

from typing import Any

from ekswiz.answers import Answers
from ekswiz.blueprint import blueprint
from ekswiz.engine.order import ordered
from ekswiz.engine.values import resolve
from ekswiz.errors import EkswizError, Transient
from ekswiz.target import Target


class _Never:
    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return False


def by_hand(answers: Answers, target: Target) -> None:
    """Make every object of the stack one by one, by the very calls that its type makes, with no look at what is there.

    No plan, no journal, no comparison and nothing side by side: only the calls.
    """
    outputs: dict[str, Any] = {}
    for resource in ordered(blueprint(answers)):
        if resource.tenure in ("external", "offered"):
            live = resource.read(target)
        else:
            live = _made(resource, target, resolve(resource.desired, outputs))
        outputs[resource.address] = live.outputs if live else {}


def _made(resource: Any, target: Target, desired: Any) -> Any:
    tags = {"ekswiz:stack": "by-hand"}
    for _ in range(200):
        try:
            return resource.create(target, desired, "by-hand", tags)
        except Transient:
            target.clock.wait(10, _Never())
    raise EkswizError(f"{resource.address} was not made.")
