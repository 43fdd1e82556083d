"""Every check of the doctor: what was looked at, what was found, why it matters, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ekswiz.frontend import Check
from ekswiz.tui.area import DataArea
from ekswiz.tui.frame import FrameScreen
from ekswiz.tui.keys import BACK
from ekswiz.tui.signs import STYLES

SIGNS = {"ok": "ok", "warn": "--", "fail": "xx", "skip": ".."}


class DoctorScreen(FrameScreen):
    """A list; below it the whole of the marked check."""

    STEP: ClassVar[str] = "doctor"
    BINDINGS: ClassVar[list[BindingType]] = [
        BACK,
        Binding("r", "again", "check again"),
        Binding("y", "copy", "copy fix"),
    ]
    DEFAULT_CSS = """
    DoctorScreen #checks { height: 1fr; border: none; padding: 0 1; background: $background; }
    DoctorScreen #check { height: auto; min-height: 4; padding: 0 2; border-top: solid $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[Check] = []

    def body(self) -> Iterable[Widget]:
        """List and detail."""
        yield DataArea(OptionList(id="checks", compact=True), id="checks-area")
        yield Static(id="check")

    def on_mount(self) -> None:
        """Run the checks unless that was done already."""
        if self.ekswiz.lookups["checks"].state == "idle":
            self.ekswiz.detection.check()
        self.wizard_changed()
        self.query_one("#checks", OptionList).focus()

    def wizard_changed(self) -> None:
        """A check came in."""
        super().wizard_changed()
        area, asked = self.query_one("#checks-area", DataArea), self.ekswiz.lookups["checks"]
        self._fill(self.ekswiz.detection.checks)
        if asked.state == "loading":
            area.reading("what can be checked", f"{len(self._shown)} so far" if self._shown else "")
        elif asked.error is not None:
            area.partly(asked.error) if self._shown else area.failed(asked.error)
        elif self._shown:
            area.ready()
        else:
            area.empty("There is nothing to check yet. Press r to check again.")

    def _fill(self, checks: list[Check]) -> None:
        table = self.query_one("#checks", OptionList)
        if checks[: len(self._shown)] != self._shown:
            table.clear_options()
            self._shown = []
        new = checks[len(self._shown) :]
        table.add_options([Option(_line(check)) for check in new])
        self._shown = list(checks)
        if table.highlighted is None and self._shown:
            table.highlighted = 0

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell all about the marked check."""
        check = self._shown[event.option_index]
        parts = [Content.styled(f"{check.title} ({check.id})", "bold"), Content(check.why)]
        if check.fix:
            parts.append(Content.assemble(Content.styled("Fix: ", "bold"), check.fix))
        self.query_one("#check", Static).update(Content("\n").join(parts))

    def action_again(self) -> None:
        """Check everything anew."""
        self.ekswiz.detection.check()
        self.ekswiz.tell_screens()

    def action_copy(self) -> None:
        """Copy what to do about the marked check."""
        at = self.query_one("#checks", OptionList).highlighted
        if at is not None and self._shown[at].fix:
            self.ekswiz.copy(self._shown[at].fix, f"the fix of {self._shown[at].id}")


def _line(check: Check) -> Content:
    sign = SIGNS[check.result]
    return Content.assemble(Content.styled(sign, f"bold {STYLES[sign]}"), f"   {check.title}: ", check.found)
