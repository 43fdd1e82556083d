"""A box to tick whose sentence is always read in full, and whose state is seen without colour."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

SIGNS = {False: "[ ] ", True: "[x] "}


class TickBox(Widget, can_focus=True):
    """`[ ]` or `[x]` and a sentence that wraps. Space, Enter or a click ticks it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "tick", "tick", key_display="Space")]
    DEFAULT_CSS = """
    TickBox {
        height: auto; width: 1fr;
        &:focus { background: $block-cursor-background; color: $block-cursor-foreground; }
    }
    """
    value: reactive[bool] = reactive(False, layout=False)

    def __init__(self, sentence: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.sentence = sentence

    def render(self) -> Content:
        """Sign and sentence."""
        return Content(SIGNS[self.value] + self.sentence)

    def action_tick(self) -> None:
        """Tick it, or take the tick back."""
        self.value = not self.value

    def on_click(self) -> None:
        """As by Space."""
        self.action_tick()
