"""The rehearsal in a thread of its own: events go to the screen in handfuls, never one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from textual.message import Message

from ekswiz.answers import Answers
from ekswiz.errors import EkswizError, mistake
from ekswiz.events import Event
from ekswiz.frontend import Application, Given, RunningRehearsal
from ekswiz.signals import Stop
from ekswiz.tui.handful import Handful


@dataclass
class Known(Message):
    """The answers that are rehearsed."""

    answers: Answers


@dataclass
class Arrived(Message):
    """There are events to fetch."""


@dataclass
class Ended(Message):
    """It is over: with a report, or with an error that kept it from being carried out."""

    report: Mapping[str, Any] | None = None
    error: EkswizError | None = None


@dataclass
class Work:
    """One rehearsal. `run` blocks in a thread; `take` empties what has arrived, from the screen."""

    application: Application
    given: Given
    stop: Stop
    tell: Callable[[Message], object]
    running: RunningRehearsal | None = None
    _handful: Handful = field(default_factory=Handful)

    def run(self) -> None:
        """Rehearse to the end; everything is removed, whatever happens."""
        try:
            self.tell(Known(self.application.answers(self.given, sim=True)))
            self.running = self.application.rehearse_apart(self.given, self.stop)
            self._through(self.running)
            self.tell(Ended(report=self.running.report))
        except EkswizError as error:
            self.tell(Ended(error=error))
        except Exception as error:  # noqa: BLE001 - the boundary of a thread: the screen must hear of it
            self.tell(Ended(error=mistake(error)))

    def take(self) -> list[Event]:
        """What has arrived since the last time."""
        return self._handful.take()

    def plan(self) -> Mapping[str, Any] | None:
        """The plan as JSON, as soon as there is one."""
        return self.running.report.get("plan") if self.running else None

    def _through(self, running: RunningRehearsal) -> None:
        try:
            for event in running:
                if self._handful.put(event):
                    self.tell(Arrived())
        finally:
            running.close()
