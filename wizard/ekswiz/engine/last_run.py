"""What the last run set out to do and how it left each object: for `status` and `resume`.

A convenience beside the journal, and never the truth: without it, or if it is damaged, the answers are compared with.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ekswiz.engine.journal import Journal
from ekswiz.engine.planner import FOREIGN
from ekswiz.errors import JournalError, remedy_of
from ekswiz.events import Event
from ekswiz.plan import Action, Change, Json, Plan, Ref, encode
from ekswiz.state import Unfinished, Verb

VERSION = 1


@dataclass(frozen=True, slots=True)
class LastRun:
    """`left` are changes that are not made yet; `applied` each object's attributes as they were left, by address.

    `began` is when the run started, `ended` when the last object was made or removed (both ISO 8601).
    """

    stack: str
    verb: Verb
    began: str
    ended: str
    left: tuple[str, ...] = ()
    applied: Mapping[str, Json] = field(default_factory=dict)
    version: int = VERSION


def load(path: Path, stack: str) -> LastRun | None:
    """The record of a stack's last run; None if there is none that can be used."""
    try:
        values = json.loads(path.read_bytes())
        total = values.pop("sum")
        if total != _sum(values) or values["version"] != VERSION or values["stack"] != stack:
            return None
        return LastRun(**{**values, "left": tuple(values["left"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def verb_of(plan: Plan) -> Verb:
    """Whether a plan makes or removes: an apply deletes nothing."""
    return "destroy" if any(change.action is Action.DELETE for change in plan.changes) else "apply"


def unfinished(journal: Journal, last: LastRun | None) -> Unfinished | None:
    """The run that did not come to its end: what the journal says was in flight, and what never started."""
    pending = journal.pending()
    left = tuple(address for address in (last.left if last else ()) if address not in pending)
    if not pending and not left:
        return None
    deleting = any(intent.action is Action.DELETE for intent in pending.values())
    verb: Verb = last.verb if last and last.left else "destroy" if deleting else "apply"
    flying = tuple(f"{address} ({intent.action.word})" for address, intent in pending.items())
    return Unfinished(verb, last.began if last else "", flying, left)


class Recorder:
    """Keeps the record of a run up to date while its events pass by.

    Raises:
        JournalError: The record cannot be written; nothing has been changed yet.
    """

    def __init__(self, path: Path, plan: Plan, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now
        self._changes = {change.address: change for change in plan.changes}
        self._outputs: dict[str, Mapping[str, str]] = {}
        before = load(path, plan.stack)
        kept = {c.address: encode(c.before) for c in plan.changes if _kept(c)}
        began = now().isoformat(timespec="seconds")
        left = tuple(change.address for change in plan.pending)
        self._run = LastRun(plan.stack, verb_of(plan), began, began, left, {**_applied(before), **kept})
        try:
            self._write()
        except OSError as error:
            raise JournalError(
                f"{path}: {error.strerror or error}.", remedy_of(error, "Make its folder writable.")
            ) from error

    def see(self, event: Event) -> None:
        """Take note of a change that was made. A record that cannot be written stays as it was."""
        change = self._changes.get(event.address)
        if event.type != "applied" or change is None:
            return
        self._outputs[event.address] = event.data.get("outputs", {})
        applied = dict(self._run.applied)
        if change.action is Action.DELETE:
            applied.pop(event.address, None)
        else:
            applied[event.address] = encode(self._known(change))
        left = tuple(address for address in self._run.left if address != event.address)
        ended = self._now().isoformat(timespec="seconds")
        self._run = replace(self._run, left=left, applied=applied, ended=ended)
        with contextlib.suppress(OSError):
            self._write()

    def _known(self, change: Change) -> dict[str, Any]:
        """What the object was made to be, with what was not known before."""
        return {
            name: self._outputs.get(value.address, {}).get(value.output) if isinstance(value, Ref) else value
            for name, value in (change.after or {}).items()
        }

    def _write(self) -> None:
        values = asdict(self._run)
        text = json.dumps({**values, "sum": _sum(values)}, sort_keys=True)
        scratch = self._path.with_name(f".{self._path.name}.new")
        with contextlib.suppress(FileNotFoundError):
            scratch.unlink()
        file = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(text)
        scratch.replace(self._path)


def _kept(change: Change) -> bool:
    return change.action is Action.KEEP and all(risk.id != FOREIGN for risk in change.risks)


def _applied(before: LastRun | None) -> Mapping[str, Json]:
    return before.applied if before else {}


def _sum(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
