"""Sweep: the process dies at every possible moment. The next run must reach the same world.

A simulated death raises in every later call and journal write, in every thread, so that nothing more has an effect:
what a SIGKILL does. A sample of real SIGKILLs of real processes is in `real_death.py`.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal
from unittest import mock

from chaos.figures import Figures
from chaos.lab import Call, Lab, Listener
from chaos.normal import differences, normal
from ekswiz.answers import Answers
from ekswiz.engine.journal import FileJournal
from ekswiz.errors import EkswizError
from ekswiz.events import Event
from ekswiz.resources.repository_file import RepositoryFile

How = Literal["apply", "destroy"]
When = Literal["before", "after", "journal"]
WHENS: tuple[When, ...] = ("before", "after", "journal")
LINKED = ":role/aws-service-role/"
FINE = frozenset({"started", "applied", "progress", "log"})


class Killed(BaseException):
    """Like a SIGKILL: nothing in this run goes on after it."""


@dataclass(frozen=True, slots=True)
class Death:
    """When to die: before or after changing call number `count`, or after that write of the journal."""

    how: How
    when: When
    count: int


class Killer:
    """A tap that lets `count` moments of one kind pass and then kills everything."""

    def __init__(self, death: Death) -> None:
        self._death = death
        self._left = death.count
        self._guard = threading.Lock()
        self.dead = False

    def before(self, call: Call) -> None:
        self.check()
        if call.changes:
            self.moment("before")

    def after(self, call: Call) -> None:
        self.check()
        if call.changes:
            self.moment("after")

    def check(self) -> None:
        if self.dead:
            raise Killed

    def moment(self, when: When) -> None:
        if when != self._death.when:
            return
        with self._guard:
            self.check()
            self._left -= 1
            if self._left < 0:
                self.dead = True
                raise Killed


class Counter(Listener):
    """Counts the moments of a run that nobody kills."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: dict[str, int] = dict.fromkeys(WHENS, 0)
        self._guard = threading.Lock()

    def before(self, call: Call) -> None:
        if call.changes:
            self.moment("before")

    def after(self, call: Call) -> None:
        if call.changes:
            self.moment("after")

    def check(self) -> None:
        return

    def moment(self, when: When) -> None:
        with self._guard:
            self.moments[when] += 1


@contextmanager
def tapped(lab: Lab, tap: Killer | Counter) -> Iterator[None]:
    """While this lasts, the tap hears every call, every write of the journal and every change of a file."""
    real_write = FileJournal._write

    def write(journal: FileJournal, line: bytes) -> None:
        tap.check()
        real_write(journal, line)
        tap.moment("journal")

    def changing(name: str) -> Any:
        real = getattr(RepositoryFile, name)

        def act(resource: RepositoryFile, *given: Any) -> Any:
            tap.before(Call("checkout", f"Write {resource.desired.path}"))
            answer = real(resource, *given)
            tap.after(Call("checkout", f"Write {resource.desired.path}"))
            return answer

        return mock.patch.object(RepositoryFile, name, act)

    old, lab.tap = lab.tap, tap
    with mock.patch.object(FileJournal, "_write", write), changing("create"), changing("update"), changing("delete"):
        try:
            yield
        finally:
            lab.tap = old


def run(lab: Lab, how: How, **more: Any) -> list[Event]:
    """One process' apply or destroy, from its plan to its last event."""
    session, target = lab.session(delete_images=True, **more), lab.target()
    plan = session.plan(target) if how == "apply" else session.destroy_plan(target)
    return list(session.apply(plan, target, threading.Event()))


def clean(lab: Lab, how: How, **more: Any) -> None:
    """The same, of which every change must succeed."""
    bad = [f"{e.type} {e.address}: {e.message}" for e in run(lab, how, **more) if e.type not in FINE]
    assert not bad, "; ".join(bad)


