"""From a plan to events: independent changes at once, dependants after what they need, deletions last.

The plan alone decides what happens; if the world moved since it was made, nothing does. An error is yielded with its
change and skips only what depends on it. A stop lets the calls in flight finish and starts nothing else.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ekswiz.engine.carry_out import Task, Work, carry_out
from ekswiz.engine.journal import Journal
from ekswiz.engine.order import dependants
from ekswiz.engine.planner import FOREIGN, Seen, survey
from ekswiz.engine.recovery import adopt, doubt, recover, refuse_stale
from ekswiz.engine.schedule import blockers
from ekswiz.errors import EkswizError, Stopped
from ekswiz.events import Event, EventType
from ekswiz.plan import Action, Change, Plan
from ekswiz.resource import Live, Resource
from ekswiz.target import Flag, Target

WORKERS = 8


def apply(
    plan: Plan, desired: Sequence[Resource[Any]], target: Target, journal: Journal, stop: Flag
) -> Iterator[Event]:
    """Carry the plan out, event by event.

    Raises:
        StalePlan: The world moved since the plan was made; nothing was changed.
        TargetError: The world could not be read; nothing was changed.
        JournalError: The journal cannot be written; nothing was changed.
    """
    try:
        seen = survey(target, desired, stop=stop)
    except Stopped as stopped:
        now = target.clock.now().timestamp()
        yield from (Event("stopped", now, change.address, message=stopped.detail) for change in plan.pending)
        return
    refuse_stale(plan, seen, target, journal.pending())
    doubt(journal, desired, target)
    tokens = recover(journal, seen)
    adopt(journal, plan, seen)
    run = _Run(plan, desired, target=target, journal=journal, stop=stop, seen=seen, tokens=tokens)
    yield from run.events()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a worker's change ended."""

    change: Change
    type: EventType
    seconds: float
    live: Live[Any] | None = None
    error: str = ""


