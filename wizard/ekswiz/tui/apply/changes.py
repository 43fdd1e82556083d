"""The changes of a run as a widget: a line each, of which only those that changed are drawn anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual

from ekswiz.tui.preview.ink import Line, line, paint

Drawn = tuple[int, Style, Strip]
"""A line as it was drawn last, and the width and the style that it was drawn with."""


class ChangeList(ScrollView, can_focus=True):
    """Lines with a cursor. `put` says what stands in one; the cursor is nowhere until it is moved."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"change-list--line", "change-list--cursor", "change-list--hover"}
    DEFAULT_CSS = """
    ChangeList {
        height: 1fr; min-height: 3; padding: 0 1; background: $background; color: $foreground; overflow-x: hidden;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    ChangeList:focus { background-tint: $foreground 5%; }
    ChangeList > .change-list--cursor { background: $panel; color: $foreground; text-style: bold; }
    ChangeList > .change-list--hover { background: $block-hover-background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("home", "first", "First", show=False),
        Binding("end", "last", "Last", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("enter", "choose", "details", show=False),
    ]
    cursor: reactive[int | None] = reactive(None, repaint=False)
    hover: reactive[int | None] = reactive(None, repaint=False)

    @dataclass
    class Chosen(Message):
        """Somebody asks for a line's details."""

        number: int

    def __init__(self, count: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[Line] = [line()] * count
        self._drawn: dict[int, Drawn] = {}

    def on_mount(self) -> None:
        """The number of lines never changes, so neither does what scrolls."""
        self.virtual_size = Size(1, len(self.lines))

    def put(self, number: int, text: Line) -> None:
        """Let this stand in a line."""
        if self.lines[number] != text:
            self.lines[number] = text
            self._redraw(number)

    # ---- cursor and mouse

    def action_move(self, lines: int) -> None:
        """Move the cursor; behind the end comes the beginning."""
        if self.cursor is not None:
            self.cursor = (self.cursor + lines) % max(1, len(self.lines))
        else:
            self.cursor = self._within(0 if lines > 0 else len(self.lines))

    def action_first(self) -> None:
        """Put the cursor on the first line."""
        self.cursor = self._within(0)

    def action_last(self) -> None:
        """Put the cursor on the last line."""
        self.cursor = self._within(len(self.lines))

    def action_page(self, pages: int) -> None:
        """Move the cursor by what fits at once; it stops at the ends."""
        at = self.cursor if self.cursor is not None else 0 if pages < 0 else len(self.lines)
        self.cursor = self._within(at + pages * self.scrollable_content_region.height)

    def action_choose(self) -> None:
        """Ask for the details of the line under the cursor."""
        if self.cursor is not None:
            self.post_message(self.Chosen(self.cursor))

    def watch_cursor(self, before: int | None, now: int | None) -> None:
        """Keep the cursor in view."""
        self._redraw(before)
        self._redraw(now)
        self.reveal()

    def watch_hover(self, before: int | None, now: int | None) -> None:
        """The line under the mouse stands out."""
        self._redraw(before)
        self._redraw(now)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is, and ask for details."""
        number = self._under(event)
        if number is not None:
            self.cursor = number
            self.action_choose()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse."""
        self.hover = self._under(event)

    def on_leave(self) -> None:
        """The mouse has gone."""
        self.hover = None

    def on_resize(self) -> None:
        """Less room must not hide the cursor."""
        self.reveal()

    def reveal(self) -> None:
        """Scroll as little as shows the cursor."""
        if self.cursor is not None:
            place = Region(0, self.cursor, self.scrollable_content_region.width, 1)
            self.scroll_to_region(place, force=True, animate=False, immediate=True)

    # ---- drawing

    def render_line(self, y: int) -> Strip:
        """One line, cut where there is no more room."""
        number, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        style = self._style(number)
        if number >= len(self.lines):
            return Strip.blank(width, style.rich_style)
        drawn = self._drawn.get(number)
        if drawn is None or drawn[:2] != (width, style):
            (strip,) = Visual.to_strips(self, paint([self.lines[number]]), width, 1, style)
            drawn = self._drawn[number] = width, style, strip.extend_cell_length(width, style.rich_style)
        return drawn[2]

    def notify_style_update(self) -> None:
        """Another theme has other colours for the same words."""
        self._drawn.clear()
        self.refresh()
        super().notify_style_update()

    def _style(self, number: int) -> Style:
        """How the line looks where its words do not say."""
        if number == self.cursor:
            return self.get_visual_style("change-list--line", "change-list--cursor")
        if number == self.hover:
            return self.get_visual_style("change-list--line", "change-list--hover")
        return self.get_visual_style("change-list--line")

    def _redraw(self, number: int | None) -> None:
        if number is not None:
            self._drawn.pop(number, None)
            self.refresh_line(number)

    def _within(self, number: int) -> int | None:
        return min(max(number, 0), len(self.lines) - 1) if self.lines else None

    def _under(self, event: events.MouseEvent) -> int | None:
        place = event.get_content_offset(self)
        number = place.y + self.scroll_offset.y if place is not None else len(self.lines)
        return number if number < len(self.lines) else None
