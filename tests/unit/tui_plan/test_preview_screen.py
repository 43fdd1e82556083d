"""The preview under a user's hands: its states, its keys, its consents."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ekswiz.errors import EkswizError, Expired, InputError, Refused
from ekswiz.plan import Action
from unit.tui.doubles import ACCOUNT
from unit.tui_plan.plans import FakeRoad, allowed, change, full_plan, kept_plan, plan

DEPLOY_FILE = "repository_file..github/workflows/deploy.yml"


def failing(error: Exception) -> None:
    def made() -> None:
        raise error

    return made


# ---- states


async def test_it_says_what_it_reads_and_then_shows_the_plan(seat: Any) -> None:
    road = FakeRoad(hold=threading.Event())
    async with seat(road) as at:
        at.app.go("preview")
        await at.sees("Reading what exists in AWS and Kubernetes")
        assert at.app.wizard.view is None
        road.hold.set()
        await at.sees("+5 create  ~1 update  -1 delete", "Review first  3", "You have 3 of 3 permissions")


async def test_typing_is_not_blocked_while_it_reads_and_back_works(seat: Any) -> None:
    road = FakeRoad(hold=threading.Event())
    async with seat(road) as at:
        at.app.go("gather", step="target")
        await at.on("GatherScreen")
        at.app.go("preview")
        await at.sees("Reading")
        await at.press("escape")
        await at.on("GatherScreen")
        road.hold.set()
        assert at.app.wizard.draft.values["cluster"] == "platform-dev"


@pytest.mark.parametrize(
    ("error", "words", "keys"),
    [
        (Refused("eks:ListClusters."), ["Denied: eks:ListClusters."], ["r reread"]),
        (Expired("ExpiredToken"), ["The AWS session has expired", "Press l: aws sso login"], ["r reread"]),
        (InputError("cluster", "is missing.", "Name it."), ["cluster: is missing.", "Name it."], ["Esc back"]),
        (EkswizError("the network is gone."), ["the network is gone."], ["r reread"]),
    ],
)
async def test_an_error_says_what_to_do_and_its_key_does_it(
    seat: Any, error: Exception, words: list[str], keys: list[str]
) -> None:
    road = FakeRoad(made=failing(error))
    async with seat(road) as at:
        at.app.go("preview")
        await at.sees(*words, *keys)
        assert at.app.wizard.view is None
        await at.press("a")
        assert at.screen == "PreviewScreen"
        road.made = full_plan
        await at.press("r")
        await at.sees("+5 create")


async def test_an_expired_session_is_renewed_by_its_key(seat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    renewed = []
    monkeypatch.setattr("ekswiz.tui.preview.screen.sign_in", lambda app, profile: renewed.append(profile))
    road = FakeRoad(made=failing(Expired("ExpiredToken")))
    async with seat(road) as at:
        at.app.go("preview")
        await at.sees("has expired")
        road.made = full_plan
        await at.press("l")
        await at.sees("+5 create")
        assert renewed == ["dev-admin"]


async def test_a_mistake_of_ours_is_shown_and_not_swallowed(seat: Any) -> None:
    async with seat(FakeRoad(made=failing(ZeroDivisionError("by zero")))) as at:
        at.app.go("preview")
        await at.sees("a mistake in ekswiz: ZeroDivisionError: by zero")


async def test_a_plan_is_shown_also_where_permissions_cannot_be_tested(seat: Any) -> None:
    def untested(made: Any) -> None:
        raise Refused("iam:SimulatePrincipalPolicy.")

    async with seat(FakeRoad(permitted=untested)) as at:
        at.app.go("preview")
        await at.sees("+5 create", "Permissions could not be tested: Denied: iam:SimulatePrincipalPolicy.")


async def test_what_could_not_be_read_is_shown_and_has_to_be_agreed_to(seat: Any) -> None:
    made = plan(change("access_entry.deploy", Action.UNKNOWN, why="AccessDenied eks:DescribeAccessEntry"),
                *full_plan().changes[:1])  # fmt: skip
    async with seat(FakeRoad(made=lambda: made)) as at:
        await at.preview()
        assert "? 1 could not be read: access_entry.deploy" in at.text
        await at.press("a")
        await at.sees("[ ] I go on without knowing Access entry deploy")


async def test_nothing_to_do_is_said_and_not_applied(seat: Any) -> None:
    async with seat(FakeRoad(made=kept_plan)) as at:
        at.app.go("preview")
        await at.sees("Everything already matches. Nothing to do.", "= Cluster a")
        await at.press("a")
        await at.hears("Not started")
        assert at.screen == "PreviewScreen"


async def test_a_destroy_with_nothing_there_is_empty(seat: Any) -> None:
    async with seat(FakeRoad(gone=plan)) as at:
        at.app.go("destroy")
        await at.sees("there is nothing to remove")


# ---- keys


async def test_the_cursor_describes_and_the_numbers_turn_the_tabs(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("down")
        for key, words in {"1": "Trust: who can become", "2": '"Version": "2012-10-17"', "3": "Without it, these",
                           "4": "The same by hand", "5": "AWS does not bill",
                           "6": "Who may become"}.items():  # fmt: skip
            await at.press(key)
            await at.sees(words)
        await at.press("alt+left")
        await at.sees("AWS does not bill it")
        await at.press("alt+right", "alt+right")
        await at.sees("Trust: who can become")


async def test_why_by_f1(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("down", "f1")
        await at.sees("Without it, these cannot be made")


async def test_a_heading_tells_what_is_below_it_and_folds(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("up")
        await at.sees("Review first  3", "Access entry old")
        before = at.text.count("Access entry old")
        await at.press("left")
        await at.until(lambda: at.text.count("Access entry old") < before)
        await at.press("right")
        await at.until(lambda: at.text.count("Access entry old") == before)


async def test_the_filter_narrows_and_escape_shows_all_again(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("slash", *"namespace")
        await at.until(lambda: "Repository payments-api" not in at.text and "Namespace payments" in at.text)
        await at.press("enter")
        assert at.app.focused.id == "plan-tree"
        await at.press("escape")
        await at.sees("Repository payments-api", "Namespace payments")
        assert at.screen == "PreviewScreen"


async def test_space_leaves_out_and_takes_in_again_and_the_plan_follows(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        whole = at.app.wizard.view.plan
        await at.press("end", "space")
        await at.sees("1 skipped", "+4 create", "skip")
        assert DEPLOY_FILE not in {each.address for each in at.app.wizard.view.plan.changes}
        await at.press("space")
        await at.until(lambda: at.app.wizard.view.plan is whole)


async def test_what_others_rest_on_is_not_left_out_and_they_are_named(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("down", "space")
        await at.hears("Not so", "access_entry.deploy")
        assert at.app.wizard.view.plan.pending == full_plan().pending


@pytest.mark.parametrize(("tab", "expected"), [("4", "create-open-id"), ("2", '"audience"'), ("1", "create")])
async def test_copy_takes_what_the_tab_is_about(seat: Any, tab: str, expected: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("slash", *"oidc", "enter", tab, "y")
        await at.until(lambda: expected in at.app.clipboard)


async def test_a_narrow_window_shows_one_pane_at_a_time(seat: Any) -> None:
    async with seat(size=(64, 20)) as at:
        await at.preview()
        await at.until(lambda: "Diff  Policy" not in at.text)
        await at.press("down", "enter")
        await at.sees("Diff  Policy", "Trust: who can become")
        await at.until(lambda: "Review first" not in at.text)
        await at.press("escape")
        await at.sees("Review first")
        assert at.screen == "PreviewScreen"


async def test_the_mouse_chooses_changes_and_tabs(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.pilot.click("#plan-tree", offset=(6, 2))
        await at.sees("+ Role ekswiz-payments-api-deploy")
        await at.pilot.click("#tab-4")
        await at.sees("The same by hand")


async def test_resizing_keeps_the_cursor_and_the_tab(seat: Any) -> None:
    async with seat(size=(120, 40)) as at:
        await at.preview()
        await at.press("down", "6")
        await at.sees("Who may become the deploy role")
        for width, height, both in ((64, 18, False), (80, 24, True), (120, 40, True)):
            await at.pilot.resize_terminal(width, height)
            await at.sees("Review first")
            await at.until(lambda both=both: ("Who may become the deploy role" in at.text) is both)
        assert at.app.screen.query_one("#plan-tree").change.address == "iam_role.deploy"


async def test_rehearse_is_one_key_away_and_comes_back_to_the_same_plan(
    seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    went = []
    async with seat() as at:
        await at.preview()
        monkeypatch.setattr(at.app, "go", lambda name, **given: went.append(name))
        await at.press("r")
        assert went == ["rehearsal"]


# ---- consent


async def test_back_has_the_focus_and_enter_changes_nothing(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("a")
        await at.on("ConfirmModal")
        assert at.app.focused.id == "confirm-back"
        await at.press("enter")
        await at.on("PreviewScreen")
        assert not at.road.applied


async def test_the_box_names_account_counts_risks_and_the_way_to_stop(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("a")
        await at.sees(
            "Apply 7 changes to acme-dev (1234-5678-9012)?", "+5 create  ~1 update  -1 delete", "~10 s, $0.10/mo",
            "! Whoever can push to main", "[ ] I understand: The policy that keeps 10",
            "[ ] I understand: Access entry old will be removed.", "Type 9012, the last 4 digits",
            "You can stop at any time.",
        )  # fmt: skip


async def test_digits_alone_are_not_enough_and_what_is_missing_is_said(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("a")
        await at.on("ConfirmModal")
        at.app.screen.query_one("#confirm-digits").focus()
        await at.press(*ACCOUNT[-4:], "enter")
        await at.sees("Nothing starts before every box is ticked.")
        assert at.app.focused.id == "tick-0"
        await at.press("space")
        await at.sees("[x] I understand: The policy")
        assert not at.road.applied


async def test_digits_need_not_be_carried_to_their_field(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("a")
        await at.on("ConfirmModal")
        assert at.app.focused.id == "confirm-back"
        await at.press("x", *ACCOUNT[-4:])
        await at.until(lambda: at.app.screen.query_one("#confirm-digits").value == ACCOUNT[-4:])
        assert at.app.focused.id == "confirm-digits"


@pytest.mark.parametrize("typed", ["", "1234", "901"])
async def test_other_digits_change_nothing(seat: Any, typed: str) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("a")
        await at.on("ConfirmModal")
        for box in at.app.screen.query("TickBox"):
            box.action_tick()
        at.app.screen.query_one("#confirm-digits").focus()
        await at.press(*typed, "enter")
        await at.sees("digits" if typed else "The digits are missing.", "Nothing was")
        assert at.screen == "ConfirmModal"
        assert not at.road.applied


async def test_the_plan_on_screen_is_the_object_that_is_applied(seat: Any) -> None:
    made = full_plan()
    async with seat(FakeRoad(made=lambda: made)) as at:
        await at.preview()
        assert at.app.wizard.view.plan is made
        await at.agree()
        await at.until(lambda: at.road.applied)
        assert at.road.applied == [made]
        assert at.road.applied[0] is made


async def test_a_plan_with_something_left_out_is_applied_without_it(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.press("end", "space")
        await at.sees("1 skipped")
        shown = at.app.wizard.view.plan
        await at.agree()
        await at.until(lambda: at.road.applied)
        assert at.road.applied[0] is shown
        assert DEPLOY_FILE not in {each.address for each in shown.changes}


async def test_ticked_risks_are_what_the_road_is_opened_with(seat: Any) -> None:
    choices = []
    async with seat() as at:
        opened = at.app.wizard.application.open_road
        at.app.wizard.application.open_road = lambda given, choice: choices.append(choice) or opened(given, choice)
        await at.preview()
        await at.agree()
        await at.until(lambda: at.road.applied)
        assert [choice.allow_risks for choice in choices[:2]] == [frozenset(), frozenset({"replaces-lifecycle"})]


async def test_what_aws_denies_is_not_begun(seat: Any) -> None:
    async with seat(FakeRoad(permitted=lambda made: allowed(made, denied="iam:CreateRole"))) as at:
        await at.preview()
        assert "2 of 3 permissions (AWS says). Denied: iam:CreateRole." in at.text
        await at.press("a")
        await at.hears("Not started", "Press h")
        assert at.screen == "PreviewScreen"


async def test_a_short_window_still_shows_account_digits_and_buttons(seat: Any) -> None:
    async with seat(size=(60, 16)) as at:
        await at.preview()
        await at.press("a")
        await at.sees("1234-5678-9012", "Type 9012", "Back", "Apply 7 changes")


# ---- destroy


async def test_a_destroy_shows_what_goes_and_what_stays_and_why(seat: Any) -> None:
    async with seat() as at:
        await at.preview(verb="destroy")
        await at.sees("remove what ekswiz created", "-2 delete  =2 keep", "a remove")
        await at.press("end")
        await at.press("slash", *"cluster", "enter")
        await at.sees("Kept: it existed before ekswiz.")


async def test_what_is_kept_for_its_images_is_included_by_space_and_planned_again(seat: Any) -> None:
    choices = []
    async with seat() as at:
        opened = at.app.wizard.application.open_road
        at.app.wizard.application.open_road = lambda given, choice: choices.append(choice) or opened(given, choice)
        await at.preview(verb="destroy")
        await at.press("slash", *"repository", "enter", "space")
        await at.hears("the images go with their repository")
        await at.until(lambda: len(choices) > 1)
        assert [choice.delete_images for choice in choices] == [False, True]


async def test_the_destroy_plan_on_screen_is_the_object_that_is_carried_out(seat: Any) -> None:
    async with seat() as at:
        await at.preview(verb="destroy")
        shown = at.app.wizard.view.plan
        await at.agree()
        await at.until(lambda: at.road.destroyed)
        assert at.road.destroyed[0] is shown
        assert not at.road.applied


async def test_an_undo_shows_only_what_the_failed_run_made(seat: Any) -> None:
    async with seat() as at:
        await at.preview(verb="destroy", only=frozenset({"iam_role.deploy"}))
        assert [each.address for each in at.app.wizard.view.plan.changes] == ["iam_role.deploy"]
