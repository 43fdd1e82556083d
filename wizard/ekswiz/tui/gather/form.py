"""One step's questions, one under the other."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Button

from ekswiz import steps
from ekswiz.frontend import Draft
from ekswiz.steps import Step
from ekswiz.tui.gather.row import Row


class Form(VerticalScroll, can_focus=False):
    """The rows of a step. Rows that the other answers make senseless are out of sight, and keep their text."""

    DEFAULT_CSS = """
    Form { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    Form > .more { margin: 0 0 1 1; min-width: 23; }
    """

    def __init__(self, step: Step) -> None:
        super().__init__(id=f"form-{step.id}")
        self.step = step
        self.rows = {field.name: Row(field) for field in step.fields}
        self.more = False
        """Whether the questions are in sight that nearly everybody leaves as they are."""
        self._button = Button("", id=f"more-{step.id}", classes="more", compact=True)

    def compose(self) -> ComposeResult:
        """Every row; which ones are in sight is said by `show`."""
        yield from self.rows.values()
        yield self._button

    def show(self, draft: Draft) -> None:
        """Put the draft's values into the boxes. A question that cannot stay as it is, is always in sight."""
        asked = {field.name: field for field in steps.visible(self.step, draft)}
        refused = steps.problems(self.step, draft)
        further = [name for name, field in asked.items() if field.more]
        for name, row in self.rows.items():
            row.display = name in asked and (self.more or name not in further or name in refused)
            row.show(steps.shown_text(draft, row.field))
        self._button.display = bool(further)
        self._button.label = f"{'Fewer' if self.more else 'More'} questions ({len(further)})"

    @property
    def asked(self) -> list[Row]:
        """The rows in sight, in their order."""
        return [row for row in self.rows.values() if row.display]

    @property
    def focused(self) -> Row | None:
        """The row that has the focus."""
        return next((row for row in self.rows.values() if row.box.has_focus), None)
