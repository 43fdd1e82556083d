"""Tree and details side by side: the plan to look at, to filter, and to leave changes out of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Tree

from ekswiz.answers import Answers
from ekswiz.permitted import Permissions
from ekswiz.plan import Change
from ekswiz.tui.preview.detail import NAMES, Detail
from ekswiz.tui.preview.offers import Offer, offer
from ekswiz.tui.preview.selection import reentry, refusal, without
from ekswiz.tui.preview.subject import Subject
from ekswiz.tui.preview.tree import ChangeTree
from ekswiz.view import View


class PlanBoard(Horizontal):
    """Shows a view. What is left out of it makes another view, which is announced and is the one that counts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"tab({number})", name, show=False) for number, name in enumerate(NAMES, 1)),
        Binding("alt+left", "turn(-1)", "tab before", show=False),
        Binding("alt+right", "turn(1)", "next tab", show=False),
    ]
    DEFAULT_CSS = """
    PlanBoard {
        height: 1fr;
        & #plan-left { width: 42%; height: 100%; border-right: vkey $panel; }
        & #plan-filter { display: none; }
        & #plan-filter.-open { display: block; }
        & #plan-detail { width: 1fr; height: 100%; }
    }
    """

    class Changed(Message):
        """Another selection of changes: the view that counts from now on, and how many are left out."""

        def __init__(self, view: View, skipped: int) -> None:
            super().__init__()
            self.view, self.skipped = view, skipped

    class Offered(Message):
        """The row asks for a consent, and the user wants to give it."""

        def __init__(self, found: Offer) -> None:
            super().__init__()
            self.offer = found

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._whole: View | None = None
        self._answers: Answers | None = None
        self._skipped: frozenset[str] = frozenset()
        self.consents: Iterable[str] = ()
        """Flags that were agreed to already."""

    def compose(self) -> ComposeResult:
        """Filter above tree, details beside them."""
        with Vertical(id="plan-left"):
            yield Input(placeholder="filter: sign, word or name", id="plan-filter", compact=True)
            yield ChangeTree(id="plan-tree")
        yield Detail(id="plan-detail")

    # ---- what is shown

    def show(self, view: View, answers: Answers) -> None:
        """Another plan, with nothing left out of it."""
        self._whole, self._answers, self._skipped = view, answers, frozenset()
        self._fill()
        self.query_one(ChangeTree).focus()

    def permitted(self, found: Permissions | None) -> None:
        """What is known of the caller's permissions by now."""
        if self._whole is not None:
            self._whole = replace(self._whole, permissions=found)
            self._describe(self.query_one(ChangeTree).change)

    @property
    def change(self) -> Change | None:
        """The change under the cursor."""
        return self.query_one(ChangeTree).change

    @property
    def detail(self) -> Detail:
        """The right side."""
        return self.query_one(Detail)

    def _fill(self) -> None:
        if self._whole is not None:
            wanted = self.query_one("#plan-filter", Input).value
            self.query_one(ChangeTree).fill(self._whole.plan, self._skipped, wanted)

    def _describe(self, change: Change | None) -> None:
        if self._whole is not None and self._answers is not None and change is not None:
            self.detail.show(Subject(change, self._whole, self._answers))

    @on(Tree.NodeHighlighted)
    def _highlighted(self, event: Tree.NodeHighlighted[Change]) -> None:
        event.stop()
        node = event.node
        if node.data is not None:
            self._describe(node.data)
        elif node.parent is not None:
            self.detail.show_section(str(node.label), [leaf.data for leaf in node.children if leaf.data])

    @on(Tree.NodeSelected)
    def _selected(self, event: Tree.NodeSelected[Change]) -> None:
        event.stop()
        if event.node.data is not None:
            self._describe(event.node.data)
            self.read()

    def read(self) -> None:
        """Put the details in front, and the keys into them."""
        self.add_class("-reading")
        self.query_one("#detail-scroll").focus()

    @on(Detail.Left)
    def _left(self) -> None:
        self.remove_class("-reading")
        self.query_one(ChangeTree).focus()

    def action_tab(self, number: int) -> None:
        """Show a tab of the details."""
        self.detail.choose(number)

    def action_turn(self, step: int) -> None:
        """Show the tab beside the present one."""
        self.detail.turn(step)

    # ---- leaving changes out

    @on(ChangeTree.SkipAsked)
    def _skip(self, event: ChangeTree.SkipAsked) -> None:
        """Leave a change out, take it in again, or say why that cannot be."""
        event.stop()
        if self._whole is None or self.ask(event.change):
            return
        address, plan = event.change.address, self._whole.plan
        problem = (reentry if address in self._skipped else refusal)(plan, address, self._skipped)
        if problem:
            self.notify(problem, title="Not so", severity="warning")
            return
        self._skipped = self._skipped ^ {address}
        self._fill()
        kept = replace(self._whole, plan=without(plan, self._skipped))
        self.post_message(self.Changed(kept, len(self._skipped)))

    def ask(self, change: Change) -> bool:
        """Pass on the consent that this row asks for; False if it asks for none."""
        found = offer(change)
        if found is None or found.flag in self.consents:
            return False
        self.post_message(self.Offered(found))
        return True

    # ---- filter

    def filter(self) -> None:
        """Open the filter."""
        box = self.query_one("#plan-filter", Input)
        box.add_class("-open")
        box.focus()

    def unfilter(self) -> bool:
        """Close the filter and show everything again; False if it was closed."""
        box = self.query_one("#plan-filter", Input)
        if not box.has_class("-open"):
            return False
        box.value = ""
        box.remove_class("-open")
        self.query_one(ChangeTree).focus()
        return True

    @on(Input.Changed, "#plan-filter")
    def _filtered(self) -> None:
        self._fill()

    @on(Input.Submitted, "#plan-filter")
    def _filter_done(self) -> None:
        self.query_one(ChangeTree).focus()
