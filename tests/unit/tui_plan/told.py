"""A run that says what the test says, and looks at the screen that shows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ekswiz.events import Event
from ekswiz.plan import Plan
from ekswiz.target import Flag
from ekswiz.tui.apply.changes import ChangeList
from ekswiz.tui.apply.panes import RunLog
from unit.tui_plan.plans import event, full_plan

ORDER = [each.address for each in full_plan().pending]
MANY = 400


class Told:
    """A run of events that the test hands out; it ends with the last ones, or when the screen is taken away."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.last = False
        self.given = 0
        self._more = threading.Condition()

    def tell(self, *events: Event, last: bool = False) -> None:
        with self._more:
            self.events += events
            self.last = last
            self._more.notify()

    def __call__(self, made: Plan, stop: Flag) -> Iterator[Event]:
        while True:
            with self._more:
                self._more.wait(0 if self.last or len(self.events) > self.given else 0.1)
                ready, last = self.events[self.given :], self.last or stop.is_set()
            yield from ready
            self.given += len(ready)
            if last:
                return


def talk(count: int, address: str = ORDER[0], first: int = 0) -> list[Event]:
    return [event("log", address, message=f"call {number}") for number in range(first, first + count)]


async def begin(at: Any, run: Any, made: Plan | None = None) -> None:
    at.road.run = run
    at.app.go("apply", plan=made or full_plan(), verb="apply")
    await at.on("ApplyScreen")


def rows(at: Any) -> ChangeList:
    found: ChangeList = at.app.screen.query_one(ChangeList)
    return found


def log(at: Any) -> RunLog:
    found: RunLog = at.app.screen.query_one(RunLog)
    return found


def written(at: Any) -> list[str]:
    return [each for each in log(at).lines if each]


def counting(monkeypatch: pytest.MonkeyPatch, kind: type, name: str) -> list[Any]:
    """What a method is called with, first argument only."""
    calls: list[Any] = []
    original: Callable[..., Any] = getattr(kind, name)

    def counted(self: Any, *given: Any, **named: Any) -> Any:
        calls.append(given[0] if given else None)
        return original(self, *given, **named)

    monkeypatch.setattr(kind, name, counted)
    return calls
