from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ekswiz.errors import Expired, InputError, Refused, TargetError, Transient, Unreadable
from ekswiz.frontend import Draft, Given
from ekswiz.state import Unfinished
from ekswiz.tui.start.screen import StartScreen
from unit.tui.doubles import FROM, KNOWN, MIRA, everything, nothing

EVERY = ("draft", "profiles", "identity", "clusters", "repository", "checks")


async def test_the_menu_works_while_nothing_is_known_yet(at: Any) -> None:
    # given a machine on which no lookup has ended
    async with at(hold=EVERY) as seat:
        assert "Set up a pipeline" in seat.text
        assert "..   AWS" in seat.text
        # when the user presses Enter
        await seat.press("enter")
        # then the questions are there
        await seat.on("GatherScreen")
        assert "Which AWS account" in seat.text


async def test_rows_flip_as_answers_come_in(at: Any) -> None:
    async with at(hold=("identity", "repository", "checks")) as seat:
        await seat.sees("ok   Repository  acme/payments-api  branch main  from git remote origin")
        assert "..   AWS" in seat.text
        seat.look.let("identity")
        await seat.sees("ok   AWS         dev-admin  account 1234-5678-9012  session 47 min")
        assert "waits for what is above" in seat.text
        seat.look.let("repository", "checks")
        await seat.sees("ok   GitHub", "1 ok, 1 --, 1 xx", "xx               Clock: off by 400 s")


async def test_a_container_engine_that_answers_is_offered_for_a_full_rehearsal(at: Any) -> None:
    says = everything()
    says["checks"] = [replace(one, result="ok") if one.id == "docker" else one for one in says["checks"]]
    async with at(says) as seat:
        await seat.sees("Rehearse with containers")
        await seat.press("down", "down", "enter")
        await seat.on("Blank")
        assert type(seat.app.screen).last == {"full": True}


async def test_without_an_engine_it_is_not_offered(at: Any) -> None:
    async with at() as seat:
        await seat.settled()
        await seat.sees("Docker")
        assert "containers" not in seat.text


async def test_the_worst_check_comes_first(at: Any) -> None:
    async with at() as seat:
        await seat.settled()
        await seat.sees("Clock", "Docker")
        assert seat.text.index("Clock") < seat.text.index("Docker")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Expired("the token ended at 11:00"), ("xx   AWS", "session has expired", "Press l: aws sso login")),
        (TargetError("no credentials were found", "Run: aws configure sso"), ("xx   AWS", "aws configure sso")),
        (Refused("sts:GetCallerIdentity is denied"), ("--   AWS", "Denied: sts:GetCallerIdentity")),
        (Transient("could not reach sts.amazonaws.com"), ("--   AWS", "No answer", "Press r: try again")),
        (Unreadable("may not be read"), ("--   AWS", "May not be read")),
        (InputError("--profile", "there is no AWS profile 'x'.", "See: aws configure list-profiles"), ("xx   AWS",)),
        (RuntimeError("boom"), ("xx   AWS", "a mistake in ekswiz: RuntimeError: boom")),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_each_kind_of_failure_has_its_own_sentence(at: Any, error: Exception, words: tuple[str, ...]) -> None:
    async with at({**everything(), "identity": error}) as seat:
        await seat.sees(*words)


async def test_a_machine_without_anything_says_what_to_do(at: Any) -> None:
    async with at(nothing()) as seat:
        await seat.settled()
        await seat.sees("aws configure sso", "no git remote at GitHub", "nothing to check yet")


async def test_try_again_asks_what_failed_and_nothing_else(at: Any) -> None:
    said = everything()
    async with at({**said, "identity": Transient("no network")}) as seat:
        await seat.sees("No answer")
        seat.look.says["identity"] = MIRA
        seat.look.asked.clear()
        await seat.press("r")
        await seat.sees("account 1234-5678-9012")
        await seat.settled()
        assert {name for name, _ in seat.look.asked} == {"identity", "clusters"}


