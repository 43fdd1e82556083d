"""A few options in sight, one of them chosen: `(*) one  ( ) another`. Left and right change it, Enter goes on.

Up and down are not taken: walking through the questions must change no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from ekswiz.steps import Option

GAP = 2


class Choices(Widget, can_focus=True):
    """Options in as many lines as they need."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("left", "step(-1)"),
        ("right,space", "step(1)"),
        ("enter", "submit"),
        ("up", "screen.leave_up"),
        ("down", "screen.leave_down"),
    ]
    DEFAULT_CSS = """
    Choices { height: auto; width: 100%; padding: 0 1; }
    """
    value: reactive[str] = reactive("", layout=False)

    class Changed(Message):
        """Another option was chosen."""

        def __init__(self, value: str) -> None:
            super().__init__()
            self.value = value

    class Submitted(Message):
        """Enter."""

    def __init__(self, options: Sequence[Option], *, id: str) -> None:
        super().__init__(id=id)
        self._options = tuple(options)

    def watch_value(self, before: str, value: str) -> None:
        """Tell about a change."""
        if before != value:
            self.post_message(self.Changed(value))

    def render(self) -> Content:
        """Every option, the chosen one marked, the present one reverse while this has the focus."""
        return Content("\n").join(self._line(line) for line in self._lines(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as the options need at this width."""
        del container, viewport
        return len(self._lines(width))

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        place = event.get_content_offset(self)
        if place is None:
            return
        at = 0
        for option in self._lines(self.size.width)[place.y]:
            at += len(_text(option, chosen=False))
            if place.x < at:
                self.value = option.value
                return
            at += GAP

    def action_step(self, by: int) -> None:
        """The next option, or the one before; it goes round."""
        values = [option.value for option in self._options]
        at = values.index(self.value) if self.value in values else -by
        self.value = values[(at + by) % len(values)]

    def action_submit(self) -> None:
        """The choice stands."""
        self.post_message(self.Submitted())

    def _lines(self, width: int) -> list[list[Option]]:
        lines: list[list[Option]] = [[]]
        used = 0
        for option in self._options:
            wide = len(_text(option, chosen=False))
            if lines[-1] and used + GAP + wide > width:
                lines.append([])
                used = 0
            used += wide + (GAP if lines[-1] else 0)
            lines[-1].append(option)
        return lines

    def _line(self, options: Sequence[Option]) -> Content:
        return Content(" " * GAP).join(self._one(option) for option in options)

    def _one(self, option: Option) -> Content:
        chosen = option.value == self.value
        style = "bold reverse" if chosen and self.has_focus else "bold" if chosen else "$text-muted"
        return Content.styled(_text(option, chosen=chosen), style)


def _text(option: Option, *, chosen: bool) -> str:
    return f"({'*' if chosen else ' '}) {option.label}"
