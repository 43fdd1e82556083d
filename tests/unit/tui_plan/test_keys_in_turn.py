"""Keys that are typed faster than the wizard draws: each finds what the one before it has opened.

The oracle is the wizard itself: a burst leaves what the same keys leave when each is waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList

from ekswiz.tui.keys import InTurn
from ekswiz.tui.preview.board import PlanBoard
from ekswiz.tui.preview.tree import ChangeTree
from unit.tui_plan.plans import FakeRoad, Gated, full_plan

DEADLINE = 20.0


def burst(app: App[Any], *keys: str) -> None:
    """All at once, as a terminal's input thread hands them over."""
    assert app._driver is not None
    for key in keys:
        app._driver.process_message(events.Key(key, key if len(key) == 1 else None))


# ---- the app by itself


class Box(ModalScreen[str]):
    """A line to type in; it is there when the test says so."""

    def __init__(self, gate: asyncio.Event) -> None:
        super().__init__()
        self._gate = gate

    def compose(self) -> ComposeResult:
        yield Input(id="line")

    async def on_mount(self) -> None:
        await self._gate.wait()
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class Rows(OptionList):
    """A list that is not through with a row before the test says so."""

    def __init__(self, gate: asyncio.Event) -> None:
        super().__init__("one", "two")
        self._gate = gate

    async def on_option_list_option_selected(self) -> None:
        await self._gate.wait()


class Desk(InTurn[None]):
    """A line and a list; F1 opens the box, and so does Enter in the list, by a message."""

    BINDINGS: ClassVar[list[BindingType]] = [("f1", "open", "box"), ("f2", "drop", "remove the line")]

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.got: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield Input(id="below")
        yield Rows(self.gate)

    @on(OptionList.OptionSelected)
    def action_open(self) -> None:
        self.push_screen(Box(self.gate), self.got.append)

    async def action_drop(self) -> None:
        await self.query_one("#below").remove()

    @property
    def below(self) -> str:
        return self.screen_stack[0].query_one("#below", Input).value


async def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        await asyncio.sleep(0.01)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    app = Desk()
    async with app.run_test():
        yield app
        app.gate.set()


async def test_what_is_typed_behind_the_opening_key_is_the_box_s(desk: Desk) -> None:
    burst(desk, "a", "f1", "b", "c", "enter", "d")
    await until(lambda: desk.below == "ad")
    assert desk.got == ["bc"]


async def test_keys_wait_for_a_box_that_takes_its_time(desk: Desk) -> None:
    desk.gate.clear()
    burst(desk, "f1", "b", "enter")
    await until(lambda: isinstance(desk.screen, Box))
    burst(desk, "x")
    desk.gate.set()
    await until(lambda: desk.below == "x")
    assert desk.got == ["b"]


async def test_a_box_that_a_message_opens_is_waited_for_too(desk: Desk) -> None:
    burst(desk, "tab", "enter", "b", "enter", "down", "enter", "c", "enter")
    await until(lambda: len(desk.got) == 2)
    assert (desk.got, desk.below) == (["b", "c"], "")


async def test_what_is_pasted_has_its_turn(desk: Desk) -> None:
    burst(desk, "a", "f1")
    assert desk._driver is not None
    desk._driver.process_message(events.Paste("pasted"))
    burst(desk, "enter", "z")
    await until(lambda: desk.below == "az")
    assert desk.got == ["pasted"]


async def test_the_taker_may_be_gone(desk: Desk) -> None:
    burst(desk, "f2", "down", "enter", "b", "enter")
    await until(lambda: desk.got == ["b"])


async def test_a_key_waits_for_what_hangs_a_while_and_no_longer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ekswiz.tui.keys.PATIENCE", 0.05)
    desk.gate.clear()
    burst(desk, "tab", "enter")
    await until(lambda: desk.focused is not None and desk.focused.id is None and desk._turn is not None)
    desk.query_one("#below").focus()
    burst(desk, "c")
    await until(lambda: desk.below == "c")


async def test_one_can_leave_whatever_hangs(desk: Desk) -> None:
    desk.gate.clear()
    burst(desk, "tab", "enter", "b", "c")
    await until(lambda: len(desk._held) == 2)
    burst(desk, "ctrl+q")
    await until(lambda: desk._exit)
    assert not desk.got
    desk.gate.set()


# ---- the wizard

Go = Callable[[Any], Any]


async def preview(at: Any) -> None:
    await at.preview()


async def destroy(at: Any) -> None:
    await at.preview(verb="destroy")


async def gather(at: Any) -> None:
    at.app.go("gather", step="account")
    await at.sees("Which AWS account")
    at.app.screen.query_one("#box-profile").focus()
    await at.pilot.pause()


async def repository(at: Any) -> None:
    at.app.go("gather", step="github")
    await at.sees("Which repository")
    at.app.screen.query_one("#box-branch").focus()
    await at.pilot.pause()


async def apply(at: Any) -> None:
    at.app.go("apply", plan=full_plan())
    await at.sees("Applying 0 of 7")


async def start(at: Any) -> None:
    await at.on("StartScreen")


