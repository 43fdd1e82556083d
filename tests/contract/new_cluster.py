"""A world without a cluster, and a stack that makes one; for tests that look at single calls."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from ekswiz.answers import Answers
from ekswiz.engine.apply import apply
from ekswiz.engine.destroy import destroy_plan
from ekswiz.engine.journal import FileJournal
from ekswiz.engine.planner import plan
from ekswiz.events import Event
from ekswiz.operator_policy import operator_policy
from ekswiz.plan import Change, Plan
from ekswiz.resource import Resource
from ekswiz.resources.cluster import cluster
from ekswiz.resources.network import network
from ekswiz.target import Flag, Target
from ekswiz_sim.world import World
from unit.engine.fakes import ANSWERS

_ACCOUNTS = iter(range(300000000001, 300000001000))


def policy(answers: Answers) -> dict[str, Any]:
    """The policy that ekswiz prints for these resources alone."""

    def ours(asked: Answers, **_: Any) -> list[Resource[Any]]:
        return [*network(asked), *cluster(asked)]

    with mock.patch("ekswiz.operator_policy.blueprint", ours):
        return operator_policy(answers)


@dataclass
class Place:
    """A stack of a network and a cluster, in a world of its own, judged by what its resources ask for."""

    world: World
    answers: Answers
    target: Target
    journal: Path
    delete_protected: bool = True
    calls: Counter[str] = field(default_factory=Counter)

    def desired(self, **changes: Any) -> list[Resource[Any]]:
        answers = replace(self.answers, **changes)
        return [*network(answers), *cluster(answers, delete_protected=self.delete_protected)]

    def plan(self, **changes: Any) -> Plan:
        return plan(self.target, self.desired(**changes), self.answers.stack)

    def apply(self, stop: Flag | None = None, made: Plan | None = None, **changes: Any) -> list[Event]:
        return list(self.stream(stop, made, **changes))

    def stream(self, stop: Flag | None = None, made: Plan | None = None, **changes: Any) -> Iterator[Event]:
        journal = FileJournal.open(self.journal, self.answers.stack)
        with contextlib.closing(journal):
            found = made or self.plan(**changes)
            yield from apply(found, self.desired(**changes), self.target, journal, stop or threading.Event())

    def farewell(self) -> Plan:
        return destroy_plan(self.target, self.desired(), FileJournal.read(self.journal, self.answers.stack))

    def change(self, address: str, **changes: Any) -> Change:
        return next(change for change in self.plan(**changes).changes if change.address == address)

    def settle(self) -> None:
        """Let everything that is under way come to its end."""
        self.world.clock.advance(7200)

    def count(self) -> None:
        """Count the operator's calls that AWS carries out."""

        def succeeded(http_response: Any, model: Any, **_: Any) -> None:
            if http_response.status_code < 300:
                self.calls.update([model.name])

        for service in ("eks", "ec2", "iam"):
            self.target.aws(service).meta.events.register("after-call", succeeded)


def failures(events: list[Event]) -> dict[str, str]:
    return {event.address: event.message for event in events if event.type in ("failed", "skipped", "stopped")}


@contextlib.contextmanager
def open_place(folder: Path, **changes: Any) -> Iterator[Place]:
    answers = replace(ANSWERS, account=str(next(_ACCOUNTS)), create_cluster=True, **changes)
    world = World.start(answers, policy(answers))
    world.clock.speed = 0.0  # time passes by waiting alone, however busy this machine is
    try:
        place = Place(world, answers, world.target(folder), folder / "journal.jsonl")
        place.count()
        yield place
    finally:
        left = world.close()
    assert list(left) == []
