"""The changes as a tree: headings, rows with sign and word, those to review once more at the top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from ekswiz.plan import Action, Change, Plan
from ekswiz.tui.preview.names import label, sections

COMPONENT: Mapping[Action, str] = {action: f"change--{action.word}" for action in Action}
INDENT = 2
SKIPPED = "skip"
CUT = ".."
"""Stands for what is cut out of a label that is too long."""


class ChangeTree(Tree[Change]):
    """A plan's changes. A node without data is a heading."""

    ICON_NODE = "> "
    ICON_NODE_EXPANDED = "v "
    COMPONENT_CLASSES: ClassVar[set[str]] = {*COMPONENT.values(), "change--risk", "change--heading"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "skip", "Skip", show=False),
        Binding("left", "fold(False)", "Fold", show=False),
        Binding("right", "fold(True)", "Unfold", show=False),
    ]
    DEFAULT_CSS = """
    ChangeTree {
        background: $surface;
        padding: 0;
        scrollbar-size-horizontal: 0;
        & > .change--create { color: $text-success; }
        & > .change--update { color: $text-warning; }
        & > .change--delete { color: $text-error; }
        & > .change--replace { color: $text-error; text-style: bold; }
        & > .change--keep { text-style: dim; }
        & > .change--unknown { color: $text-secondary; }
        & > .change--risk { color: $text-error; text-style: bold reverse; }
        & > .change--heading { text-style: bold; }
    }
    """

    class SkipAsked(Message):
        """Space on a change."""

        def __init__(self, change: Change) -> None:
            super().__init__()
            self.change = change

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("changes", id=id)
        self.skipped: frozenset[str] = frozenset()
        self._shown: tuple[Plan, frozenset[str], str] | None = None

    def on_mount(self) -> None:
        """Only now its styles are known, which a label's width depends on."""
        self.show_root = False
        self.show_guides = False
        self.guide_depth = INDENT

    def fill(self, plan: Plan, skipped: frozenset[str], wanted: str = "") -> None:
        """Show a plan, or what a filter leaves of it; the cursor stays on its change.

        The cursor is placed here, not after a refresh: a key pressed in between would be lost.
        """
        if self._shown is not None and self._shown[0] is plan and self._shown[1:] == (skipped, wanted):
            return
        self._shown = (plan, skipped, wanted)
        self.skipped = skipped
        at = self._place()
        folded = {str(node.label) for node in self.root.children if not node.is_expanded}
        self.clear()
        for title, changes in sections(plan, wanted):
            heading = self.root.add(f"{title}  {len(changes)}", expand=str(f"{title}  {len(changes)}") not in folded)
            for change in changes:
                heading.add_leaf(label(change), change)
        self._put_cursor(at)

    @property
    def change(self) -> Change | None:
        """The change under the cursor."""
        return self.cursor_node.data if self.cursor_node else None

    def _place(self) -> tuple[str, str]:
        """Heading and address under the cursor: a change to review stands under two headings."""
        node = self.cursor_node
        if node is None or node.data is None or node.parent is None:
            return "", ""
        return str(node.parent.label).rpartition("  ")[0], node.data.address

    def _put_cursor(self, at: tuple[str, str]) -> None:
        rows = [(str(h.label).rpartition("  ")[0], node) for h in self.root.children for node in h.children]
        same = [(title, node) for title, node in rows if node.data and node.data.address == at[1]]
        chosen = next((node for title, node in same if title == at[0]), None)
        target = chosen or (same[0][1] if same else rows[0][1] if rows else None)
        lines = self.last_line  # counts the lines, which also gives the nodes their line numbers
        self.cursor_line = -1  # else the same line number would still mean what stood there before
        if lines >= 0 and target is not None:
            self.cursor_line = target.line
            self.call_after_refresh(self._reveal)

    def _reveal(self) -> None:
        if self.cursor_line >= 0:
            self.scroll_to_line(self.cursor_line, animate=False)

    def action_skip(self) -> None:
        """Ask to leave the change out, or to take it in again; a heading folds."""
        if self.change is not None:
            self.post_message(self.SkipAsked(self.change))
        elif self.cursor_node is not None:
            self.cursor_node.toggle()

    def action_fold(self, expand: bool) -> None:
        """Fold or unfold the heading that the cursor is under."""
        node = self.cursor_node
        heading = node if node is None or node.data is None else node.parent
        if heading is None:
            return
        heading.expand() if expand else heading.collapse()
        if not expand:
            self.move_cursor(heading)

    def render_label(self, node: TreeNode[Change], base_style: Style, style: Style) -> Text:
        """A heading with its count, or sign, name and mark, cut to the width so that the mark is always seen."""
        if node.data is None:
            icon = self.ICON_NODE_EXPANDED if node.is_expanded else self.ICON_NODE
            heading = self.get_component_rich_style("change--heading", partial=True)
            return Text.assemble((icon, base_style), (str(node.label), style + heading))
        return self._row(node.data, style, under_cursor=node is self.cursor_node)

    def _row(self, change: Change, style: Style, *, under_cursor: bool) -> Text:
        skipped = change.address in self.skipped
        name_of = COMPONENT[Action.KEEP if skipped else change.action]
        # Under the cursor its own colours hold: a sign's colour on the cursor's ground could not be read.
        ink = style if under_cursor else style + self.get_component_rich_style(name_of, partial=True)
        risk = style if under_cursor else style + self.get_component_rich_style("change--risk", partial=True)
        tail = f"  {SKIPPED}" if skipped else ""
        mark = " !" if change.risks else ""
        room = self._room() - len(tail) - len(mark)
        name = shortened(label(change), room)
        space = " " * max(0, room - len(name))
        sign = f"{change.action.value} "
        return Text.assemble(
            (sign, ink), (name, ink), (space, style), (tail, style), (mark[:1], style), (mark[1:], risk)
        )

    def _room(self) -> int:
        """Cells for a name: the width without indent, sign, and the scrollbar that may come."""
        return max(8, self.container_size.width - INDENT - 2 - 2)


def shortened(text: str, room: int) -> str:
    """A text cut in its middle, so that it fits. More of its end stays: names differ there."""
    if len(text) <= room:
        return text
    head = (room - len(CUT)) // 3
    tail = room - len(CUT) - head
    return f"{text[:head]}{CUT}{text[len(text) - tail :]}"
