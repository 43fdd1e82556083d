"""The question before leaving by Ctrl+C."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Static

from ekswiz.tui.frame import FrameModal


class QuitBox(FrameModal[bool]):
    """Quit? True for yes."""

    BINDINGS: ClassVar[list[BindingType]] = [("y", "yes", "quit"), ("n", "dismiss", "stay")]
    DEFAULT_CSS = """
    QuitBox #card { width: 52; }
    QuitBox Horizontal { height: 1; margin: 1 0; align-horizontal: right; }
    QuitBox Button { margin: 0 0 0 2; }
    """

    def body(self) -> Iterable[Widget]:
        """The question, what is kept, and the two ways."""
        yield Static("Quit ekswiz?", id="card-title")
        saved = self.wizard.saved
        yield Static(f"Nothing is in flight. Answers: {saved or 'not saved yet (Ctrl+S)'}", markup=False)
        with Horizontal():
            yield Button("Stay", id="stay", compact=True)
            yield Button("Quit", id="quit", variant="error", compact=True)

    def on_mount(self) -> None:
        """Staying is the default."""
        self.query_one("#stay", Button).focus()

    @on(Button.Pressed, "#stay")
    def _stay(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#quit")
    def action_yes(self) -> None:
        """Leave."""
        self.dismiss(True)