class _Either:
    """Set when either the user stops or the front end goes away."""

    def __init__(self, first: Flag) -> None:
        self._first = first
        self.gone = threading.Event()

    def is_set(self) -> bool:
        return self._first.is_set() or self.gone.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait in short slices, since there are two to wait for."""
        left = timeout
        while not self.is_set() and (left is None or left > 0):
            slice_ = 0.05 if left is None else min(0.05, left)
            self._first.wait(slice_)
            left = None if left is None else left - slice_
        return self.is_set()


class _Run:
    """One run of a plan: what waits, what is in flight, what is known."""

    def __init__(
        self,
        plan: Plan,
        desired: Sequence[Resource[Any]],
        *,
        target: Target,
        journal: Journal,
        stop: Flag,
        seen: Mapping[str, Seen],
        tokens: Mapping[str, str],
    ) -> None:
        self._clock = target.clock
        self._stop = _Either(stop)
        self._resources = {resource.address: resource for resource in desired}
        self._lives = {address: found for address, found in seen.items() if isinstance(found, Live)}
        self._changes = {change.address: change for change in plan.changes}
        self._blockers = blockers(plan.changes)
        self._waiting = dict(self._changes)
        self._flying: set[str] = set()
        self._done: set[str] = set()
        self._over: set[str] = set()
        replaced = {change.address for change in plan.changes if change.action is Action.REPLACE}
        self._outputs = {address: live.outputs for address, live in self._lives.items() if address not in replaced}
        self._inbox: queue.SimpleQueue[Event | _Outcome] = queue.SimpleQueue()
        self._work = Work(target, journal, self._stop, plan.stack, tokens, self._say)

    def events(self) -> Iterator[Event]:
        with ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="ekswiz-apply") as pool:
            try:
                yield from self._settled()
                while self._waiting or self._flying:
                    if not self._stop.is_set():
                        yield from self._start(pool)
                    if not self._flying:
                        break
                    yield from self._next()
                yield from self._stopped()
            finally:
                self._stop.gone.set()

    def _settled(self) -> Iterator[Event]:
        """What needs no call: kept objects, unreadable ones, conflicts."""
        for change in list(self._waiting.values()):
            if change.address not in self._waiting:
                continue
            conflict = next((risk.sentence for risk in change.risks if risk.id == FOREIGN), None)
            if conflict and change.action is not Action.DELETE:
                yield from self._fail(change, "failed", conflict)
            elif change.action is Action.UNKNOWN:
                yield from self._fail(change, "skipped", f"It could not be read: {change.why}")
            elif change.action is Action.KEEP:
                del self._waiting[change.address]
                self._done.add(change.address)

    def _start(self, pool: ThreadPoolExecutor) -> Iterator[Event]:
        ready = [c for c in self._waiting.values() if self._blockers[c.address] <= self._enough(c.address)]
        for change in ready:
            if self._stop.is_set():  # it may come between two of them
                return
            del self._waiting[change.address]
            self._flying.add(change.address)
            live = self._lives.get(change.address)
            task = Task(change, self._resources[change.address], live, dict(self._outputs))
            pool.submit(self._fly, task)
            yield self._event("started", change, data={"action": change.action.value})

    def _enough(self, address: str) -> set[str]:
        """What counts as finished for a change; for one that comes whatever happens, what failed does, too."""
        return self._done | self._over if _whatever_happens(self._resources[address]) else self._done

    def _fly(self, task: Task) -> None:
        """In a worker: carry out, and report whatever happens."""
        began = self._clock.now()
        outcome: EventType = "applied"
        live, error = None, ""
        try:
            live = carry_out(self._work, task)
        except Stopped as stopped:
            outcome, error = "stopped", stopped.detail
        except EkswizError as failed:
            outcome, error = "failed", str(failed)
        except BaseException as failed:  # noqa: BLE001 - the thread's boundary: unreported, the run would wait for ever
            outcome, error = "failed", f"{type(failed).__name__}: {failed}"
        seconds = (self._clock.now() - began).total_seconds()
        self._inbox.put(_Outcome(task.change, outcome, seconds, live, error))

    def _next(self) -> Iterator[Event]:
        message = self._inbox.get()
        if isinstance(message, Event):
            yield message
            return
        change, live = message.change, message.live
        self._flying.discard(change.address)
        if message.type == "applied":
            self._done.add(change.address)
            self._outputs[change.address] = live.outputs if live else {}
            data = {"action": change.action.value, "outputs": dict(live.outputs) if live else {}}
            yield self._event("applied", change, message.seconds, data=data)
        elif message.type == "stopped":
            yield self._event("stopped", change, message.seconds, message.error)
        else:
            yield from self._fail(change, "failed", message.error, message.seconds)

    def _fail(self, change: Change, type_: EventType, why: str, seconds: float = 0.0) -> Iterator[Event]:
        """This change and everything that depends on it."""
        self._waiting.pop(change.address, None)
        self._over.add(change.address)
        yield self._event(type_, change, seconds, why, {"action": change.action.value})
        lost = dependants({address: tuple(needed) for address, needed in self._blockers.items()}, [change.address])
        for address in [address for address in self._waiting if address in lost]:
            if _whatever_happens(self._resources[address]):
                continue
            skipped = self._waiting.pop(address)
            self._over.add(address)
            if skipped.action is Action.KEEP:
                continue
            data = {"action": skipped.action.value, "because": change.address}
            yield self._event("skipped", skipped, 0.0, f"It needs {change.address}.", data)

    def _stopped(self) -> Iterator[Event]:
        for change in self._waiting.values():
            yield self._event("stopped", change, 0.0, "Not started.", {"action": change.action.value})

    def _say(self, address: str, message: str) -> None:
        self._inbox.put(self._event("progress", self._changes[address], 0.0, message))

    def _event(
        self,
        type_: EventType,
        change: Change,
        seconds: float = 0.0,
        message: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> Event:
        return Event(type_, self._clock.now().timestamp(), change.address, seconds, message, data or {})


def _whatever_happens(resource: Resource[Any]) -> bool:
    """Whether a resource undoes what the run itself needed: it comes also after a failure."""
    return bool(getattr(resource, "whatever_happens", False))
