"""A product whose rehearsal is a script: events in a fixed order, which waits where a test says so."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ekswiz import intent
from ekswiz.answers import Answers
from ekswiz.errors import EkswizError
from ekswiz.events import Event
from ekswiz.frontend import Check, Choice, ClusterSeen, Draft, Given, Identity, Profile, RepositorySeen
from ekswiz.target import Flag

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from ekswiz.tui.app import EkswizApp
    from ekswiz.tui.rehearsal.screen import RehearsalScreen

AT = 1_767_268_800.0
"""2026-01-01T12:00:00Z."""
ANSWERS = Answers(
    stack="payments", account="111122223333", region="eu-west-1", owner="acme", repo="payments-api", owner_id="1001",
    repo_id="2002", branch="main", cluster="platform", namespace="payments", ecr_repository="payments-api",
    workload="payments-api",
)  # fmt: skip
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "BuildJobOfTheBranch", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity"}],
}
PLAN = {"changes": [{"address": "iam_role.push", "after": {"trust": TRUST}}]}
TIERS = [
    {"part": "AWS", "chosen": "moto + gate", "real": "every call is judged", "why": "the same on every machine"},
    {"part": "Kubernetes", "chosen": "embedded", "real": "API and RBAC for real kubectl", "why": "needs no containers"},
]
STEPS = ("Check out", "Become the push role", "Log in to ECR", "Build and push")
Gates = Mapping[str, threading.Event]


def stage(name: str, phase: str, seconds: float = 0.0, message: str = "", **data: Any) -> Event:
    ok = {"ok": True, "skipped": False} if phase == "finished" else {}
    return Event("stage", AT, name, seconds, message, {"phase": phase, **ok, **data})


def cells(answers: Answers = ANSWERS, surprise: tuple[str, str] | None = None) -> list[dict[str, Any]]:
    """Every cell as intended, but the one that is to surprise."""
    expected, wins = intent.expected(answers), {row.id: row.wins for row in intent.rows(answers)}
    made = []
    for (row, column), wanted in expected.items():
        tried = column.startswith("assume") or bool(wins[row])
        got = ("no" if wanted == "yes" else "yes") if (row, column) == surprise else wanted
        made.append(
            {"row": row, "column": column, "expected": wanted, "got": got, "ok": got == wanted, "layer": "trust",
             "by": "BuildJobOfTheBranch" if got == "yes" else None, "tried": tried or got == "yes",
             "why": "BuildJobOfTheBranch decided."}
        )  # fmt: skip
    return made


def road(surprise: tuple[str, str] | None = None) -> Iterator[Event]:
    """What a rehearsal says from its start to its end."""
    yield stage("world", "finished", 1.6, "AWS account 111122223333 in eu-west-1", tiers=TIERS)
    yield from (stage("plan", "started", message="Plan"), stage("plan", "finished", 0.5, "+8 create  =5 keep"))
    yield stage("apply", "started", message="Make the changes")
    yield Event("applied", AT, "iam_role.push", 0.15)
    yield stage("apply", "finished", 0.3, "8 changes made")
    yield from (stage("settled", "started"), stage("settled", "finished", 0.3, "nothing to do"))
    yield stage("push", "started", message="Push a commit and run the workflow")
    yield stage("build", "started", message="Build and push", parent="push", step=None)
    for name in STEPS:
        yield stage(f"build/{name}", "started", message=name, parent="push", step=name)
        yield Event("log", AT, f"build/{name}", message=f"{name}: done", data={"step": name})
        yield stage(f"build/{name}", "finished", 0.4, parent="push", step=name, log=[f"{name}: done"])
    yield stage("build", "finished", 1.8, parent="push", step=None)
    yield stage("push", "finished", 5.4, "commit f067bc3a89c8")
    yield from (stage("answer", "started"), stage("answer", "finished", 0.1, "GET /version -> 200"))
    yield stage("access", "started", message="Try who can do what")
    tried = cells(surprise=surprise)
    for cell in tried:
        yield Event("cell", AT, f"{cell['row']}/{cell['column']}", data=cell)
    wrong = [cell for cell in tried if not cell["ok"]]
    said = f"{len(wrong)} of 62 tries differs from what the answers intend" if wrong else "62 tries, all as intended"
    yield replace(stage("access", "finished", 1.0, said), data={"phase": "finished", "ok": not wrong, "skipped": False})
    yield from (stage("destroy", "started"), stage("destroy", "finished", 1.2, "8 objects removed"))
    yield from (stage("empty", "started"), stage("empty", "finished", 0.1, "the world is what it was before"))
    yield stage("down", "finished", 0.4, "nothing left: no process, no port, no file")


@dataclass
class Scripted:
    """A rehearsal. At an event whose address has a gate it waits until the gate opens or the stop comes."""

    events: Sequence[Event]
    stop: Flag
    gates: Gates = field(default_factory=dict)
    ok: bool = True
    closed: bool = False
    leftovers: Sequence[str] = ()

    def __iter__(self) -> Iterator[Event]:
        for event in self.events:
            gate = self.gates.get(event.address)
            while gate is not None and not gate.wait(0.01) and not self.stop.is_set():
                pass
            if self.stop.is_set():
                return
            yield event

    def close(self) -> None:
        self.closed = True

    @property
    def report(self) -> Mapping[str, Any]:
        return {"version": 1, "ok": self.ok and not self.stop.is_set(), "plan": PLAN, "leftovers": list(self.leftovers)}


@dataclass
class Looks:
    """What can be looked up on this machine: what a test says."""

    values: Mapping[str, str] = field(default_factory=dict)
    saved: list[Draft] = field(default_factory=list)

    def draft(self, given: Given, *, sim: bool) -> Draft:
        return Draft(dict(self.values), dict.fromkeys(self.values, "from git remote origin"))

    def profiles(self) -> Sequence[Profile]:
        return ()

    def identity(self, profile: str | None, region: str) -> Identity:
        return Identity(ANSWERS.account, f"arn:aws:iam::{ANSWERS.account}:user/mira")

    def clusters(self, profile: str | None, region: str) -> Sequence[ClusterSeen]:
        return ()

    def repository(self, owner: str, repo: str) -> RepositorySeen:
        return RepositorySeen(owner, repo, ANSWERS.owner_id, ANSWERS.repo_id, "main", private=False)

    def checks(self, given: Given, choice: Choice) -> Iterator[Check]:
        yield from ()

    def save(self, draft: Draft, file: Path) -> Path:
        self.saved.append(draft)
        return file


@dataclass
class Product:
    """An `Application` as far as a rehearsal needs one."""

    events: Sequence[Event] = field(default_factory=lambda: list(road()))
    gates: Gates = field(default_factory=dict)
    error: EkswizError | None = None
    ok: bool = True
    leftovers: Sequence[str] = ()
    made: list[Scripted] = field(default_factory=list)
    asked: list[Given] = field(default_factory=list)
    look: Looks = field(default_factory=Looks)

    def answers(self, given: Given, *, sim: bool) -> Answers:
        return ANSWERS

    def rehearse_apart(self, given: Given, stop: Flag) -> Scripted:
        self.asked.append(given)
        if self.error is not None:
            raise self.error
        self.made.append(Scripted(self.events, stop, self.gates, self.ok, leftovers=self.leftovers))
        return self.made[-1]

    def sim_status(self) -> Mapping[str, Any] | None:
        return None

    def sim_down(self) -> list[str]:
        return []


def app_of(product: Product, *, sim: bool = True, source: Path = Path()) -> EkswizApp:
    from ekswiz.tui.app import EkswizApp

    return EkswizApp(product, Given(source=source), sim=sim)  # type: ignore[arg-type]  # as much of one as is asked for


@asynccontextmanager
async def rehearsing(
    product: Product,
    size: tuple[int, int] = (80, 24),
    *,
    sim: bool = True,
    source: Path = Path(),
    place: str = "rehearsal",
) -> AsyncIterator[tuple[Pilot[Any], RehearsalScreen]]:
    """The app with the rehearsal on screen, begun."""
    from ekswiz.tui.rehearsal.screen import RehearsalScreen

    app = app_of(product, sim=sim, source=source)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.go(place)
        await until(pilot, lambda: isinstance(app.screen, RehearsalScreen) and app.screen.is_mounted)
        try:
            yield pilot, cast("RehearsalScreen", app.screen)
        finally:
            for gate in product.gates.values():
                gate.set()


async def until(pilot: Pilot[Any], holds: Callable[[], object], seconds: float = 60.0) -> None:
    """Let the app work until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        await pilot.pause(0.01)
    await pilot.pause()


async def over(pilot: Pilot[Any], screen: RehearsalScreen) -> None:
    """Let the rehearsal end."""
    await until(pilot, lambda: screen.ended is not None)


async def reached(pilot: Pilot[Any], screen: RehearsalScreen, step: str) -> None:
    """Let the rehearsal come to a step and begin it."""
    await until(pilot, lambda: step in screen.progress.steps and screen.progress.steps[step].state != "wait")
