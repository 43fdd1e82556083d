"""The scene of a rehearsal: the world, the road to drive, and what the stages found so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ekswiz.answers import Answers
from ekswiz.events import Event
from ekswiz.occasion import USUAL, Occasion
from ekswiz.plan import Plan
from ekswiz.target import Flag, Target
from ekswiz_sim.world import World


class Road(Protocol):
    """What a rehearsal drives. The product implements it and hands it in."""

    def plan(self, target: Target) -> Plan:
        """Read the world and compare with what is wanted."""
        ...

    def apply(self, plan: Plan, target: Target, stop: Flag) -> Iterator[Event]:
        """Carry a plan out."""
        ...

    def destroy(self, target: Target, stop: Flag) -> Iterator[Event]:
        """Remove what was created."""
        ...


@dataclass(slots=True)
class Verdict:
    """What a stage says at its end: nothing said is not ok."""

    ok: bool = False
    sentence: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    when: tuple[float, float] | None = None
    """When that which failed began and ended, in epoch seconds; None is the whole stage."""
    explained: bool = False
    """Whether the sentence says all; else the denial that decided and Kubernetes' warnings are added."""

    def passed(self, sentence: str, **data: Any) -> None:
        """The stage did what it is for."""
        self.ok, self.sentence = True, sentence
        self.data.update(data)

    def failed(self, sentence: str, **data: Any) -> None:
        """The stage did not."""
        self.ok, self.sentence = False, sentence
        self.data.update(data)


@dataclass(slots=True)
class Scene:
    """State of one rehearsal; stages read and write it."""

    world: World
    road: Road
    answers: Answers
    target: Target
    checkout: Path
    stop: Flag
    tiers: Sequence[Mapping[str, str]]
    workflow: str
    """The workflow that the event starts, in the checkout."""
    before: Mapping[str, Any] = field(default_factory=dict)
    plan: Plan | None = None
    commit: str = ""
    image: Mapping[str, Any] = field(default_factory=dict)
    http: Mapping[str, Any] = field(default_factory=dict)
    matrix: list[Mapping[str, Any]] = field(default_factory=list)
    decisions: Mapping[str, int] = field(default_factory=dict)
    closed: bool = False
    occasion: Occasion = USUAL
    source: Path = Path()
    """Where the repository came from; the staged copy is `checkout`."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    findings: Sequence[Mapping[str, str]] = ()
    """What is wrong with the workflow and with the roles that it asks for."""
    interfere: Mapping[str, Callable[[Scene], None]] = field(default_factory=dict)
    """Called before the stage of that id: how a test changes the world mid-way."""

    def close(self) -> Sequence[str]:
        """Remove the world; what could not be removed."""
        self.closed = True
        records = self.world.records()
        allowed = sum(record.decision.allowed for record in records)
        self.decisions = {"allowed": allowed, "denied": len(records) - allowed}
        return self.world.close()
