"""What stands above and below the changes of a run. Both draw often, and neither moves anything else by that."""

from __future__ import annotations

from collections.abc import Iterable

from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Log, Static

from ekswiz.tui.preview.ink import Line, line, paint

KEPT = 2000
"""Lines that the log keeps."""


class Head(Static):
    """How far the run is: one line, or two where it does not fit."""

    DEFAULT_CSS = "Head { height: auto; max-height: 2; padding: 0 1; background: $surface; }"
    _said: Line = line()

    def say(self, said: Line) -> None:
        """Put this there. The layout is asked again only if this or what stood there takes more than a line."""
        if said == self._said:
            return
        widest = max(sum(len(text) for text, _ in each) for each in (self._said, said))
        self._said = said
        self.update(paint([said]), layout=widest > self.content_size.width)


class RunLog(Log):
    """The newest lines of a run, in sight unless somebody scrolls back.

    Textual's own `Log` lays the whole screen out for each line, and starts a thread to measure it; this one does not.
    """

    DEFAULT_CSS = "RunLog { height: 35%; padding: 0 1; background: $surface; scrollbar-size-horizontal: 0; }"
    virtual_size = Reactive(Size(0, 0))

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(max_lines=KEPT, auto_scroll=True, id=id)

    def add(self, lines: Iterable[str]) -> None:
        """Write lines behind the others."""
        at_end = self.is_vertical_scroll_end and not self.is_vertical_scrollbar_grabbed
        self.write("".join(f"{each}\n" for each in lines), scroll_end=False)
        self.virtual_size = Size(self.virtual_size.width, self.line_count)  # `write` counts what it then drops, too
        if at_end:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        else:  # the oldest lines may have gone, and with them all others moved
            self.refresh()

    def watch_virtual_size(self, before: Size, now: Size) -> None:
        """The scrollbar follows; only its coming and going takes room from the lines."""
        room = self.container_size.height
        if (before.height > room) != (now.height > room):
            self.refresh(layout=True)
        elif self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = now.height
