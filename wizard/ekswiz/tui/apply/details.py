"""One change of a run, in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from ekswiz.tui import clock
from ekswiz.tui.apply.rows import Row
from ekswiz.tui.apply.words import INKS, seconds
from ekswiz.tui.frame import FrameModal
from ekswiz.tui.preview.ink import Line, line, paint
from ekswiz.tui.preview.names import described


class RowModal(FrameModal[None]):
    """State, message, what it has made, and the command that does the same."""

    DEFAULT_CSS = "RowModal { & #row-scroll { height: auto; max-height: 16; } }"

    def __init__(self, row: Row, usual: Mapping[str, float]) -> None:
        super().__init__()
        self._row = row
        self._usual = usual.get(row.change.address)

    def body(self) -> Iterable[Widget]:
        """Title, then everything, which scrolls."""
        yield Static(described(self._row.change), id="card-title", markup=False)
        yield VerticalScroll(Static(paint(lines(self._row, self._usual)), id="row-text"), id="row-scroll")

    def on_mount(self) -> None:
        """Arrow keys scroll."""
        self.query_one("#row-scroll").focus()


def lines(row: Row, usual: float | None) -> Iterator[Line]:
    """What is known about a change of a run."""
    spent = row.spent(clock.steady())
    often = f", usually {seconds(usual)}" if usual is not None else ""
    yield ((row.state, INKS[row.state]), (f"  {seconds(spent)}{often}" if spent else "", "plain"))
    yield line(row.change.address, "faint")
    if row.message:
        yield line()
        yield from (line(text) for text in row.message.split("\n"))
    if row.outputs:
        yield line()
        yield line("Made", "strong")
        yield from (((f"  {name}: ", "key"), (str(value), "plain")) for name, value in row.outputs.items() if value)
    yield line()
    yield line("The same by hand", "strong")
    yield from (line(text) for text in row.change.cli.split("\n"))
