"""The rehearsal's screen under Pilot: every state, every key."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import RichLog, Static

from ekswiz.errors import Exit, InputError
from ekswiz.tui.frame import KeyLine
from ekswiz.tui.rehearsal.matrix import Matrix
from ekswiz.tui.rehearsal.paper import Paper
from ekswiz.tui.rehearsal.pipeline import Pipeline
from ekswiz.tui.rehearsal.screen import REPORT, RehearsalScreen
from unit.tui_rehearsal.hosts import Product, over, reached, rehearsing, road, until
from unit.tui_snapshots.snapshot import text_of

SURPRISE = ("pull-request", "deploy")
GATE = "build/Log in to ECR"
NO_DOCKERFILE = InputError("--dockerfile", "there is no Dockerfile here, so there is no image to deploy.", "Add one.")


def held(**how: Any) -> Product:
    return Product(gates={GATE: threading.Event()}, **how)


def surprising() -> Product:
    return Product(events=list(road(SURPRISE)), ok=False)


def said(screen: RehearsalScreen, name: str) -> str:
    return str(screen.query_one(f"#{name}", Static).content)


def footer(app: Any) -> str:
    return text_of(app).rstrip("\n").rsplit("\n", 1)[-1]


# ---- states


async def test_a_green_rehearsal_says_so_fills_every_cell_and_leaves_its_report() -> None:
    product = Product()

    async with rehearsing(product) as (pilot, screen):
        await over(pilot, screen)

        assert said(screen, "state").startswith("ok  Everything works as intended. 200 cells")
        assert len(screen.query_one(Matrix).cells) == 200
        assert (screen.wizard.outcome, screen.wizard.busy) == (Exit.OK, "")
        assert screen.wizard.report is not None
        assert screen.wizard.farewell == [said(screen, "state")]
    assert product.made[0].closed


async def test_while_it_runs_the_stage_in_hand_is_named_and_nothing_has_been_tried() -> None:
    async with rehearsing(held()) as (pilot, screen):
        await reached(pilot, screen, "push/build/Become the push role")

        assert said(screen, "state").startswith("Rehearsing 5 of 10   push, deploy")
        assert "yes/no is what happened" in said(screen, "count")
        assert screen.wizard.busy == "rehearsal"
        assert "acme/payments-api@main" in said(screen, "facts")
        assert "Become the push role: done" in "\n".join(line.text for line in screen.query_one(RichLog).lines)


async def test_a_surprise_is_red_has_the_cursor_and_says_what_was_expected() -> None:
    async with rehearsing(surprising()) as (pilot, screen):
        await over(pilot, screen)

        assert screen.query_one(Matrix).place == SURPRISE
        assert said(screen, "cell").startswith("!  expected no, got yes: pull request")
        assert said(screen, "count") == "! 1 of 200 not as intended: pull-request/deploy"
        assert said(screen, "state").startswith("FAIL  who may what")
        assert "!yes" in text_of(pilot.app)
        assert screen.wizard.outcome is Exit.RED


async def test_what_cannot_be_rehearsed_says_what_why_and_what_to_do_and_r_tries_again() -> None:
    product = Product(error=NO_DOCKERFILE)

    async with rehearsing(product) as (pilot, screen):
        await over(pilot, screen)
        trouble = said(screen, "trouble")
        assert "there is no Dockerfile here" in trouble
        assert "Add one." in trouble
        assert screen.query_one("#trouble").display
        assert screen.wizard.outcome is Exit.USAGE

        product.error = None
        await pilot.press("r")
        await until(pilot, lambda: screen.ended is not None and screen.ended.error is None)

        assert not screen.query_one("#trouble").display
        assert screen.wizard.outcome is Exit.OK


async def test_what_could_not_be_removed_is_named() -> None:
    async with rehearsing(Product(ok=False, leftovers=["process 4711"])) as (pilot, screen):
        await over(pilot, screen)

        assert "LEFT BEHIND: process 4711" in said(screen, "state")


# ---- keys


async def test_s_lets_the_stage_in_hand_end_begins_no_other_and_removes_everything() -> None:
    product = held()

    async with rehearsing(product) as (pilot, screen):
        await reached(pilot, screen, "push/build/Become the push role")
        assert "s stop" in footer(pilot.app)
        await pilot.press("s")
        await over(pilot, screen)

        assert said(screen, "state").startswith("Stopped before its end: this rehearsal proves nothing.")
        assert screen.wizard.outcome is Exit.STOPPED
        assert "s stop" not in footer(pilot.app)
    assert product.made[0].closed


async def test_what_a_stopped_one_left_is_named() -> None:
    async with rehearsing(held(leftovers=["process 4711"])) as (pilot, screen):
        await reached(pilot, screen, "push/build/Become the push role")
        await pilot.press("ctrl+c")
        await over(pilot, screen)

        assert said(screen, "state").endswith("LEFT BEHIND: process 4711")
        assert not pilot.app._notifications


async def test_ctrl_c_stops_it_as_well() -> None:
    async with rehearsing(held()) as (pilot, screen):
        await reached(pilot, screen, "push/build/Become the push role")
        await pilot.press("ctrl+c")
        await over(pilot, screen)

        assert screen.wizard.outcome is Exit.STOPPED


async def test_r_rehearses_again_in_a_new_world() -> None:
    product = Product()

    async with rehearsing(product) as (pilot, screen):
        await over(pilot, screen)
        await pilot.press("r")
        await until(pilot, lambda: len(product.made) == 2 and screen.ended is not None)

        assert len(screen.query_one(Matrix).cells) == 200


async def test_escape_waits_for_the_stop_and_then_goes_back_to_where_one_came_from() -> None:
    async with rehearsing(held()) as (pilot, screen):
        await reached(pilot, screen, "push/build/Become the push role")
        await pilot.press("escape")
        assert pilot.app.screen is screen

        await pilot.press("s")
        await over(pilot, screen)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is not screen)


async def test_a_screen_that_is_taken_away_ends_its_rehearsal_and_nothing_stays_busy() -> None:
    product = held()

    async with rehearsing(product) as (pilot, screen):
        await reached(pilot, screen, "push/build/Become the push role")
        pilot.app.pop_screen()

        await until(pilot, lambda: product.made[0].closed and not screen.wizard.busy)
        assert screen.wizard.outcome is Exit.STOPPED


async def test_enter_on_a_cell_shows_the_decision_the_statement_and_the_token() -> None:
    async with rehearsing(surprising()) as (pilot, screen):
        await over(pilot, screen)
        await pilot.press("enter")

        assert isinstance(pilot.app.screen, Paper)
        lines = "\n".join(pilot.app.screen.lines)
        assert "! Surprise: the answers intend no, the world answered yes." in lines
        assert "the role's trust policy, BuildJobOfTheBranch" in lines
        assert '"Sid": "BuildJobOfTheBranch"' in lines
        assert "refs/pull/7/merge" in lines

        await pilot.press("escape")
        assert pilot.app.screen is screen


async def test_a_cell_can_be_asked_about_before_it_was_tried() -> None:
    async with rehearsing(held()) as (pilot, screen):
        await reached(pilot, screen, "push/build/Become the push role")
        await pilot.press("down", "enter")

        assert "This cell has not been tried yet" in "\n".join(pilot.app.screen.lines)  # type: ignore[attr-defined]


async def test_a_pull_request_from_a_fork_has_no_claims_to_show() -> None:
    async with rehearsing(Product()) as (pilot, screen):
        await over(pilot, screen)
        matrix = screen.query_one(Matrix)
        matrix.cursor = (matrix.rows.index("fork-pull-request"), 0)
        await pilot.press("enter")

        assert "GitHub hands this job no token" in "\n".join(pilot.app.screen.lines)  # type: ignore[attr-defined]


async def test_y_copies_the_details() -> None:
    async with rehearsing(Product()) as (pilot, screen):
        await over(pilot, screen)
        await pilot.press("enter", "y")

        assert "build job of a push to the branch" in pilot.app.clipboard


async def test_enter_on_a_stage_shows_its_parts_and_the_world_its_tiers() -> None:
    async with rehearsing(Product()) as (pilot, screen):
        await over(pilot, screen)
        screen.query_one(Pipeline).focus()
        await pilot.press("enter")
        assert "Kubernetes: embedded" in "\n".join(pilot.app.screen.lines)  # type: ignore[attr-defined]

        await pilot.press("escape", *["down"] * 4, "enter")
        lines = "\n".join(pilot.app.screen.lines)  # type: ignore[attr-defined]
        assert "done  push, deploy  5.4 s" in lines
        assert "done  Log in to ECR" in lines


async def test_m_gives_the_matrix_all_the_room_and_escape_takes_it_back_before_it_leaves() -> None:
    async with rehearsing(Product()) as (pilot, screen):
        await over(pilot, screen)
        await pilot.press("m")
        assert not screen.query_one(Pipeline).display
        assert not screen.query_one("#log").display

        await pilot.press("escape")
        assert pilot.app.screen is screen
        assert screen.query_one(Pipeline).display


async def test_l_hides_and_shows_the_log() -> None:
    async with rehearsing(Product()) as (pilot, screen):
        await over(pilot, screen)
        shown = []
        for _ in range(2):
            await pilot.press("l")
            shown.append(screen.query_one("#log").display)

        assert shown == [False, True]


async def test_f1_says_what_a_rehearsal_proves_and_what_is_real_in_it() -> None:
    async with rehearsing(Product()) as (pilot, screen):
        await over(pilot, screen)
        await pilot.press("f1")

        lines = "\n".join(pilot.app.screen.lines)  # type: ignore[attr-defined]
        assert "expected comes from your answers alone" in lines
        assert "AWS: moto + gate" in lines


async def test_e_writes_the_report(tmp_path: Path) -> None:
    async with rehearsing(Product(), source=tmp_path) as (pilot, screen):
        await over(pilot, screen)
        await pilot.press("e")
        await pilot.pause()

    assert json.loads((tmp_path / REPORT).read_text())["ok"] is True


@pytest.mark.parametrize("keys", [["end", "up", "pagedown"], ["pagedown"] * 4])
async def test_the_cursor_stops_at_the_edges_and_stays_in_view(keys: list[str]) -> None:
    async with rehearsing(Product()) as (pilot, screen):
        await over(pilot, screen)
        matrix = screen.query_one(Matrix)
        await pilot.press(*keys, *["right"] * 12)
        await pilot.pause()

        assert matrix.cursor == (19, 9)
        assert "other sub form" in text_of(pilot.app)


# ---- mouse, sizes


async def test_a_click_moves_the_cursor_and_another_asks_for_details() -> None:
    async with rehearsing(Product()) as (pilot, screen):
        await over(pilot, screen)
        matrix = screen.query_one(Matrix)
        for _ in range(2):
            await pilot.click(Matrix, offset=(1 + 15 + 4, 2 + 3))
            await pilot.pause()

        assert matrix.place == ("other-branch", "assume-deploy")
        assert isinstance(pilot.app.screen, Paper)


async def test_a_click_on_a_stage_chooses_it() -> None:
    async with rehearsing(Product()) as (pilot, screen):
        await over(pilot, screen)
        for _ in range(2):
            await pilot.click(Pipeline, offset=(6, 2))
            await pilot.pause()

        assert isinstance(pilot.app.screen, Paper)
        assert screen.query_one(Pipeline).cursor == 2


async def test_a_narrow_terminal_shows_one_pane_at_a_time() -> None:
    async with rehearsing(Product(), size=(64, 20)) as (pilot, screen):
        await over(pilot, screen)
        assert screen.query_one(Pipeline).display
        assert not screen.query_one(Matrix).display

        await pilot.press("m")
        assert screen.query_one(Matrix).display
        text = text_of(pilot.app)
        assert "build job" in text
        assert " SIM " in text.split("\n")[0] + " "


async def test_below_60_columns_a_sentence_says_what_to_do() -> None:
    async with rehearsing(Product(), size=(50, 14)) as (pilot, screen):
        await over(pilot, screen)

        assert "ekswiz --plain" in text_of(pilot.app)


async def test_it_can_be_resized_while_it_runs() -> None:
    product = held()

    async with rehearsing(product) as (pilot, screen):
        await reached(pilot, screen, "push/build/Become the push role")
        for size in ((120, 40), (60, 16), (200, 50), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        product.gates[GATE].set()
        await over(pilot, screen)

        assert "ok  Everything works" in text_of(pilot.app)


async def test_the_chip_says_sim_although_the_wizard_is_live() -> None:
    async with rehearsing(Product(), sim=False) as (pilot, screen):
        await over(pilot, screen)

        first = text_of(pilot.app).split("\n")[0]
        assert "SIM" in first
        assert "LIVE" not in first


async def test_the_full_one_asks_for_every_real_tier_and_says_what_is_downloaded() -> None:
    product = Product()
    async with rehearsing(product, (120, 40), place="rehearsal-full") as (pilot, screen):
        await over(pilot, screen)
        (given,) = product.asked
        assert (given.tiers.aws, given.tiers.images, given.tiers.cluster) == ("localstack", "docker", "kind")
        assert "kind: the node image" in "\n".join(line.text for line in screen.query_one("#log").lines)


async def test_the_keys_below_a_box_stay_and_are_current_when_it_is_closed() -> None:
    async with rehearsing(Product(), (120, 40)) as (pilot, screen):
        await over(pilot, screen)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is not screen and "r again" in footer(pilot.app))
        keys = screen.query_one(KeyLine)
        before = list(keys.children)

        screen.ended = None  # other keys work now
        await keys.recompose()
        assert list(keys.children) == before
        assert "r again" in footer(pilot.app)

        await pilot.press("escape")
        await until(pilot, lambda: "s stop" in footer(pilot.app), seconds=10)
