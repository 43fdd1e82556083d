"""The tree of changes by itself, and the frame around it: nothing that a user does early or elsewhere is lost."""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult

from ekswiz.tui.preview.tree import ChangeTree
from unit.tui_plan.plans import full_plan


class Alone(App[None]):
    """Nothing but the tree."""

    def compose(self) -> ComposeResult:
        yield ChangeTree()


async def test_a_key_in_the_moment_of_filling_moves_the_cursor_from_where_it_was_put() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        tree = app.query_one(ChangeTree)
        tree.fill(full_plan(), frozenset())
        first = tree.change
        tree.action_cursor_down()
        await pilot.pause()
        assert first is not None
        assert tree.change is not None
        assert tree.change.address != first.address


async def test_filling_again_keeps_the_cursor_on_its_change() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        tree = app.query_one(ChangeTree)
        tree.fill(full_plan(), frozenset())
        tree.action_cursor_down()
        await pilot.pause()
        before = tree.change
        tree.fill(full_plan(), frozenset({"namespace.app"}))
        await pilot.pause()
        assert before is not None
        assert tree.change is not None
        assert tree.change.address == before.address


async def test_a_plan_without_changes_has_no_cursor() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        tree = app.query_one(ChangeTree)
        tree.fill(full_plan(), frozenset(), wanted="no change is called this")
        await pilot.pause()
        assert tree.change is None


async def test_a_window_made_narrow_behind_a_box_is_narrow_when_the_box_goes(seat: Any) -> None:
    async with seat(size=(120, 40)) as at:
        await at.preview()
        await at.press("a")
        await at.on("ConfirmModal")
        await at.pilot.resize_terminal(64, 20)
        await at.press("escape")
        await at.on("PreviewScreen")
        await at.until(lambda: "Diff  Policy" not in at.text)
        await at.sees("Review first")
