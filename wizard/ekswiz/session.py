"""The use-cases over one stack: plan, apply, status, destroy. Also the road that a rehearsal drives.

Nothing here knows which world a target is. Each call opens what it needs (the lock, the journal) and closes it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ekswiz import cost, price_list
from ekswiz.answers import Answers, validate
from ekswiz.blueprint import blueprint
from ekswiz.engine.apply import apply
from ekswiz.engine.destroy import destroy_plan
from ekswiz.engine.drift import drift
from ekswiz.engine.experience import estimate, medians
from ekswiz.engine.journal import FileJournal
from ekswiz.engine.last_run import LastRun, Recorder, load, unfinished
from ekswiz.engine.lock import lock
from ekswiz.engine.planner import Consent, plan
from ekswiz.errors import InputError, JournalError, remedy_of
from ekswiz.events import Event
from ekswiz.permissions import check, needed
from ekswiz.permitted import Permissions
from ekswiz.plan import Plan
from ekswiz.quotes import Quotes
from ekswiz.resource import Resource
from ekswiz.risks import require
from ekswiz.state import Estimate, Status, Unfinished
from ekswiz.target import Flag, Target


@dataclass(frozen=True, slots=True)
class Session:
    """One stack.

    `adopt` takes over foreign objects of our names. `delete_protected` is the consent to end a new cluster's
    deletion protection when it is destroyed, `delete_images` the one to lose the images when the ECR
    repository is destroyed. `take_over` replaces the lock of a run that died. `state_dir` holds journals and locks;
    None is the user's state folder. `allow_risks` are ids of risks that were agreed to (`ekswiz.risks`).
    """

    answers: Answers
    adopt: bool = False
    delete_images: bool = False
    delete_protected: bool = False
    take_over: bool = False
    state_dir: Path | None = None
    allow_risks: frozenset[str] = frozenset()

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
            Consentless: A change may break somebody, and its risk is not among `allow_risks`.
            StalePlan: The world moved since the plan was made.
            JournalError, TargetError, InputError: Nothing was changed.
        """
        self._check(target)
        if plan.stack != self.answers.stack:
            raise InputError("plan", f"is for stack {plan.stack!r}, not {self.answers.stack!r}.", "Name the right one.")
        require(plan, self.allow_risks)
        with self._journal(target) as journal:
            yield from _torn(journal, target)
            recorder = None
            for event in apply(plan, self._desired(), target, journal, stop):
                # Made with the first event: until then the plan may be refused, and the last run stays what it was.
                recorder = recorder or Recorder(self._last_run_path, plan, target.clock.now)
                recorder.see(event)
                yield event
            if recorder is None:
                Recorder(self._last_run_path, plan, target.clock.now)

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

    def status(self, target: Target) -> Status:
        """What moved since the last apply, and what the answers ask for that no apply has made. Reads only.

        Raises:
            As for `plan`.
        """
        self._check(target)
        journal = FileJournal.read(self.journal_path, self.answers.stack)
        return drift(target, self._desired(), journal, self._last_run())

    def unfinished(self) -> Unfinished | None:
        """The run that did not come to its end, by the journal; None if there is nothing to resume.

        Raises:
            JournalError: There is a journal and it cannot be used.
        """
        journal = FileJournal.read(self.journal_path, self.answers.stack)
        return unfinished(journal, self._last_run())

    def eta(self, plan: Plan) -> Estimate:
        """How long a plan may take, by the medians of the runs on this machine."""
        return estimate(plan, medians(self._folder.parent))

    def permissions(self, plan: Plan, target: Target) -> Permissions:
        """What this plan needs of IAM, tested against the caller without changing anything."""
        return check(needed(plan, self._desired()), target)

    def handed_over(self, plan: Plan) -> None:
        """Somebody else carries this plan out: note it as what is left, for `resume` to look at afterwards.

        Raises:
            JournalError: It cannot be written.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise JournalError(
                f"{self._folder}: {error.strerror}.", remedy_of(error, "Make the folder writable.")
            ) from error
        Recorder(self._last_run_path, plan, lambda: datetime.now(UTC))

    @property
    def journal_path(self) -> Path:
        """Where this stack's journal is."""
        return self._folder / f"{self.answers.stack}.jsonl"

    @property
    def _last_run_path(self) -> Path:
        return self._folder / f"{self.answers.stack}.last.json"

    def _last_run(self) -> LastRun | None:
        return load(self._last_run_path, self.answers.stack)

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
        return blueprint(
            self.answers,
            delete_images=self.delete_images,
            adopt=self.adopt,
            delete_protected=self.delete_protected,
        )

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

    def status(self) -> Status:
        """What moved since the last apply."""
        return self.session.status(self.target)

    def unfinished(self) -> Unfinished | None:
        """The run that did not come to its end; None if there is nothing to resume."""
        return self.session.unfinished()

    def eta(self, plan: Plan) -> Estimate:
        """How long a plan may take."""
        return self.session.eta(plan)

    def permissions(self, plan: Plan) -> Permissions:
        """What a plan needs of IAM, tested against the caller."""
        return self.session.permissions(plan, self.target)

    def quotes(self, plan: Plan) -> Quotes:
        """What AWS's price list says of a plan's prices."""
        return price_list.ask(cost.wanted(plan), self.target)

    def destroy_plan(self) -> Plan:
        """What a destroy would remove, and what it keeps with the reason."""
        return self.session.destroy_plan(self.target)

    def destroy(self, plan: Plan, stop: Flag) -> Iterator[Event]:
        """Remove what the destroy plan lists."""
        return self.session.apply(plan, self.target, stop)


def state_dir() -> Path:
    """The user's state folder for ekswiz, by the conventions of the operating system."""
    from platformdirs import user_state_path  # a rehearsal never asks for it

    return user_state_path("ekswiz", appauthor=False)


def _torn(journal: FileJournal, target: Target) -> Iterator[Event]:
    if journal.torn:
        yield Event("log", target.clock.now().timestamp(), "journal", message=f"{journal.torn} Going on by looking.")
