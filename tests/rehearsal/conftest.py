from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ekswiz.answers import Answers, validate
from ekswiz.events import Event
from ekswiz.operator_policy import operator_policy
from ekswiz.plan import Plan
from ekswiz.risks import EVERY
from ekswiz.session import Session
from ekswiz.target import Target
from ekswiz_sim import entry, sample, staging
from ekswiz_sim.scene import Scene
from ekswiz_sim.stages import STAGES, Stage
from ekswiz_sim.world import World

_ACCOUNTS = iter(range(200000000001, 200000001000))


@dataclass(frozen=True)
class Run:
    """One finished rehearsal."""

    report: Mapping[str, Any]
    events: Sequence[Event]

    def stage(self, id: str) -> Mapping[str, Any]:  # noqa: A002
        return next(stage for stage in self.report["stages"] if stage["id"] == id)

    @property
    def first_red(self) -> str:
        return next((stage["id"] for stage in self.report["stages"] if not stage["ok"]), "none")

    def text(self, id: str) -> str:  # noqa: A002
        stage = self.stage(id)
        return "\n".join([stage["why"], *stage["log"]])


def sample_answers(**changes: Any) -> Answers:
    """The sample's answers in an account of its own: moto keeps its state by account."""
    fields: dict[str, Any] = {**entry.SAMPLE, "account": str(next(_ACCOUNTS)), **changes}
    return validate(Answers(**fields))


@dataclass(frozen=True)
class Place:
    """A world with a staged checkout, as its operator meets it: for plan, apply and destroy without a rehearsal."""

    world: World
    answers: Answers
    target: Target
    checkout: Path
    state: Path

    def session(self, *, allow_risks: frozenset[str] = EVERY, **consents: bool) -> Session:
        return Session(self.answers, state_dir=self.state, allow_risks=allow_risks, **consents)

    def plan(self, **consents: bool) -> Plan:
        return self.session(**consents).plan(self.target)

    def apply(self, **consents: bool) -> list[Event]:
        session = self.session(**consents)
        return list(session.apply(session.plan(self.target), self.target, threading.Event()))

    def destroy(self, **consents: bool) -> tuple[Plan, list[Event]]:
        session = self.session(delete_images=True, **consents)
        made = session.destroy_plan(self.target)
        return made, list(session.apply(made, self.target, threading.Event()))


@contextlib.contextmanager
def open_place(state: Path, *, adopt: bool = False, **changes: Any) -> Iterator[Place]:
    answers = sample_answers(**changes)
    world = World.start(answers, operator_policy(answers, adopt=adopt))
    try:
        checkout = staging.stage_repository(sample.source(), world.checkout, sample=True)
        yield Place(world, answers, world.target(checkout), checkout, state)
    finally:
        left = world.close()
    assert left == []


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path) as opened:
        yield opened


Rehearse = Callable[..., Run]


@pytest.fixture
def rehearse(tmp_path: Path) -> Rehearse:
    """Run a rehearsal of the sample and return what came of it."""

    def run(
        *,
        stages: Sequence[str] | None = None,
        extra: Sequence[Stage] = (),
        policy: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document,
        interfere: Mapping[str, Callable[[Scene], None]] | None = None,
        adopt: bool = False,
        **changes: Any,
    ) -> Run:
        answers = sample_answers(**changes)
        chosen = [stage for stage in STAGES if stages is None or stage.id in stages]
        rehearsal = entry.rehearse(
            answers,
            source=None,
            road=lambda home: Session(answers, delete_images=True, state_dir=home, adopt=adopt, allow_risks=EVERY),
            operator_policy=policy(operator_policy(answers, adopt=adopt)),
            stop=threading.Event(),
            interfere=interfere,
            stages=[*chosen, *extra],
        )
        events = list(rehearsal)
        rehearsal.close()
        return Run(rehearsal.report, events)

    return run