BURSTS: dict[str, tuple[Go, tuple[str, ...]]] = {
    "export": (preview, ("e", "down", "down", "up", "enter")),
    "export, from where one is": (preview, ("down", "e", "down", "enter", "down")),
    "export, folder": (preview, ("e", "tab", "x", "y", "enter")),
    "export, and back": (preview, ("e", "down", "escape", "down", "down")),
    "confirm": (preview, ("a", "down", "space", "down", "space", "1", "2")),
    "confirm, not yet": (preview, ("a", "up", "enter", "space", "space")),
    "confirm, and back": (preview, ("a", "enter", "down", "space")),
    "confirm a removal": (destroy, ("a", "down", "space", "9", "9", "9", "9", "enter")),
    "why": (preview, ("f1", "down", "escape", "down")),
    "details": (preview, ("enter", "down", "5", "escape", "down")),
    "filter": (preview, ("slash", "a", "e", "enter", "down")),
    "palette": (preview, ("ctrl+p", "d", "o", "c", "t", "a")),
    "quit box": (preview, ("ctrl+c", "right", "n", "down")),
    "quit box from a box": (preview, ("e", "down", "ctrl+p", "a")),
    "skip": (preview, ("down", "space", "down", "space", "a", "space")),
    "pick": (gather, ("space", "down", "enter", "down", "space", "e", "escape")),
    "pick by name": (gather, ("space", "p", "r", "o", "enter")),
    "why beside a question": (repository, ("x", "f1", "y", "z")),
    "steps": (repository, ("ctrl+n", "ctrl+n", "ctrl+b", "down", "space")),
    "Enter all the way": (gather, ("ctrl+n", "enter", "enter", "enter")),
    "doctor": (start, ("d", "down", "down", "escape", "down")),
    "row of a run": (apply, ("down", "enter", "down", "s", "l")),
}


def state(at: Any, folder: Path) -> tuple[Any, ...]:
    """What a key can change."""
    app, trees = at.app, [tree for screen in at.app.screen_stack for tree in screen.query(ChangeTree)]
    focused = app.focused
    values = [getattr(app.screen.focused, name, None) for name in ("value", "highlighted", "cursor", "cursor_line")]
    return (
        [type(screen).__name__ for screen in app.screen_stack],
        focused and (type(focused).__name__, focused.id, *map(str, values)),
        [(tree.cursor_line, sorted(tree.skipped)) for tree in trees],
        dict(app.wizard.draft.values),
        (app.wizard.busy, bool(app.wizard.busy) and app.wizard.stop.is_set(), len(at.road.applied)),
        [path.name for path in files(folder)],
    )


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def clear(folder: Path) -> None:
    for path in files(folder):
        path.unlink()


async def rest(at: Any) -> None:
    """Until all that was typed is done, and what it has begun."""
    await at.pilot.pause()
    await until(lambda: at.app._turn is None and not at.app._held)
    await until(lambda: all(worker.is_finished for worker in at.app.workers if worker.group == "ask"))
    await at.pilot.pause()


async def one_by_one(at: Any, keys: Sequence[str]) -> None:
    for key in keys:
        burst(at.app, key)
        await rest(at)


async def at_once(at: Any, keys: Sequence[str]) -> None:
    burst(at.app, *keys)
    await rest(at)


async def left(
    seat: Any, folder: Path, go: Go, keys: Sequence[str], typing: Callable[[Any, Sequence[str]], Any]
) -> Any:
    """What is left after these keys."""
    run = Gated()
    async with seat(FakeRoad(run=run)) as at:
        try:
            await go(at)
            await typing(at, keys)
            found = state(at, folder)
        finally:
            run.step(len(full_plan().changes))
    return found


@pytest.mark.parametrize("name", BURSTS)
async def test_a_burst_does_what_its_keys_do_one_by_one(seat: Any, tmp_path: Path, name: str) -> None:
    go, keys = BURSTS[name]
    slow = await left(seat, tmp_path, go, keys, one_by_one)
    clear(tmp_path)
    assert await left(seat, tmp_path, go, keys, at_once) == slow


async def test_enter_in_a_box_without_focus_writes_nothing(seat: Any, tmp_path: Path) -> None:
    async with seat() as at:
        await preview(at)
        await at.press("e")
        await at.on("ExportModal")
        at.app.screen.set_focus(None)
        await at.press("enter")
        assert at.screen == "ExportModal"
        assert files(tmp_path) == []


async def test_late_permissions_leave_the_reader_where_one_reads(seat: Any) -> None:
    async with seat(size=(60, 16)) as at:
        await preview(at)
        await at.press("down", "enter")
        scroll = at.app.screen.query_one("#detail-scroll")
        await at.until(lambda: scroll.max_scroll_y > 1)
        scroll.scroll_to(y=2, animate=False)
        await at.until(lambda: scroll.scroll_y == 2)
        board = at.app.screen.query_one(PlanBoard)
        found = at.app.wizard.view.permissions
        board.permitted(replace(found, caller="arn:aws:iam::123456789012:user/another"))
        await at.pilot.pause()
        assert scroll.scroll_y == 2
