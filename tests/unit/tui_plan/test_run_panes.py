"""The lines of a run's changes, and its log: keys, mouse, themes, scrolling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ekswiz.plan import Plan
from ekswiz.tui.apply import words
from ekswiz.tui.apply.changes import ChangeList
from ekswiz.tui.apply.panes import KEPT
from ekswiz.tui.themes import DARK
from unit.tui_plan.plans import CREATE, change, event, plan
from unit.tui_plan.told import MANY, ORDER, Told, begin, log, rows, talk, written


def many(count: int = 40) -> Plan:
    return plan(*(change(f"namespace.n{number}", CREATE, after={"name": f"n{number}"}) for number in range(count)))


async def test_keys_move_the_cursor_and_keep_it_in_sight(seat: Any) -> None:
    run = Told()
    async with seat() as at:
        await begin(at, run, many())
        room = rows(at).scrollable_content_region.height
        for key, wanted in (
            ("down", 0), ("up", 39), ("down", 0), ("pagedown", room), ("pageup", 0), ("end", 39), ("home", 0),
        ):  # fmt: skip
            await at.press(key)
            assert rows(at).cursor == wanted, key
            assert rows(at).scroll_offset.y <= wanted < rows(at).scroll_offset.y + room, key
        await at.press("end")
        await at.pilot.resize_terminal(60, 16)
        await at.until(lambda: "n39" in at.text)
        run.tell(last=True)


@pytest.mark.parametrize(("key", "wanted"), [("down", 0), ("up", 39), ("pagedown", 39), ("pageup", 0)])
async def test_the_first_key_finds_an_end(seat: Any, key: str, wanted: int) -> None:
    run = Told()
    async with seat() as at:
        await begin(at, run, many())
        assert rows(at).cursor is None
        await at.press("enter")
        assert at.screen == "ApplyScreen"
        await at.press(key)
        assert rows(at).cursor == wanted
        run.tell(last=True)


async def test_a_click_shows_the_details_of_the_line_under_the_mouse(seat: Any) -> None:
    run = Told()
    async with seat() as at:
        await begin(at, run, many())
        await at.press("end", "home", "pagedown", "pagedown")
        top = rows(at).scroll_offset.y
        await at.pilot.hover(ChangeList, offset=(5, 3))
        assert rows(at).hover == top + 3
        await at.pilot.click(ChangeList, offset=(5, 3))
        await at.on("RowModal")
        await at.sees(f"namespace.n{top + 3}")
        await at.press("escape")
        assert rows(at).cursor == top + 3
        run.tell(last=True)


async def test_the_lines_take_on_another_theme(seat: Any) -> None:
    run = Told()
    async with seat() as at:
        at.app.register_theme(replace(DARK, name="alike", success="#8000ff"))  # the same but for one word's colour
        await begin(at, run)
        run.tell(event("applied", ORDER[0], 1.0))
        await at.sees("done  + OIDC")
        seen = set()
        for theme in (DARK.name, "alike"):
            at.app.theme = theme
            await at.pilot.pause()
            strip = rows(at).render_line(0)
            seen.add(next(each.style.color for each in strip if each.text.startswith("done")))
        assert len(seen) == 2
        run.tell(last=True)


# ---- the log


async def test_a_log_that_somebody_reads_further_up_stays_there(seat: Any) -> None:
    run = Told()
    async with seat() as at:
        await begin(at, run)
        run.tell(*talk(50))
        await at.sees("call 49")
        log(at).scroll_home(animate=False)
        await at.sees("call 0")
        run.tell(*talk(50, first=50))
        await at.until(lambda: len(written(at)) == 100)
        await at.pilot.pause()
        assert log(at).scroll_offset.y == 0
        assert log(at).vertical_scrollbar.window_virtual_size == 100
        log(at).scroll_end(animate=False)
        await at.sees("call 99")
        run.tell(last=True)


async def test_a_long_log_forgets_its_beginning_and_ends_with_its_last_line(seat: Any) -> None:
    run = Told()
    async with seat() as at:
        await begin(at, run)
        run.tell(*talk(KEPT + MANY))
        await at.until(lambda: len(at.app.wizard.events) == KEPT + MANY)
        await at.sees(words.log_line(run.events[-1]))
        assert len(log(at).lines) <= KEPT
        assert log(at).max_scroll_y == len(written(at)) - log(at).scrollable_content_region.height
        run.tell(last=True)
