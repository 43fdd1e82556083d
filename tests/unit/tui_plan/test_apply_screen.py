"""A run under a user's eyes: rows, stop at each change, failure and its ways on, signals, resizes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ekswiz.errors import Consentless, Exit, Locked, StalePlan
from unit.tui_plan.plans import FakeRoad, Gated, destroy_plan, event, full_plan

TOTAL = len(full_plan().pending)
ORDER = [each.address for each in full_plan().pending]


def raising(error: Exception) -> None:
    def run(made: Any, stop: Any) -> None:
        raise error
        yield

    return run


async def start(at: Any, run: Any, verb: Any = "apply") -> None:
    at.road.run = run
    at.app.go("apply", plan=full_plan() if verb == "apply" else destroy_plan(), verb=verb)
    await at.on("ApplyScreen")


async def over(at: Any) -> None:
    await at.until(lambda: at.screen != "ApplyScreen" or at.app.screen.over)


async def test_rows_head_and_log_follow_the_run(seat: Any) -> None:
    run = Gated()
    async with seat() as at:
        await start(at, run)
        await at.sees(
            "Applying 0 of 7", "now   + OIDC provider github", "wait  + Role", "last, on purpose", "left ~0:14"
        )
        run.step(2)
        await at.sees("Applying 2 of 7", "done  + OIDC provider github", "now   + Role", "left ~0:10")
        await at.sees("applied   oidc_provider.github  1.5 s  arn:of:oidc_provider.github")
        assert at.app.title == "ekswiz 2/7"
        assert at.app.wizard.busy == "apply"
        run.step(TOTAL)
        await at.on("ResultScreen")


async def test_an_unknown_time_is_unknown(seat: Any) -> None:
    run = Gated()
    async with seat(FakeRoad(usual=None)) as at:
        await start(at, run)
        await at.sees("Applying 0 of 7", "left unknown")
        run.step(TOTAL)
        await at.on("ResultScreen")


@pytest.mark.parametrize("finished", range(TOTAL))
async def test_a_stop_at_each_change_finishes_it_and_starts_nothing_more(seat: Any, finished: int) -> None:
    run = Gated()
    async with seat() as at:
        await start(at, run)
        for _ in range(finished):
            run.step()
        await at.until(lambda: at.app.screen.run_state.count("done") == finished and at.app.screen.run_state.running)
        await at.press("s")
        await at.sees("Stopping. Finishing: ")
        run.step()
        await over(at)
        if finished == TOTAL - 1:  # there was nothing left to hold back
            await at.on("ResultScreen")
            assert at.app.wizard.outcome is Exit.OK
            return
        await at.sees(f"{finished + 1} of 7 changes", "Stopped, as you asked.")
        kinds = [(each.type, each.address) for each in at.app.wizard.events]
        assert [a for kind, a in kinds if kind == "applied"] == ORDER[: finished + 1]
        assert [a for kind, a in kinds if kind == "stopped"] == ORDER[finished + 1 :]
        assert at.app.wizard.outcome is Exit.STOPPED
        assert at.app.wizard.busy == ""


async def test_quitting_while_it_runs_stops_first_and_explains_the_second_time(seat: Any) -> None:
    run = Gated()
    async with seat() as at:
        await start(at, run)
        await at.press("ctrl+c")
        await at.until(at.app.wizard.stop.is_set)
        await at.press("ctrl+c")
        await at.hears("Still stopping")
        await at.press("escape", "ctrl+q")
        assert at.screen == "ApplyScreen"
        run.step()
        await over(at)
        await at.sees("1 of 7 changes")


async def test_a_signal_is_a_stop_and_quits_when_the_change_has_ended(seat: Any) -> None:
    run = Gated()
    async with seat() as at:
        await start(at, run)
        await at.until(lambda: at.app.screen.run_state.running)
        at.app.signalled(Exit.TERMINATED)
        assert at.app.wizard.stop.is_set()
        run.step()
        await at.until(lambda: at.app._exit)
        assert at.app.return_value is Exit.TERMINATED
        assert [each.type for each in at.app.wizard.events].count("stopped") == TOTAL - 1
        assert at.app.wizard.farewell == ["ekswiz: 1 of 7 changes is made, 6 are not.", "Go on with: ekswiz resume"]


async def test_a_screen_that_is_taken_away_stops_the_run(seat: Any) -> None:
    run = Gated()
    async with seat() as at:
        await start(at, run)
        await at.until(lambda: at.app.screen.run_state.running)
        stop = at.app.wizard.stop
        at.app.switch_screen("start")
        await at.until(stop.is_set)
        run.step()


async def test_resizing_while_it_runs_keeps_every_row(seat: Any) -> None:
    run = Gated()
    async with seat() as at:
        await start(at, run)
        run.step(1)
        for size in ((60, 16), (120, 40), (80, 24)):
            await at.pilot.resize_terminal(*size)
            await at.sees("Applying 1 of 7", "done  + OIDC", "now   ~ Repo")
        await at.pilot.resize_terminal(40, 10)
        await at.sees("ekswiz needs 60 columns")
        run.step(TOTAL)
        await at.pilot.resize_terminal(80, 24)
        await at.on("ResultScreen")


async def test_enter_shows_a_change_in_full_and_l_hides_the_log(seat: Any) -> None:
    run = Gated()
    async with seat() as at:
        await start(at, run)
        run.step(1)
        await at.sees("Applying 1 of 7", "-- log")
        await at.press("l")
        await at.until(lambda: "-- log" not in at.text)
        await at.press("home", "enter")
        await at.on("RowModal")
        await at.sees("done  1.5 s, usually 2.0 s", "arn: arn:of:oidc_provider.github", "The same by hand")
        await at.press("escape", "y")
        await at.until(lambda: "oidc_provider.github" in at.app.clipboard)
        run.step(TOTAL)
        await at.on("ResultScreen")


# ---- what goes wrong


async def failed(at: Any) -> None:
    run = Gated(frozenset({"iam_role.deploy"}))
    await start(at, run)
    run.step(TOTAL)
    await over(at)
    await at.sees("FAIL  + Role", "skip  + Access entry", "4 of 7 changes are made", "undo the 2")


async def test_a_failure_skips_what_rests_on_it_and_says_what_exists(seat: Any) -> None:
    async with seat() as at:
        await failed(at)
        await at.sees("lacks it.", "r go on from here", "x exit, resume later")
        assert at.app.wizard.outcome is Exit.PARTIAL


async def test_going_on_shows_what_is_left_and_asks_again(seat: Any) -> None:
    async with seat() as at:
        await failed(at)
        await at.press("r")
        await at.on("PreviewScreen")
        await at.sees("Review first")
        assert len(at.road.applied) == 1


async def test_undo_shows_the_removal_of_what_this_run_made(seat: Any) -> None:
    async with seat() as at:
        await failed(at)
        at.road.gone = destroy_plan
        await at.press("u")
        await at.on("PreviewScreen")
        await at.sees("remove what ekswiz created")
        assert not at.road.destroyed


async def test_a_hand_off_is_of_what_is_left(seat: Any) -> None:
    async with seat() as at:
        at.app.wizard.application.look.says["hand_off"] = (Path("hand-off.md"),)
        await failed(at)
        await at.press("h")
        await at.hears("hand-off.md")
        (about,) = [asked for name, asked in at.app.wizard.application.look.asked if name == "hand_off"]
        assert "oidc_provider.github" not in {each.address for each in about[0].changes}


async def test_leaving_a_failed_run_says_how_to_go_on(seat: Any) -> None:
    async with seat() as at:
        await failed(at)
        await at.press("x")
        await at.until(lambda: at.app._exit)
        assert at.app.return_value is Exit.PARTIAL
        assert at.app.wizard.farewell[-1] == "Go on with: ekswiz resume"


@pytest.mark.parametrize(
    ("error", "words", "code"),
    [
        (StalePlan("iam_role.deploy has appeared.", "Plan again."), ["has appeared", "r plan again"], Exit.STALE),
        (Locked("by process 7.", "Wait for it."), ["Another run is at work", "Wait for it."], Exit.FAILED),
        (Consentless("nobody agreed."), ["Not agreed to: nobody agreed."], Exit.PREFLIGHT),
        (ZeroDivisionError("by zero"), ["a mistake in ekswiz: ZeroDivisionError: by zero"], Exit.FAILED),
    ],
)
async def test_a_run_that_cannot_begin_says_why_and_made_nothing(
    seat: Any, error: Exception, words: list[str], code: Exit
) -> None:
    async with seat() as at:
        await start(at, raising(error))
        await over(at)
        await at.sees(*words, "0 of 7 changes are made")
        assert at.app.wizard.outcome is code
        assert "undo" not in at.text


async def test_an_error_in_the_middle_is_partial(seat: Any) -> None:
    def run(made: Any, stop: Any) -> None:
        yield event("applied", ORDER[0], 1.0)
        raise Locked("the lock is gone.")

    async with seat() as at:
        await start(at, run)
        await over(at)
        await at.sees("1 of 7 changes is made", "the lock is gone.")
        assert at.app.wizard.outcome is Exit.PARTIAL


async def test_a_long_message_of_many_lines_stays_one_row_and_is_whole_below(seat: Any) -> None:
    def run(made: Any, stop: Any) -> None:
        yield event("failed", ORDER[0], 0.1, "one\ntwo [b]three[/b]\n" + "x" * 200)
        for address in ORDER[1:]:
            yield event("skipped", address)

    async with seat() as at:
        await start(at, run)
        await over(at)
        await at.sees("FAIL  + OIDC provider github", "two [b]three[/b]")
        assert "skip  ~ Repository" in at.text


async def test_a_destroy_runs_in_the_same_way(seat: Any) -> None:
    run = Gated()
    async with seat() as at:
        await start(at, run, "destroy")
        await at.sees("Removing 0 of 2", "now   - Access entry deploy", "remove what ekswiz created")
        run.step(2)
        at.app.wizard.verb = "destroy"
        await at.on("ResultScreen")
        assert len(at.road.destroyed) == 1
        assert json.dumps([each.address for each in at.road.destroyed[0].pending])
