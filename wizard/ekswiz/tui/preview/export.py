"""In which form the plan leaves, and where to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from ekswiz.tui.frame import FrameModal
from ekswiz.tui.preview.exporting import FORMS, Wanted, shown

MANY = 4
"""Files that the question names; the rest is counted."""


class ExportModal(FrameModal[Wanted | None]):
    """Asks for the form and the folder; None for "back". Enter writes, in the list as in the field."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "back", key_display="Esc"),
        Binding("enter", "write", "write", key_display="Enter", priority=True),
        Binding("tab", "app.focus_next", "list or folder", key_display="Tab"),
    ]
    DEFAULT_CSS = """
    ExportModal {
        & > #card { width: 76; overflow-y: auto; }
        & OptionList {
            height: auto; border: none; background: $surface; padding: 0; overflow-x: hidden;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        & #export-line { height: 1; margin-top: 1; }
        & #export-line Static { width: 8; }
        & #export-folder { width: 1fr; background: $panel; }
        & #export-base { color: $text-muted; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-low #card-title, &.-low #export-line { margin: 0; }
        &.-low #export-base { display: none; }
    }
    """

    def __init__(self, base: Path, chosen: Wanted | None = None) -> None:
        super().__init__()
        first = FORMS[0]
        self._base = base
        self._chosen = chosen or Wanted(first.id, first.folder)
        self._usual = _usual(self._chosen.form)

    def body(self) -> Iterable[Widget]:
        """The forms, and the folder that the files go to."""
        yield Static("Export the plan as", id="card-title")
        yield OptionList(
            *(Option(form.line, id=form.id) for form in FORMS), id="export-forms", markup=False, compact=True
        )
        with Horizontal(id="export-line"):
            yield Static("Folder")
            yield Input(self._chosen.folder, id="export-folder", compact=True, select_on_focus=False)
        yield Static(Content(f"in {self._base}"), id="export-base")

    def on_mount(self) -> None:
        """The form that was chosen last is marked."""
        self._list.highlighted = [form.id for form in FORMS].index(self._chosen.form)
        self.set_focus(self._list)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's own
        """Enter writes what is marked; while nothing has the focus, nobody has seen what that is."""
        return action != "write" or self.focused is not None

    @property
    def _list(self) -> OptionList:
        return self.query_one("#export-forms", OptionList)

    @on(OptionList.OptionHighlighted)
    def _suggest(self, event: OptionList.OptionHighlighted) -> None:
        """Each form has its usual folder; one that was typed stays."""
        field = self.query_one("#export-folder", Input)
        before, self._usual = self._usual, _usual(event.option_id)
        if field.value == before:
            field.value = self._usual
            field.cursor_position = len(self._usual)

    @on(OptionList.OptionSelected)
    def action_write(self) -> None:
        """That form, to that folder."""
        form = FORMS[self._list.highlighted or 0]
        self.dismiss(Wanted(form.id, self.query_one("#export-folder", Input).value.strip() or "."))


def _usual(form: str | None) -> str:
    return next(each.folder for each in FORMS if each.id == form)


class ReplaceModal(FrameModal[bool | None]):
    """Asks before files that are there already are written anew. The focus starts on Back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "back", key_display="Esc"),
        Binding("right,down", "app.focus_next", show=False),
        Binding("left,up", "app.focus_previous", show=False),
    ]
    DEFAULT_CSS = """
    ReplaceModal {
        & #replace-buttons { height: auto; align-horizontal: right; margin-top: 1; }
        & #replace-buttons Button { margin-left: 2; }
        &.-low #replace-buttons, &.-low #card-title { margin: 0; }
    }
    """

    def __init__(self, there: Sequence[Path], base: Path) -> None:
        super().__init__()
        self._there, self._base = there, base

    def body(self) -> Iterable[Widget]:
        """Which files, and the two ways on."""
        number = len(self._there)
        yield Static(f"Replace {f'these {number} files' if number > 1 else 'this file'}?", id="card-title")
        for path in self._there[:MANY]:
            yield Static(Content(shown(path, self._base)))
        if number > MANY:
            yield Static(f"and {number - MANY} more")
        yield Static(f"{'They hold' if number > 1 else 'It holds'} something else, which would be lost.")
        with Horizontal(id="replace-buttons"):
            yield Button("Back", id="replace-back", compact=True)
            yield Button("Replace", id="replace-go", variant="error", compact=True)

    def on_mount(self) -> None:
        """Nothing is lost by pressing Enter once."""
        self.query_one("#replace-back", Button).focus()

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "replace-go")
