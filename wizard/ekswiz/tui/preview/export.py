"""In which form the plan leaves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ekswiz.tui.frame import FrameModal

Form = Literal["json", "markdown", "hand-off"]
FORMS: tuple[tuple[Form, str], ...] = (
    ("json", "Plan as JSON         for: ekswiz apply FILE, or another program"),
    ("markdown", "Markdown             for a pull request"),
    ("hand-off", "Hand-off             Markdown and bash for an administrator"),
)


class ExportModal(FrameModal[Form | None]):
    """Asks for the form; None for "back"."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "back", key_display="Esc")]
    DEFAULT_CSS = "ExportModal OptionList { height: auto; border: none; background: $surface; padding: 0; }"

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder

    def body(self) -> Iterable[Widget]:
        """The forms, and where the file goes."""
        yield Static("Export the plan as", id="card-title")
        yield OptionList(*(Option(text, id=form) for form, text in FORMS))
        yield Static(f"It goes to {self._folder}.")

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(next((form for form, _ in FORMS if form == event.option_id), None))
