"""An area for data that comes from outside. It is in one of five states, and says in words which."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from ekswiz.errors import EkswizError
from ekswiz.steps.trouble import trouble
from ekswiz.tui import clock

AreaState = Literal["empty", "loading", "partial", "error", "ready"]
SHOW_AFTER = 0.15
"""Seconds before anything is said about loading: a short wait is not worth a flicker."""
STILL_AFTER = 5.0
TICK = 0.25


class DataArea(Vertical):
    """A frame around widgets that show data.

    `empty` says why there is nothing and which key fills it; `loading` what is read, how many so far, since when;
    `partial` keeps the data in sight and says what failed; `error` has the whole message; `ready` says nothing.
    """

    DEFAULT_CSS = """
    DataArea { height: 1fr; }
    DataArea > .area-note { height: auto; padding: 0 1; color: $text-muted; }
    DataArea.-error > .area-note { color: $text; border-left: thick $error; }
    DataArea.-partial > .area-note { color: $text; border-left: thick $warning; }
    DataArea.-ready > .area-note { display: none; }
    """

    def __init__(self, *children: Widget, id: str | None = None) -> None:
        super().__init__(id=id)
        self._data = children
        self._note = Static(classes="area-note")
        self.state: AreaState = "empty"
        self._what, self._count, self._since = "", "", 0.0
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The sentence above, the data below."""
        yield self._note
        yield from self._data

    def on_mount(self) -> None:
        """Begin without data."""
        self._enter(self.state)

    def empty(self, why: str) -> None:
        """There is nothing: why, and the key that fills it."""
        self._enter("empty")
        self._note.update(Content(why))

    def reading(self, what: str, count: str = "") -> None:
        """Something is being read: `EKS access entries`, and how much of it is here (`3 of 9`)."""
        if self.state != "loading":
            self._since = clock.steady()
        self._what, self._count = what, count
        self._enter("loading")
        if self._timer is None:
            self._timer = self.set_interval(TICK, self._tick)
        self._tick()

    def partly(self, failed: EkswizError | str) -> None:
        """What arrived is shown; one line says what did not."""
        self._enter("partial")
        self._note.update(Content(f"--  {failed if isinstance(failed, str) else trouble(failed).line}"))

    def failed(self, failed: EkswizError) -> None:
        """Nothing arrived: what happened, why, what to do, the key."""
        self._enter("error")
        told = trouble(failed)
        lines = [f"{told.sign}  {told.what}", told.remedy, f"Press {told.key}: {told.act}" if told.key else ""]
        self._note.update(Content("\n    ".join(line for line in lines if line)))

    def ready(self) -> None:
        """All is here."""
        self._enter("ready")

    def _enter(self, state: AreaState) -> None:
        self.state = state
        for each in ("empty", "loading", "partial", "error", "ready"):
            self.set_class(each == state, f"-{each}")
        for widget in self._data:
            widget.display = state in ("partial", "ready") or (state == "loading" and bool(self._count))
        if state != "loading" and self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _tick(self) -> None:
        """What is said grows with the wait."""
        waited = clock.steady() - self._since
        if waited < SHOW_AFTER and not self._count:
            self._note.update(Content(""))
            return
        many = f", {self._count}" if self._count else ""
        still = f"Still reading {self._what} ({waited:.0f} s){many}" if waited >= STILL_AFTER else ""
        self._note.update(Content(still or f"..  Reading {self._what}{many}"))