async def test_the_cursor_starts_on_the_likeliest_row(at: Any, tmp_path: Path) -> None:
    # given an answers file and an interrupted run
    (tmp_path / "ekswiz.toml").write_text("")
    left = Unfinished("apply", "2026-01-01T10:00:00+00:00", (), ("iam_role.push", "iam_role.deploy"))
    async with at(left=left) as seat:
        await seat.sees("Resume", "the apply of 2026-01-01 left 2 changes undone")
        menu = seat.app.screen.query_one("#menu")
        assert menu.get_option_at_index(menu.highlighted).id == "resume"
        await seat.press("enter")
        await seat.on("Blank")


async def test_the_cursor_stays_where_the_user_put_it(at: Any, tmp_path: Path) -> None:
    (tmp_path / "ekswiz.toml").write_text("")
    async with at(hold=("draft",)) as seat:
        await seat.sees("Open ekswiz.toml")
        await seat.press("down")
        menu = seat.app.screen.query_one("#menu")
        held = menu.get_option_at_index(menu.highlighted).id
        seat.look.let("draft")
        await seat.settled()
        assert menu.get_option_at_index(menu.highlighted).id == held == "destroy"


async def test_open_goes_to_the_preview_when_nothing_is_missing(at: Any, tmp_path: Path) -> None:
    (tmp_path / "ekswiz.toml").write_text("")
    async with at() as seat:
        await seat.settled()
        await seat.press("enter")
        await seat.on("Blank")


async def test_open_goes_to_the_step_that_misses_something(at: Any, tmp_path: Path) -> None:
    (tmp_path / "ekswiz.toml").write_text("")
    async with at({**everything(), "clusters": ()}) as seat:
        await seat.settled()
        await seat.press("enter")
        await seat.sees("Where does it run?")
        await seat.focused("box-cluster")


async def test_a_broken_answers_file_is_said_and_stops_nobody(at: Any) -> None:
    error = InputError("port", "'x' is not a number.", "Change `port`.")
    async with at({**everything(), "draft": error}) as seat:
        await seat.sees("xx   Repository", "'x' is not a number")
        await seat.press("enter")
        await seat.on("GatherScreen")


@pytest.mark.parametrize(("row", "kept"), [("rehearsal", True), ("destroy", False)])
async def test_the_other_rows_lead_somewhere(at: Any, row: str, *, kept: bool) -> None:
    async with at() as seat:
        await seat.settled()
        menu = seat.app.screen.query_one("#menu")
        menu.highlighted = menu.get_option_index(row)
        await seat.press("enter")
        await seat.on("Blank")
        assert any(isinstance(screen, StartScreen) for screen in seat.app.screen_stack) is kept
        await seat.press("escape")
        await seat.on("StartScreen")


async def test_a_click_on_a_row_chooses_it(at: Any) -> None:
    async with at() as seat:
        await seat.settled()
        await seat.pilot.click("#menu", offset=(3, 0))
        await seat.on("GatherScreen")


async def test_a_simulation_asks_for_no_profile(at: Any) -> None:
    async with at(sim=True) as seat:
        await seat.settled()
        await seat.sees(" SIM ", "simulated on this machine: no account, no cost")
        assert "profiles" not in {name for name, _ in seat.look.asked}


async def test_answers_are_asked_for_with_what_was_given(at: Any, tmp_path: Path) -> None:
    given = Given({"branch": "main"}, source=tmp_path)
    async with at(given=given, sim=True) as seat:
        await seat.settled()
        assert ("draft", (given, True)) in seat.look.asked


async def test_the_doctor_is_told_all_that_is_known(at: Any) -> None:
    async with at({**everything(), "draft": Draft({**KNOWN, "port": "9000"}, FROM)}) as seat:
        await seat.settled()
        given, choice = next(about for name, about in seat.look.asked if name == "checks")
        assert given.fields["port"] == "9000"
        assert choice.profile == "dev-admin"


async def test_session_that_ends_is_said(at: Any) -> None:
    async with at({**everything(), "identity": replace(MIRA, seconds_left=0.0)}) as seat:
        await seat.sees("session expired")
