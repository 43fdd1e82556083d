"""A value that is taken from a list, or typed if the list does not have it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from ekswiz.tui.frame import FrameModal

Known = Sequence[tuple[str, str]]
"""Values and what is said beside each."""


class Pick(Widget, can_focus=True):
    """The value in a row of its own; Space (or a click) opens the list, Enter goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "open", "list", key_display="Space"),
        ("enter", "submit"),
        ("up", "screen.leave_up"),
        ("down", "screen.leave_down"),
    ]
    DEFAULT_CSS = """
    Pick { height: 1; width: 100%; padding: 0 1; background: $surface; }
    Pick:focus { background: $panel; }
    """
    value: reactive[str] = reactive("")
    known: reactive[Known] = reactive((), layout=False)

    class Changed(Message):
        """Another value was taken."""

        def __init__(self, value: str) -> None:
            super().__init__()
            self.value = value

    class Submitted(Message):
        """Enter."""

    def __init__(self, label: str, *, hint: str, id: str) -> None:
        super().__init__(id=id)
        self._label, self._hint = label, hint

    def watch_value(self, before: str, value: str) -> None:
        """Tell about a change."""
        if before != value:
            self.post_message(self.Changed(value))

    def render(self) -> Content:
        """The value, and that there is a list."""
        value = Content.styled(self.value or " ", "bold reverse" if self.has_focus else "")
        shown = value if self.value else Content.assemble(value, Content.styled(self._hint, "$text-muted"))
        gap = max(1, self.size.width - len(shown) - 1)
        return Content.assemble(shown, " " * gap, Content.styled("v", "$text-muted"))

    def on_click(self) -> None:
        """Open the list."""
        self.action_open()

    def action_open(self) -> None:
        """Let the user take a value."""
        self.app.push_screen(PickList(self._label, self.known, self.value), self._taken)

    def action_submit(self) -> None:
        """The value stands."""
        self.post_message(self.Submitted())

    def _taken(self, value: str | None) -> None:
        if value is not None:
            self.value = value


class PickList(FrameModal[str]):
    """The list with a line to filter it; what is in no list is taken as it was typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "take", priority=True, key_display="Enter"),
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("down", "move(1)", "down", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    PickList #pick-filter { border: none; height: 1; margin: 0 0 1 0; background: $panel; }
    PickList #pick-list { height: auto; max-height: 12; border: none; padding: 0; background: $surface; }
    """

    def __init__(self, label: str, known: Known, value: str) -> None:
        super().__init__()
        self._label, self._known, self._value = label, known, value

    def body(self) -> Iterable[Widget]:
        """Title, filter, list."""
        yield Static(self._label, id="card-title", markup=False)
        yield Input(placeholder="type to filter, or a name of your own", id="pick-filter", compact=True)
        yield OptionList(id="pick-list", markup=False, compact=True)

    def on_mount(self) -> None:
        """Everything, with the present value marked."""
        self._fill("")
        values = [value for value, _ in self._known]
        if self._value in values:
            self._list.highlighted = values.index(self._value)
        self.query_one("#pick-filter", Input).focus()

    @property
    def _list(self) -> OptionList:
        return self.query_one("#pick-list", OptionList)

    @on(Input.Changed, "#pick-filter")
    def _filter(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def _fill(self, text: str) -> None:
        found = [(value, said) for value, said in self._known if text.lower() in f"{value} {said}".lower()]
        self._list.clear_options()
        self._list.add_options([Option(_line(value, said), id=value) for value, said in found])
        self._list.highlighted = 0 if found else None

    def action_move(self, by: int) -> None:
        """The next row, or the one before."""
        if by > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def action_take(self) -> None:
        """Take the marked row; without one, what was typed."""
        at = self._list.highlighted
        typed = self.query_one("#pick-filter", Input).value.strip()
        chosen = self._list.get_option_at_index(at).id if at is not None else typed
        self.dismiss(chosen or None)


def _line(value: str, said: str) -> Content:
    return Content.assemble(Content.styled(value or "(default credentials)", "bold"), f"  {said}" if said else "")
