"""The right side: six tabs about the change under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static, Tab, Tabs

from ekswiz.plan import Change
from ekswiz.tui.preview.details import TABS, copied, section
from ekswiz.tui.preview.ink import Line, paint
from ekswiz.tui.preview.subject import Subject

NAMES = tuple(TABS)


class Detail(Vertical):
    """Tabs, and below them the text of one, which scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Tree", show=False)]
    DEFAULT_CSS = """
    Detail {
        & > Tabs { height: 2; }
        & Tab { padding: 0 1; }
        & > VerticalScroll { padding: 0 1; &:focus { background-tint: $foreground 3%; } }
        & #detail-text { width: 1fr; height: auto; }
    }
    """

    class Left(Message):
        """Escape: back to the tree."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.about: Subject | None = None
        self._lines: tuple[Line, ...] = ()

    def compose(self) -> ComposeResult:
        """Tabs above text."""
        yield Tabs(*(Tab(name, id=f"tab-{number}") for number, name in enumerate(NAMES, 1)))
        with VerticalScroll(id="detail-scroll"):
            yield Static(id="detail-text")

    @property
    def tab(self) -> str:
        """The name of the tab that is shown."""
        active = self.query_one(Tabs).active
        return NAMES[int(active.removeprefix("tab-")) - 1] if active else NAMES[0]

    @property
    def copied(self) -> str:
        """What the copy key takes; empty where nothing is shown."""
        return copied(self.about, self.tab) if self.about else ""

    def show(self, about: Subject) -> None:
        """Speak about another change, from its first line; about the same, where one was reading."""
        self.about, before = about, self.about
        if before != about:
            self._write(home=before is None or before.change != about.change)

    def show_section(self, title: str, changes: Sequence[Change]) -> None:
        """Speak about a heading."""
        self.about = None
        self._lines = tuple(section(title, changes))
        self._draw()

    def choose(self, number: int) -> None:
        """Show the tab of this number, from 1."""
        self.query_one(Tabs).active = f"tab-{number}"

    def turn(self, step: int) -> None:
        """Show the tab beside this one."""
        self.choose((NAMES.index(self.tab) + step) % len(NAMES) + 1)

    def action_leave(self) -> None:
        """Go back to the tree."""
        self.post_message(self.Left())

    @on(Tabs.TabActivated)
    def _turned(self, event: Tabs.TabActivated) -> None:
        event.stop()
        self._write()

    def _write(self, *, home: bool = True) -> None:
        if self.about is not None:
            self._lines = tuple(TABS[self.tab](self.about))
            self._draw(home=home)

    def on_resize(self) -> None:
        """Lines are wrapped to the width."""
        self._draw(home=False)

    def _draw(self, *, home: bool = True) -> None:
        scroll = self.query_one("#detail-scroll", VerticalScroll)
        room = self.size.width - scroll.styles.gutter.width - scroll.styles.scrollbar_size_vertical
        self.query_one("#detail-text", Static).update(paint(self._lines, max(room, 20)))
        if home:
            scroll.scroll_home(animate=False)
