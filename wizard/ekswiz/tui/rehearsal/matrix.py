"""The access matrix as a widget: a head that stays, a cursor, and cells that fill one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ekswiz.tui.rehearsal import wording
from ekswiz.tui.rehearsal.progress import Cell

Place = tuple[str, str]
"""Row and column of a cell, by their ids."""
HEAD = 2
"""Lines of the head: groups, then columns."""
NARROWEST, WIDEST = 4, 11
"""Columns of a cell."""
HEADS = ((9, wording.FULL), (6, wording.MIDDLE), (0, wording.BRIEF))
"""Columns of a cell from which the head uses these words."""
LABEL = (15, 26)
"""Columns of a row's label, at least and at most."""
GAP = 2
"""Columns that keep label and cells apart where there is room."""
PENDING = "."


class Matrix(ScrollView, can_focus=True):
    """Who can do what. Rows and columns are known before the first try; `fill` shows what was tried."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "matrix--head", "matrix--label", "matrix--yes", "matrix--no", "matrix--none", "matrix--surprise",
        "matrix--cursor",
    }  # fmt: skip
    DEFAULT_CSS = """
    Matrix { height: 1fr; scrollbar-size-horizontal: 0; scrollbar-size-vertical: 1; }
    Matrix > .matrix--head { color: $text-muted; text-style: bold; }
    Matrix > .matrix--label { color: $foreground; }
    Matrix > .matrix--yes { color: $success; text-style: bold; }
    Matrix > .matrix--no { color: $foreground; }
    Matrix > .matrix--none { color: $text-muted; }
    Matrix > .matrix--surprise { color: $error; text-style: bold reverse; }
    Matrix > .matrix--cursor { text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", "Up", show=False),
        Binding("down", "move(1, 0)", "Down", show=False),
        Binding("left", "move(0, -1)", "Left", show=False),
        Binding("right", "move(0, 1)", "Right", show=False),
        Binding("home", "move(-999, 0)", "First", show=False),
        Binding("end", "move(999, 0)", "Last", show=False),
        Binding("pageup", "move(-8, 0)", "Page up", show=False),
        Binding("pagedown", "move(8, 0)", "Page down", show=False),
        Binding("enter", "choose", "details", key_display="Enter"),
    ]
    cursor: reactive[tuple[int, int]] = reactive((0, 0))

    @dataclass
    class Chosen(Message):
        """Somebody asks what a cell rests on."""

        place: Place

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: tuple[str, ...] = ()
        self.columns: tuple[str, ...] = tuple(name for _, names in wording.GROUPS for name in names)
        self.cells: dict[Place, Cell] = {}

    def lay_out(self, rows: Sequence[str], columns: Sequence[str]) -> None:
        """Say which rows and columns there will be."""
        self.rows, self.columns = tuple(rows), tuple(columns)
        self.virtual_size = Size(self.size.width, len(self.rows) + HEAD)
        self.refresh()

    def empty(self) -> None:
        """Forget what was tried."""
        self.cells = {}
        self.refresh()

    def fill(self, cells: Mapping[Place, Cell]) -> None:
        """Show these cells; a row or column that nobody announced is added. The last one is kept in view."""
        rows = tuple(dict.fromkeys([*self.rows, *(row for row, _ in cells)]))
        columns = tuple(dict.fromkeys([*self.columns, *(column for _, column in cells)]))
        if (rows, columns) != (self.rows, self.columns):
            self.lay_out(rows, columns)
        fresh = {row for (row, column), cell in cells.items() if self.cells.get((row, column)) != cell}
        self.cells = dict(cells)
        if cells and self.cursor == (0, 0):
            self._reveal(rows.index(next(reversed(self.cells))[0]))
        self._draw_rows(rows.index(row) for row in fresh)

    @property
    def place(self) -> Place | None:
        """The cell under the cursor; None while there are none."""
        if not self.rows:
            return None
        return self.rows[self.cursor[0]], self.columns[self.cursor[1]]

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor; it stops at the edges."""
        if self.rows:
            row, column = self.cursor[0] + rows, self.cursor[1] + columns
            self.cursor = (min(max(row, 0), len(self.rows) - 1), min(max(column, 0), len(self.columns) - 1))

    def action_choose(self) -> None:
        """Ask for the details of the cell under the cursor."""
        if self.place:
            self.post_message(self.Chosen(self.place))

    def watch_cursor(self, before: tuple[int, int], now: tuple[int, int]) -> None:
        """Keep the cursor in view."""
        if self.place is not None:
            self._reveal(now[0])
            self._draw_rows({before[0], now[0]})

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a second click asks for details."""
        place = self._under(event.x, event.y)
        if place is not None:
            if place == self.cursor:
                self.action_choose()
            self.cursor = place

    def on_resize(self) -> None:
        """The widths follow the room there is."""
        self.virtual_size = Size(self.size.width, len(self.rows) + HEAD)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line: the head does not scroll."""
        if y < HEAD:
            return self._head(y)
        row = y - HEAD + self.scroll_offset.y
        return self._row(row) if row < len(self.rows) else Strip.blank(self._room, self.rich_style)

    def show_surprise(self) -> None:
        """Put the cursor on the first cell that is not as intended, if there is one."""
        place = next((place for place, cell in self.cells.items() if not cell.ok), None)
        if place is not None:
            self.cursor = (self.rows.index(place[0]), self.columns.index(place[1]))

    def _draw_rows(self, rows: Iterable[int]) -> None:
        """Draw these rows anew, and no other line."""
        for row in rows:
            line = HEAD + row - self.scroll_offset.y
            if line >= HEAD:
                self.refresh(Region(0, line, self.size.width, 1))

    def _reveal(self, row: int) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height - HEAD)
        if not top <= row < top + height:
            self.scroll_to(y=row if row < top else row - height + 1, animate=False)

    @property
    def _room(self) -> int:
        """Columns beside the scrollbar."""
        return self.scrollable_content_region.width

    def _widths(self) -> tuple[int, int]:
        """Columns of the label and of a cell."""
        room, count = self._room, max(1, len(self.columns))
        cell = min(WIDEST, max(NARROWEST, (room - LABEL[0] - GAP) // count))
        return min(LABEL[1], max(LABEL[0], room - cell * count)), cell

    def _head(self, line: int) -> Strip:
        label, cell = self._widths()
        style = self._style("head")
        words = next(words for least, words in HEADS if cell >= least)
        texts = [words.get(name, name)[: cell - 1].ljust(cell) for name in self.columns]
        if line == 0:
            texts = ["".join(title.ljust(cell * len(names)) for title, names in wording.GROUPS)]
        segments = [Segment(" " * label, style), *(Segment(text, style) for text in texts)]
        return Strip(segments).adjust_cell_length(self._room, self.rich_style)

    def _row(self, number: int) -> Strip:
        label, width = self._widths()
        name = self.rows[number]
        here = self.has_focus and number == self.cursor[0]
        style = self._style("label") + (Style(bold=True) if here else Style())
        segments = [Segment(wording.row(name)[: label - 1].ljust(label), style)]
        for place, column in enumerate(self.columns):
            word, style = self._cell(self.cells.get((name, column)))
            if here and place == self.cursor[1]:
                style += self._style("cursor")
            if style.reverse:  # the gap beside it must not light up
                segments += [Segment(word, style), Segment(" " * (width - len(word)), self.rich_style)]
            else:
                segments.append(Segment(word.ljust(width), style))
        return Strip(segments).adjust_cell_length(self._room, self.rich_style)

    def _cell(self, cell: Cell | None) -> tuple[str, Style]:
        if cell is None:
            return PENDING, self._style("none")
        if not cell.ok:
            return cell.word, self._style("surprise")
        return cell.word, self._style("none" if not cell.tried else "yes" if cell.got == "yes" else "no")

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"matrix--{name}", partial=False)

    def _under(self, x: int, y: int) -> tuple[int, int] | None:
        label, width = self._widths()
        row, column = y - HEAD + self.scroll_offset.y, (x - label) // width
        inside = y >= HEAD and row < len(self.rows) and 0 <= column < len(self.columns)
        return (row, column) if inside else None
