"""A run by its events: which changes wait, go on, are done, failed; how far it is. Pure, no screen in here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from ekswiz.events import Event, EventType
from ekswiz.plan import Action, Change, Plan

State = Literal["wait", "now", "done", "FAIL", "skip", "stop"]
STATES: Mapping[EventType, State] = {
    "started": "now",
    "applied": "done",
    "failed": "FAIL",
    "skipped": "skip",
    "stopped": "stop",
}
OVER: frozenset[State] = frozenset({"done", "FAIL", "skip", "stop"})


@dataclass(slots=True)
class Row:
    """One change on its way. `began` is when it started, by the screen's own clock."""

    change: Change
    state: State = "wait"
    seconds: float = 0.0
    message: str = ""
    began: float | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)

    def spent(self, now: float) -> float:
        """Seconds so far, or in all."""
        return max(0.0, now - self.began) if self.state == "now" and self.began is not None else self.seconds


@dataclass(slots=True)
class Run:
    """All pending changes of a plan, in its order, deletions last as they are made."""

    plan: Plan
    rows: dict[str, Row] = field(init=False)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        shown = [change for change in self.plan.changes if change.action is not Action.KEEP]
        first = [change for change in shown if change.action is not Action.DELETE]
        last = [change for change in shown if change.action is Action.DELETE]
        self.rows = {change.address: Row(change) for change in (*first, *last)}

    def see(self, event: Event, now: float) -> Row | None:
        """Take an event in; the row it is about, if there is one."""
        self.events.append(event)
        row = self.rows.get(event.address)
        if row is None:
            return None
        row.message = event.message
        if event.type in STATES:
            row.state = STATES[event.type]
            row.seconds = event.seconds
            row.began = now if row.state == "now" else row.began
            row.outputs = event.data.get("outputs", {})
        return row

    def count(self, *states: State) -> int:
        """How many rows are in one of these states."""
        found = Counter(row.state for row in self.rows.values())
        return sum(found[state] for state in states)

    @property
    def total(self) -> int:
        """Changes to be made; what could not be read is none."""
        return len(self.plan.pending)

    @property
    def running(self) -> list[Row]:
        """The changes in flight."""
        return [row for row in self.rows.values() if row.state == "now"]

    @property
    def failed(self) -> list[Row]:
        """The changes that failed by themselves."""
        return [row for row in self.rows.values() if row.state == "FAIL"]

    @property
    def remaining(self) -> Plan:
        """The plan without what is over, to ask how long it may take."""
        over = {address for address, row in self.rows.items() if row.state in OVER}
        return replace(self.plan, changes=tuple(c for c in self.plan.changes if c.address not in over))
