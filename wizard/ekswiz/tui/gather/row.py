"""One question on the screen: label, box, and a note under it that says where the value comes from or what is wrong."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from ekswiz.steps import Field
from ekswiz.tui.gather.choices import Choices
from ekswiz.tui.gather.pick import Pick
from ekswiz.tui.signs import STYLES, Said


class TextBox(Input, inherit_bindings=False):
    """A line to type in. Up and down leave it; Ctrl+D is the screen's, Delete deletes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(each for each in Input.BINDINGS if "ctrl+d" not in str(getattr(each, "key", each))),
        Binding("delete", "delete_right", "Delete character right", show=False),
        Binding("up", "screen.leave_up", "Question above", show=False),
        Binding("down", "screen.leave_down", "Question below", show=False),
    ]


class Row(Vertical):
    """A field's row. It knows no draft: it is given text and a note, and tells what the user does."""

    DEFAULT_CSS = """
    Row { height: auto; margin: 0 0 1 0; }
    Row > .row-label { height: 1; color: $text-muted; }
    Row.-focused > .row-label { color: $accent; text-style: bold; }
    Row > Horizontal { height: auto; padding: 0 1; }
    Row .row-sign { width: 4; height: 1; }
    Row .row-note { width: 1fr; height: auto; }
    Row TextBox { height: 1; border: none; padding: 0 1; background: $surface; }
    Row TextBox:focus { border: none; background: $panel; }
    """

    class Edited(Message):
        """The text of a box changed."""

        def __init__(self, row: Row, text: str) -> None:
            super().__init__()
            self.row, self.text = row, text

    class Accepted(Message):
        """Enter: the value stands, the next one please."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    def __init__(self, field: Field) -> None:
        super().__init__(id=f"row-{field.name}")
        self.field = field
        self._box: TextBox | Choices | Pick = _box(field)
        self._sign, self._note = Static(classes="row-sign"), Static(classes="row-note")
        self._noted: Said = ("", "")
        self._shown = ""

    def compose(self) -> ComposeResult:
        """Label, box, note."""
        yield Static(self.field.label, classes="row-label", markup=False)
        yield self._box
        yield Horizontal(self._sign, self._note)

    @property
    def box(self) -> Widget:
        """What takes the focus."""
        return self._box

    @property
    def text(self) -> str:
        """What stands in the box."""
        return self._box.value

    def means(self, text: str) -> None:
        """What stands in the box means this text in the draft (without its spaces, say)."""
        self._shown = text

    def show(self, text: str) -> None:
        """Put the draft's text into the box, if the draft has changed: what is typed meanwhile is not overwritten."""
        if text == self._shown:
            return
        self._shown = text
        if self._box.value != text:
            with self.prevent(Row.Edited, Input.Changed, Choices.Changed, Pick.Changed):
                self._box.value = text

    def note(self, said: Said) -> None:
        """Say something under the box; nothing is drawn if it is said already."""
        if said != self._noted:
            self._noted = said
            sign, sentence = said
            self._sign.update(Content.styled(sign, f"bold {STYLES[sign]}"))
            self._note.update(Content(sentence))

    def on_descendant_focus(self) -> None:
        """The label shows where one is; with its note it is in sight, not the box alone."""
        self.add_class("-focused")
        self.call_after_refresh(self.scroll_visible, animate=False)

    def on_descendant_blur(self) -> None:
        """One is somewhere else."""
        self.remove_class("-focused")

    @on(Input.Changed)
    @on(Choices.Changed)
    @on(Pick.Changed)
    def _changed(self, event: Input.Changed | Choices.Changed | Pick.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(self, event.value))

    @on(Input.Submitted)
    @on(Choices.Submitted)
    @on(Pick.Submitted)
    def _accepted(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Accepted(self))


def _box(field: Field) -> TextBox | Choices | Pick:
    name = f"box-{field.name}"
    if field.kind == "choice":
        return Choices(field.options, id=name)
    if field.kind == "pick":
        return Pick(field.label, hint=field.hint, id=name)
    return TextBox(placeholder=field.hint, id=name)
