"""The road as a widget: a line per stage, and the parts of the one at work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ekswiz.tui import clock
from ekswiz.tui.rehearsal.progress import BROKEN, Step

MINUTE = 60
TIME = 6
"""Columns of a duration."""
ROOMY = 34
"""Columns from which parts of a stage show how long they took, too."""


class Pipeline(ScrollView, can_focus=True):
    """What was done, what is at work, what waits."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pipeline--done", "pipeline--now", "pipeline--wait", "pipeline--FAIL", "pipeline--stop", "pipeline--skip",
        "pipeline--cursor", "pipeline--part",
    }  # fmt: skip
    DEFAULT_CSS = """
    Pipeline { height: 1fr; scrollbar-size-horizontal: 0; scrollbar-size-vertical: 1; }
    Pipeline > .pipeline--done { color: $success; }
    Pipeline > .pipeline--now { color: $accent; text-style: bold; }
    Pipeline > .pipeline--wait { color: $text-muted; }
    Pipeline > .pipeline--skip { color: $text-muted; }
    Pipeline > .pipeline--FAIL { color: $error; text-style: bold reverse; }
    Pipeline > .pipeline--stop { color: $warning; text-style: bold; }
    Pipeline > .pipeline--part { color: $text-muted; }
    Pipeline > .pipeline--cursor { text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("home", "move(-999)", "First", show=False),
        Binding("end", "move(999)", "Last", show=False),
        Binding("enter", "choose", "details", key_display="Enter"),
    ]
    cursor: reactive[int] = reactive(0)

    @dataclass
    class Chosen(Message):
        """Somebody asks what a stage did."""

        key: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.steps: Sequence[Step] = ()
        self._drawn: list[tuple[str, str, str]] = []

    def show_steps(self, steps: Sequence[Step]) -> None:
        """List these steps; what is at work is kept in view. Only lines that changed are drawn."""
        before, self.steps = self._drawn, tuple(steps)
        self._drawn = [(step.key, step.state, _duration(step)) for step in self.steps]
        if len(before) != len(self._drawn):
            self.virtual_size = Size(self.size.width, len(self.steps))
            self.cursor = min(self.cursor, max(0, len(self.steps) - 1))
            self.refresh()
        for line, (old, new) in enumerate(zip(before, self._drawn, strict=False)):
            if old != new:
                self.refresh(Region(0, line - self.scroll_offset.y, self.size.width, 1))
        working = [place for place, step in enumerate(self.steps) if step.state == "now"]
        if working and not self.has_focus:
            self._reveal(working[-1])

    def action_move(self, lines: int) -> None:
        """Move the cursor; it stops at the ends."""
        self.cursor = min(max(self.cursor + lines, 0), max(0, len(self.steps) - 1))

    def action_choose(self) -> None:
        """Ask for the details of the step under the cursor."""
        if self.steps:
            self.post_message(self.Chosen(self.steps[self.cursor].key))

    def watch_cursor(self) -> None:
        """Keep the cursor in view."""
        self._reveal(self.cursor)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a second click asks for details."""
        line = event.y + self.scroll_offset.y
        if line < len(self.steps):
            if line == self.cursor:
                self.action_choose()
            self.cursor = line

    def on_resize(self) -> None:
        """What is at work stays in view."""
        self._drawn = []
        self.show_steps(self.steps)

    def render_line(self, y: int) -> Strip:
        """One step: word, title, how long."""
        number, room = y + self.scroll_offset.y, self.scrollable_content_region.width
        if number >= len(self.steps):
            return Strip.blank(room, self.rich_style)
        step = self.steps[number]
        style = self.get_component_rich_style(f"pipeline--{step.state}", partial=False)
        plain = self._part() if step.depth else self.rich_style
        if self.has_focus and number == self.cursor:
            plain += self.get_component_rich_style("pipeline--cursor", partial=False)
        time = TIME if room >= ROOMY or not step.depth else 0
        indent = " " * step.depth
        width = room - len(indent) - 5 - time
        title = step.title if len(step.title) <= width else f"{step.title[: max(1, width - 2)]}.."
        segments = [
            Segment(indent, self.rich_style),
            Segment(step.state, style),
            Segment(" " * (5 - len(step.state)), self.rich_style),
            Segment(title.ljust(width), plain),
            Segment(_duration(step).rjust(time)[:time], self._part()),
        ]
        return Strip(segments).adjust_cell_length(room, self.rich_style)

    def _part(self) -> Style:
        return self.get_component_rich_style("pipeline--part", partial=False)

    def _reveal(self, line: int) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= line < top + height:
            self.scroll_to(y=line if line < top else line - height + 1, animate=False)


def _duration(step: Step) -> str:
    if step.state == "now" and step.began is not None:
        seconds = int(clock.steady() - step.began)
        return f"{seconds // MINUTE}:{seconds % MINUTE:02d}"
    return f"{step.seconds:.1f} s" if step.state in ("done", *BROKEN) else ""
