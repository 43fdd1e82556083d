"""A run that tells much: nothing is lost or mixed up, keys are heard, and only what changed is drawn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ekswiz.errors import Exit
from ekswiz.events import Event
from ekswiz.plan import Plan
from ekswiz.target import Flag
from ekswiz.tui.apply import words
from ekswiz.tui.apply.changes import ChangeList
from ekswiz.tui.apply.panes import RunLog
from ekswiz.tui.preview.ink import plain
from unit.tui_plan.plans import event
from unit.tui_plan.told import MANY, ORDER, Told, begin, counting, rows, talk, written
from unit.tui_snapshots.snapshot import Frozen


async def test_many_events_at_once_are_all_in_the_log_in_order_and_drawn_in_handfuls(
    seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws, run = counting(monkeypatch, RunLog, "add"), Told()
    async with seat() as at:
        await begin(at, run)
        run.tell(event("started", ORDER[0]), *talk(MANY))
        await at.until(lambda: len(at.app.wizard.events) == MANY + 1)
        assert written(at) == [words.log_line(each) for each in run.events]
        assert at.app.wizard.events == run.events
        assert len(draws) < MANY / 10
        run.tell(last=True)


async def test_the_end_does_not_wait_for_the_blink_and_loses_nothing(
    seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ekswiz.tui.apply.screen.BLINK", 3600.0)
    draws, run = counting(monkeypatch, RunLog, "add"), Told()
    async with seat() as at:
        await begin(at, run)
        run.tell(*talk(MANY))
        await at.until(lambda: run.given == MANY)
        await at.pilot.pause()
        run.tell(event("failed", ORDER[0], 0.5, "no"), event("skipped", ORDER[1]), last=True)
        await at.until(lambda: at.app.screen.over)
        assert written(at) == [words.log_line(each) for each in run.events]
        assert len(draws) == 1
        assert plain([rows(at).lines[0]]).startswith("FAIL")
        assert plain([rows(at).lines[1]]).startswith("skip")
        await at.sees("FAIL  + OIDC provider github", "1 failed", "no")


async def test_a_stop_is_heard_while_events_pour_in(seat: Any) -> None:
    heard = threading.Event()

    def pouring(made: Plan, stop: Flag) -> Iterator[Event]:
        yield event("started", ORDER[0])
        number = 0
        while not stop.is_set():
            yield event("log", ORDER[0], message=f"call {number}")
            number += 1
            heard.wait(0.001)
        heard.set()
        yield event("applied", ORDER[0], 1.0)
        yield from (event("stopped", address) for address in ORDER[1:])

    async with seat() as at:
        await begin(at, pouring)
        await at.until(lambda: len(written(at)) > 20)
        await at.press("s")
        await at.until(lambda: at.app.screen.over)
        assert heard.is_set()
        assert at.app.wizard.outcome is Exit.STOPPED
        assert at.app.wizard.events[-1].type == "stopped"


async def test_the_cursor_follows_what_begins_until_the_user_moves_it(seat: Any) -> None:
    run = Told()
    async with seat() as at:
        await begin(at, run)
        run.tell(event("started", ORDER[0]), event("applied", ORDER[0], 1.0), event("started", ORDER[1]))
        await at.until(lambda: rows(at).cursor == 1)
        await at.press("end")
        assert rows(at).cursor == len(ORDER) - 1
        run.tell(event("applied", ORDER[1], 1.0), event("started", ORDER[2]))
        await at.sees("Applying 2 of 7", "now   + Role")
        assert rows(at).cursor == len(ORDER) - 1
        run.tell(last=True)


async def test_news_of_a_change_draws_its_line_only_and_moves_nothing(
    seat: Any, frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, layouts = Told(), []
    async with seat() as at:
        await begin(at, run)
        run.tell(event("started", ORDER[1]), *talk(30, ORDER[1]))
        await at.until(lambda: len(written(at)) == 31)
        await at.pilot.pause()
        at.app.screen.screen_layout_refresh_signal.subscribe(at.app.screen, layouts.append)
        drawn = counting(monkeypatch, ChangeList, "render_line")
        frozen.forward(1.0)
        run.tell(*talk(5, ORDER[1], 30))
        await at.sees("now   ~ Repository payments-api", "call 34", "elapsed 0:01")
        assert set(drawn) == {1}
        assert layouts == []
        run.tell(event("applied", ORDER[1], 1.0))
        await at.sees("done  ~ Repository payments-api")
        run.tell(last=True)


async def test_the_title_is_told_when_it_changes_only(seat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Told()
    async with seat() as at:
        told = counting(monkeypatch, type(at.app), "_tell_driver")
        await begin(at, run)
        for number in range(5):
            run.tell(*talk(1, first=number))
            await at.until(lambda n=number: len(written(at)) == n + 1)
        run.tell(event("applied", ORDER[0], 1.0))
        await at.sees("Applying 1 of 7")
        assert told.count("title") == 2
        run.tell(last=True)


async def test_a_hidden_log_goes_on_and_shows_its_end(seat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Told()
    async with seat() as at:
        await begin(at, run)
        restyled = counting(monkeypatch, type(at.app.screen), "update_node_styles")
        await at.press("l")
        await at.until(lambda: "-- log" not in at.text)
        run.tell(*talk(MANY))
        await at.until(lambda: len(written(at)) == MANY)
        await at.press("l")
        await at.sees("-- log, l hides it", written(at)[-1])
        assert len(restyled) < 2  # a class of the screen would bring one for each key; one may be left of the beginning
        run.tell(last=True)


async def test_an_end_behind_a_box_waits_until_the_box_is_closed(seat: Any) -> None:
    run = Told()
    async with seat() as at:
        await begin(at, run)
        await at.press("down", "enter")
        await at.on("RowModal")
        run.tell(*(event(kind, address) for address in ORDER for kind in ("started", "applied")), last=True)
        await at.until(lambda: not at.app.wizard.busy)
        await at.pilot.pause()
        assert at.screen == "RowModal"
        await at.press("escape")
        await at.on("ResultScreen")