def die(lab: Lab, death: Death) -> bool:
    """Run until it dies; False if it ended before that."""
    killer = Killer(death)
    try:
        with tapped(lab, killer):
            run(lab, death.how)
    except (Killed, EkswizError):
        assert killer.dead
    return killer.dead


@dataclass(frozen=True, slots=True)
class Course:
    """What an undisturbed life of a stack looks like: its snapshots, and the moments at which it can die."""

    answers: Answers
    empty: dict[str, Any]
    whole: dict[str, Any]
    gone: dict[str, Any]
    moments: dict[How, dict[str, int]]

    def deaths(self) -> list[Death]:
        """Every moment."""
        return [
            Death(how, when, count)
            for how in ("apply", "destroy")
            for when in WHENS
            for count in range(self.moments[how][when])
        ]


def course(answers: Answers) -> Course:
    """Watch one undisturbed life."""
    with Lab(answers) as lab:
        empty = normal(lab.snapshot())
        made, unmade = Counter(), Counter()
        with tapped(lab, made):
            clean(lab, "apply")
        whole = normal(lab.snapshot())
        assert not lab.session().plan(lab.target()).pending
        with tapped(lab, unmade):
            clean(lab, "destroy")
        gone = normal(lab.snapshot())
    return Course(answers, empty, whole, gone, {"apply": made.moments, "destroy": unmade.moments})


def same(expected: dict[str, Any], lab: Lab, what: str) -> None:
    """The world is the expected one, object by object: a duplicate or an orphan is one line each."""
    found = differences(expected, normal(lab.snapshot()))
    assert not found, f"{what}: {len(found)} differences: {' | '.join(found[:5])}"


def reached(gone: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What stays after an apply that did not come to its end: AWS made no service-linked role that nobody asked for."""
    roles = {arn: role for arn, role in gone["iam_role"].items() if LINKED not in arn or arn in found["iam_role"]}
    return {**gone, "iam_role": roles}


def survive(known: Course, deaths: Sequence[Death]) -> None:
    """Die, die again while recovering, then run to the end: nothing is lost, doubled or left."""
    with Lab(known.answers) as lab:
        last = deaths[-1].how
        if deaths[0].how == "destroy":
            clean(lab, "apply")
        for death in deaths:
            die(lab, death)
        clean(lab, last)
        if deaths[0].how != last:
            known = replace(known, gone=reached(known.gone, normal(lab.snapshot())))
        same(known.whole if last == "apply" else known.gone, lab, f"after {last}")
        session, target = lab.session(delete_images=True), lab.target()
        pending = session.plan(target).pending if last == "apply" else session.destroy_plan(target).pending
        assert not pending, f"still to do: {[c.address for c in pending]}"
        if last == "apply":
            clean(lab, "destroy")
            same(known.gone, lab, "after the destroy that followed")


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """Death at every moment (`size` None), or at `size` of them."""
    known = course(answers)
    deaths = known.deaths()
    if size is not None:
        deaths = random.Random(seed).sample(deaths, min(size, len(deaths)))
    figures = Figures(f"death before/after a call, after a journal write{name}", "same final world", seed)
    for number, death in enumerate(deaths):
        if number % shard[1] == shard[0]:
            with figures.case(str(death)):
                survive(known, [death])
    return figures


def pairs(answers: Answers, size: int, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """Two crashes: one in the run, one in the recovery; also a crashed apply followed by a crashed destroy."""
    known = course(answers)
    chance = random.Random(seed)
    deaths = known.deaths()
    figures = Figures(f"two crashes{name}", "same final world", seed)
    for number in range(size):
        first = chance.choice(deaths)
        second = chance.choice([d for d in deaths if first.how in (d.how, "apply")])
        second = Death(second.how, second.when, chance.randrange(max(1, second.count + 1)))
        if number % shard[1] == shard[0]:
            with figures.case(f"{first} then {second}"):
                survive(known, [first, second])
    return figures
