"""Text over the rehearsal: the details of a cell or a stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ekswiz.tui.frame import HORIZONTAL, KeyLine


class Paper(ModalScreen[None]):
    """Lines to read, with a headline; Esc goes back, `y` copies them."""

    DEFAULT_CSS = """
    Paper { align: center middle; }
    Paper > Vertical {
        width: 90%; max-width: 110; height: auto; max-height: 90%; background: $surface; border: round $primary;
    }
    Paper #headline { padding: 0 1; text-style: bold; }
    Paper VerticalScroll { height: auto; max-height: 100%; padding: 0 1; }
    Paper.-narrow > Vertical, Paper.-normal > Vertical { width: 100%; max-height: 100%; }
    """
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "leave", "back", key_display="Esc"),
        Binding("y", "copy", "copy"),
    ]

    def __init__(self, headline: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._headline, self.lines = headline, tuple(lines)

    def compose(self) -> ComposeResult:
        """A headline, the lines, and keys of its own: those of the screen below are dead here."""
        with Vertical():
            yield Static(Content(self._headline), id="headline")
            with VerticalScroll():
                yield Static(Content("\n".join(self.lines)), id="lines")
            yield KeyLine(show_command_palette=False)

    def on_mount(self) -> None:
        """Arrows scroll at once."""
        self.query_one(VerticalScroll).focus()

    def action_leave(self) -> None:
        """Back to the rehearsal."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """To the clipboard (OSC 52)."""
        self.app.copy_to_clipboard("\n".join(self.lines))
        self.notify("Copied.")
