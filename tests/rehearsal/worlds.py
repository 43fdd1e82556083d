"""Worlds and rehearsals of the sample for tests, each in an account of its own: moto keeps its state by account."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ekswiz.answers import Answers, validate
from ekswiz.events import Event
from ekswiz.occasion import USUAL, Occasion
from ekswiz.operator_policy import operator_policy
from ekswiz.plan import Plan
from ekswiz.risks import EVERY
from ekswiz.session import Session
from ekswiz.target import Target
from ekswiz.tiers import EMBEDDED, Tiers
from ekswiz_sim import entry, sample, staging
from ekswiz_sim.rehearsal import Rehearsal
from ekswiz_sim.scene import Scene, Verdict
from ekswiz_sim.stages import Stage
from ekswiz_sim.stages import stages as road_of
from ekswiz_sim.world import World

_ACCOUNTS = iter(range(200000000001, 200000001000))


@dataclass(frozen=True)
class Run:
    """One finished rehearsal."""

    report: Mapping[str, Any]
    events: Sequence[Event]

    def stage(self, id: str) -> Mapping[str, Any]:
        return next(stage for stage in self.report["stages"] if stage["id"] == id)

    @property
    def first_red(self) -> str:
        return next((stage["id"] for stage in self.report["stages"] if not stage["ok"]), "none")

    def why(self, id: str) -> str:
        return str(self.stage(id)["why"])

    def text(self, id: str) -> str:
        stage = self.stage(id)
        return "\n".join([stage["why"], *stage["log"]])

    def cells(self, *, wrong: bool) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {(c["row"], c["column"]): c for c in self.report["matrix"] if not (wrong and c["ok"])}


def sample_answers(**changes: Any) -> Answers:
    """The sample's answers in an account of its own."""
    fields: dict[str, Any] = {**entry.SAMPLE, "account": str(next(_ACCOUNTS)), **changes}
    return validate(Answers(**fields))


def unchanged(document: dict[str, Any]) -> dict[str, Any]:
    return document


def prepare(
    *,
    stages: Sequence[str] | None = None,
    extra: Sequence[Stage] = (),
    policy: Callable[[dict[str, Any]], dict[str, Any]] = unchanged,
    interfere: Mapping[str, Callable[[Scene], None]] | None = None,
    stop: threading.Event | None = None,
    adopt: bool = False,
    occasion: Occasion = USUAL,
    source: Path | None = None,
    tiers: Tiers = EMBEDDED,
    **changes: Any,
) -> Rehearsal:
    """A rehearsal of the sample: the named stages (all by default), then the extra ones."""
    answers = sample_answers(**changes)
    road = [stage for stage in road_of(occasion, answers.branch) if stages is None or stage.id in stages]
    return entry.rehearse(
        answers,
        source=source,
        road=lambda home: Session(
            answers, delete_images=True, delete_protected=True, state_dir=home, adopt=adopt, allow_risks=EVERY
        ),
        operator_policy=policy(operator_policy(answers, adopt=adopt)),
        stop=stop or threading.Event(),
        interfere=interfere,
        stages=[*road, *extra],
        occasion=occasion,
        chosen=tiers,
    )


def rehearsed(**how: Any) -> Run:
    """Run it to its end."""
    rehearsal = prepare(**how)
    try:
        events = list(rehearsal)
    finally:
        rehearsal.close()
    return Run(rehearsal.report, events)


@contextlib.contextmanager
def halfway(*stages: str, **how: Any) -> Iterator[Scene]:
    """The scene after these stages, all of which must pass."""
    held: list[Scene] = []

    def hold(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        held.append(scene)
        verdict.passed("held")
        yield Event("log", 0.0, "hold", message="held")

    rehearsal = prepare(stages=stages, extra=[Stage("hold", "", hold, needs=stages)], **how)
    try:
        for event in rehearsal:
            if event.address == "hold" and event.type == "log":
                yield held[0]
        assert held, rehearsal.report["stages"]
    finally:
        rehearsal.close()
    assert rehearsal.report["leftovers"] == []


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
def open_place(state: Path, *, adopt: bool = False, tiers: Tiers = EMBEDDED, **changes: Any) -> Iterator[Place]:
    """A world of its own, until the end of the block; it must leave nothing."""
    answers = sample_answers(**changes)
    world = World.start(answers, operator_policy(answers, adopt=adopt), tiers=tiers)
    try:
        checkout = staging.stage_repository(sample.source(), world.checkout, sample=True)
        yield Place(world, answers, world.target(checkout), checkout, state)
    finally:
        left = world.close()
    assert left == []
