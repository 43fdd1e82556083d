"""The use-cases over one stack: plan, apply, destroy. Also the road that a rehearsal drives.

Nothing here knows which world a target is. Each call opens what it needs (the lock, the journal) and closes it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ekswiz.answers import Answers, validate
from ekswiz.blueprint import blueprint
from ekswiz.engine.apply import apply
from ekswiz.engine.destroy import destroy_plan
from ekswiz.engine.journal import FileJournal
from ekswiz.engine.lock import lock
from ekswiz.engine.planner import Consent, plan
from ekswiz.errors import InputError
from ekswiz.events import Event
from ekswiz.plan import Plan
from ekswiz.resource import Resource
from ekswiz.target import Flag, Target


@dataclass(frozen=True, slots=True)
class Session:
    """One stack.

    `adopt` takes over foreign objects of our names. `delete_images` is the consent to lose the images when the ECR
    repository is destroyed. `take_over` replaces the lock of a run that died. `state_dir` holds journals and locks;
    None is the user's state folder.
    """

    answers: Answers
    adopt: bool = False
    delete_images: bool = False
    take_over: bool = False
    state_dir: Path | None = None

    def bind(self, target: Target) -> BoundSession:
        """This session in one world, as front ends see it."""
        return BoundSession(self, target)

    def plan(self, target: Target) -> Plan:
        """Read the world and compare. Changes nothing, on disk neither.

        Raises:
            InputError: The answers do not fit the target, or cannot be used.
            TargetError: The world could not be read, or the cluster does not exist.
            JournalError: There is a journal and it cannot be used.
        """
        self._check(target)
        journal = FileJournal.read(self.journal_path, self.answers.stack)
        consent = Consent(self.adopt, frozenset(journal.adopted()))
        return plan(target, self._desired(), self.answers.stack, consent=consent)

    def apply(self, plan: Plan, target: Target, stop: Flag) -> Iterator[Event]:
        """Carry out a plan, or a destroy plan, of this stack.

        Raises:
            Locked: Another run is at work on this stack.
            StalePlan: The world moved since the plan was made.
            JournalError, TargetError, InputError: Nothing was changed.
        """
        self._check(target)
        if plan.stack != self.answers.stack:
            raise InputError("plan", f"is for stack {plan.stack!r}, not {self.answers.stack!r}.", "Name the right one.")
        with self._journal(target) as journal:
            yield from _torn(journal, target)
            yield from apply(plan, self._desired(), target, journal, stop)

    def destroy_plan(self, target: Target) -> Plan:
        """What a destroy would remove, and what it keeps with the reason.

        Raises:
            As for `plan`.
        """
        self._check(target)
        journal = FileJournal.read(self.journal_path, self.answers.stack)
        return destroy_plan(target, self._desired(), journal)

    def destroy(self, target: Target, stop: Flag) -> Iterator[Event]:
        """Remove what this stack created, and nothing else.

        Raises:
            As for `apply`.
        """
        yield from self.apply(self.destroy_plan(target), target, stop)

    @property
    def journal_path(self) -> Path:
        """Where this stack's journal is."""
        return self._folder / f"{self.answers.stack}.jsonl"

    @property
    def _folder(self) -> Path:
        return (self.state_dir or state_dir()) / f"{self.answers.account}-{self.answers.region}"

    @contextmanager
    def _journal(self, target: Target) -> Iterator[FileJournal]:
        """The journal, while nobody else can use it."""
        with lock(self._folder / f"{self.answers.stack}.lock", take_over=self.take_over):
            journal = FileJournal.open(self.journal_path, self.answers.stack, target.clock.now)
            with closing(journal):
                yield journal

    def _desired(self) -> list[Resource[Any]]:
        return blueprint(self.answers, delete_images=self.delete_images)

    def _check(self, target: Target) -> None:
        validate(self.answers)
        for name in ("account", "region", "partition"):
            said, found = getattr(self.answers, name), getattr(target, name)
            if said != found:
                raise InputError(name, f"the answers say {said}, and these credentials act on {found}.", "Choose one.")


@dataclass(frozen=True, slots=True)
class BoundSession:
    """A stack in one world: `frontend.OpenRoad`."""

    session: Session
    target: Target

    @property
    def answers(self) -> Answers:
        """The stack's answers."""
        return self.session.answers

    def plan(self) -> Plan:
        """Read the world and compare."""
        return self.session.plan(self.target)

    def apply(self, plan: Plan, stop: Flag) -> Iterator[Event]:
        """Carry a plan out."""
        return self.session.apply(plan, self.target, stop)

    def destroy_plan(self) -> Plan:
        """What a destroy would remove, and what it keeps with the reason."""
        return self.session.destroy_plan(self.target)

    def destroy(self, plan: Plan, stop: Flag) -> Iterator[Event]:
        """Remove what the destroy plan lists."""
        return self.session.apply(plan, self.target, stop)


def state_dir() -> Path:
    """The user's state folder for ekswiz, by the conventions of the operating system."""
    from platformdirs import user_state_path  # noqa: PLC0415 - a rehearsal never asks for it

    return user_state_path("ekswiz", appauthor=False)


def _torn(journal: FileJournal, target: Target) -> Iterator[Event]:
    if journal.torn:
        yield Event("log", target.clock.now().timestamp(), "journal", message=f"{journal.torn} Going on by looking.")
