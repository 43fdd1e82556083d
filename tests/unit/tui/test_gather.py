from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ekswiz import steps
from ekswiz.errors import Expired, InputError, TargetError, Transient, Unreadable
from ekswiz.frontend import Draft
from unit.tui.conftest import Blank
from unit.tui.doubles import CLUSTER, FROM, KNOWN, MIRA, REPOSITORY, everything, nothing

STEPS = [step.id for step in steps.STEPS]


async def test_five_enters_lead_to_the_preview_on_a_machine_that_is_set_up(at: Any) -> None:
    async with at() as seat:
        await seat.settled()
        for words in ("Which AWS account", "Which repository", "What may the pipeline", "Where does it run"):
            await seat.press("enter")
            await seat.sees(words)
            await seat.focused("to-next")
        await seat.press("enter")
        await seat.on("Blank")
        answers = seat.app.wizard.answers()
        assert (answers.repository, answers.cluster, answers.account) == (
            "acme/payments-api",
            "platform-dev",
            "123456789012",
        )


async def test_answers_are_saved_after_each_step_without_the_wizards_own(at: Any) -> None:
    async with at() as seat:
        await seat.gather()
        await seat.press("ctrl+n")
        await seat.settled()
        draft, file = seat.look.saved[-1]
        assert file.name == "ekswiz.toml"
        assert "profile" not in draft.values
        assert draft.values["account"] == "123456789012"
        await seat.sees("saved in ekswiz.toml")


async def test_a_simulation_saves_nothing_by_itself(at: Any) -> None:
    async with at(sim=True) as seat:
        await seat.gather()
        await seat.press("ctrl+n")
        await seat.settled()
        assert seat.look.saved == []


async def test_what_could_not_be_saved_is_said_and_stops_nobody(at: Any) -> None:
    async with at({**everything(), "save": InputError("ekswiz.toml", "cannot be written.", "Choose.")}) as seat:
        await seat.gather()
        await seat.press("ctrl+n")
        await seat.told("Not saved", "cannot be written")
        await seat.sees("Which repository")


@pytest.mark.parametrize("key", ["escape", "ctrl+b"])
@pytest.mark.parametrize("step", STEPS)
async def test_back_works_from_every_step_and_keeps_what_was_typed(at: Any, step: str, key: str) -> None:
    async with at() as seat:
        await seat.gather(step)
        name = {"account": "account", "github": "branch", "access": "stack", "target": "namespace"}[step]
        seat.app.screen.query_one(f"#box-{name}").focus()
        # even when the box holds nothing that could be used
        await seat.write("Not_Usable!")
        await seat.press(key)
        before = steps.STEPS[STEPS.index(step) - 1].question if step != "account" else "Checked on this machine"
        await seat.sees(before)
        # when coming back, the box holds what was typed
        seat.app.go("gather", step=step)
        await seat.sees("Not_Usable!")


async def test_next_stops_at_what_is_missing(at: Any) -> None:
    async with at(nothing()) as seat:
        await seat.gather()
        await seat.press("ctrl+n")
        await seat.focused("box-account")
        await seat.sees("is needed, and nothing here says it. Type it.", "2 to fill in")


async def test_enter_goes_from_box_to_box_and_then_on(at: Any) -> None:
    async with at(nothing(), sim=True) as seat:
        await seat.gather()
        await seat.focused("box-account")
        await seat.press("enter")
        await seat.focused("box-account")  # it is empty
        await seat.write("123456789012")
        await seat.press("enter")
        await seat.focused("box-region")
        await seat.press("space")
        await seat.on("PickList")
        await seat.press(*"eu-west-1", "enter")
        await seat.on("GatherScreen")
        assert seat.value("region") == "eu-west-1"
        await seat.press("enter")
        await seat.focused("to-next")
        await seat.press("enter")
        await seat.sees("Which repository")


async def test_arrows_walk_without_changing_an_answer(at: Any) -> None:
    async with at() as seat:
        await seat.gather("access")
        before = seat.app.wizard.draft
        walked = []
        for _ in range(5):
            await seat.press("up")
            walked.append(seat.focus)
        assert walked == ["box-operator_access", "box-rights", "box-ecr_repository", "box-stack", "box-stack"]
        for _ in range(4):
            await seat.press("down")
        await seat.focused("to-next")
        assert seat.app.wizard.draft == before


class TestSub:
    async def test_it_follows_every_key(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather("github")
            seat.app.screen.query_one("#box-branch").focus()
            await seat.write("rel")
            assert "ref:refs/heads/rel" in seat.text
            await seat.press("x")
            assert "ref:refs/heads/relx" in seat.text

    async def test_both_forms(self, at: Any) -> None:
        async with at(size=(120, 40)) as seat:
            await seat.gather("github")
            assert "repo:acme@1001/payments-api@2002:" in seat.text
            seat.app.screen.query_one("#box-subject").focus()
            await seat.press("right")
            await seat.sees("repo:acme/payments-api:", "accepted as well")

    async def test_without_environment_one_sub_for_both_jobs(self, at: Any) -> None:
        async with at(size=(120, 40)) as seat:
            await seat.gather("github")
            assert "sub of the deploy job" in seat.text
            seat.app.screen.query_one("#box-environment").focus()
            await seat.press("end", "ctrl+u")
            assert "sub of the deploy job" not in seat.text
            assert seat.value("environment") == "none"

    async def test_a_wildcard_is_refused_in_words(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather("github")
            seat.app.screen.query_one("#box-branch").focus()
            await seat.write("rel/*")
            await seat.sees("xx", "one exact branch name (no wildcards)")
            await seat.press("enter")
            await seat.focused("box-branch")

    async def test_it_can_be_copied(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather("github")
            await seat.press("y")
            assert seat.app.clipboard.splitlines() == [
                "repo:acme@1001/payments-api@2002:ref:refs/heads/main",
                "repo:acme@1001/payments-api@2002:environment:production",
            ]


class TestDetection:
    async def test_typing_is_never_waited_for_and_wins(self, at: Any) -> None:
        # given a machine whose repository is still being read
        async with at(hold=("draft",)) as seat:
            await seat.press("enter")
            await seat.on("GatherScreen")
            seat.app.go("gather", step="github")
            await seat.sees("Which repository")
            seat.app.screen.query_one("#box-branch").focus()
            await seat.write("release")
            # when the answer comes
            seat.look.let("draft")
            await seat.settled()
            # then what was typed stands, and the rest is filled in
            assert seat.value("branch") == "release"
            assert seat.value("repository") == "acme/payments-api"

    async def test_the_focus_goes_on_when_the_last_gap_is_filled(self, at: Any) -> None:
        async with at(hold=("identity",)) as seat:
            await seat.press("enter")
            await seat.sees("asking AWS who dev-admin is")
            await seat.focused("box-account")
            seat.look.let("identity")
            await seat.until(lambda: seat.focus == "to-next")

    async def test_the_focus_stays_with_somebody_who_types(self, at: Any) -> None:
        async with at(hold=("identity",)) as seat:
            await seat.press("enter")
            await seat.until(lambda: seat.focus == "box-account")
            await seat.press("1")
            seat.look.let("identity")
            await seat.settled()
            await seat.focused("box-account")
            assert seat.value("account") == "1"

    async def test_a_late_answer_about_another_profile_is_dropped(self, at: Any) -> None:
        prod = replace(MIRA, account="999988887777", alias="prod")
        said = {**everything(), "identity": lambda profile, _: prod if profile == "prod" else MIRA}
        async with at(said, hold=("identity",)) as seat:
            await seat.press("enter")
            await seat.sees("asking AWS who dev-admin is")
            # when another profile is chosen before the first answer came
            seat.app.screen.query_one("#box-profile").focus()
            await seat.press("space")
            await seat.on("PickList")
            await seat.press("down", "enter")
            await seat.sees("asking AWS who prod is")
            seat.look.let("identity")
            await seat.settled()
            assert seat.app.wizard.identity == prod
            assert seat.value("account") == "999988887777"

    async def test_the_repositorys_exact_case_is_taken_from_github(self, at: Any) -> None:
        said = {**everything(), "draft": Draft({**KNOWN, "owner": "ACME"}, FROM)}
        async with at(said) as seat:
            await seat.gather("github")
            assert seat.value("repository") == "acme/payments-api"
            assert steps.source(seat.app.wizard.draft, "owner") == "in GitHub's exact case"
            assert len([name for name, _ in seat.look.asked if name == "repository"]) == 1

    async def test_an_id_that_is_not_githubs_is_said(self, at: Any) -> None:
        said = {**everything(), "draft": Draft({**KNOWN, "repo_id": "77"}, FROM)}
        async with at(said, size=(120, 40)) as seat:
            await seat.gather("github")
            await seat.sees("xx GitHub says 2002: another one has this name now")

    async def test_another_account_than_the_answers_say_is_said(self, at: Any) -> None:
        said = {**everything(), "draft": Draft({**KNOWN, "account": "111122223333"}, FROM)}
        async with at(said) as seat:
            await seat.gather()
            await seat.sees("xx The profile belongs to 1234-5678-9012")

    async def test_an_unprotected_branch_is_said(self, at: Any) -> None:
        async with at({**everything(), "repository": replace(REPOSITORY, protected=False)}, size=(120, 40)) as seat:
            await seat.gather("github")
            await seat.sees("-- default branch, not protected: whoever can push can deploy")

    async def test_nothing_is_asked_about_text_that_cannot_be_used(self, at: Any) -> None:
        async with at(nothing()) as seat:
            await seat.gather("github")
            seat.look.asked.clear()
            seat.app.screen.query_one("#box-repository").focus()
            await seat.write("acme/..")
            await seat.press("down")
            await seat.settled()
            assert seat.look.asked == []


class TestFailures:
    async def test_an_expired_session_names_the_key_and_keeps_the_answers(
        self, at: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ran: list[list[str]] = []
        monkeypatch.setattr("ekswiz.tui.sign_in.shutil.which", lambda _: "/usr/bin/aws")
        async with at({**everything(), "identity": Expired("it ended at 11:00")}) as seat:
            await seat.gather()
            await seat.sees("session has expired. Press l: aws sso login --profile dev-admin")
            seat.app.screen.query_one("#box-profile").focus()
            # when `l` is pressed (this terminal cannot be given away, so the command is named)
            await seat.press("l")
            await seat.told("Run it in another terminal: aws sso login --profile dev-admin")
            assert ran == []
            assert seat.value("repository") == "acme/payments-api"

    async def test_signing_in_runs_the_command_and_looks_again(self, at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from contextlib import nullcontext
        from types import SimpleNamespace

        ran: list[list[str]] = []

        def run(command: list[str], *, check: bool) -> Any:
            ran.append(command)
            return SimpleNamespace(returncode=0)

        monkeypatch.setattr("ekswiz.tui.sign_in.shutil.which", lambda _: "/usr/bin/aws")
        monkeypatch.setattr("ekswiz.tui.sign_in.subprocess.run", run)
        async with at({**everything(), "identity": Expired("it ended")}) as seat:
            monkeypatch.setattr(seat.app, "suspend", nullcontext)
            await seat.gather()
            seat.look.says["identity"] = MIRA
            await seat.press("ctrl+l")
            await seat.sees("1234-5678-9012 (acme-dev)")
            assert ran == [["aws", "sso", "login", "--profile", "dev-admin"]]

    async def test_without_the_aws_cli_the_command_is_copied(self, at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ekswiz.tui.sign_in.shutil.which", lambda _: None)
        async with at({**everything(), "identity": Expired("it ended")}) as seat:
            await seat.gather()
            await seat.press("ctrl+l")
            await seat.told("The AWS CLI is not on the PATH")
            assert seat.app.clipboard == "aws sso login --profile dev-admin"

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (Unreadable("eks:ListClusters is denied"), "-- May not be read: eks:ListClusters is denied. Type it"),
            (Transient("no route to host"), "-- No answer: no route to host. You can go on typing."),
            (TargetError("eu-west-1 is not enabled", "Enable it."), "xx The target could not be used"),
        ],
    )
    async def test_clusters_that_cannot_be_listed_can_be_typed(self, at: Any, error: Exception, words: str) -> None:
        async with at({**everything(), "clusters": error}) as seat:
            await seat.gather("target")
            await seat.sees(words)
            await seat.press("space")
            await seat.on("PickList")
            await seat.press(*"mine", "enter")
            await seat.on("GatherScreen")
            assert seat.value("cluster") == "mine"

    async def test_github_that_does_not_answer_stops_nobody(self, at: Any) -> None:
        async with at({**everything(), "repository": Transient("api.github.com timed out")}) as seat:
            await seat.gather("github")
            await seat.sees("No answer: api.github.com timed out.", "2 to fill in")
            await seat.focused("box-owner_id")

    @pytest.mark.parametrize(
        ("seen", "words"),
        [
            (CLUSTER, "ok v1.33, API_AND_CONFIG_MAP, 3 nodes"),
            (replace(CLUSTER, mode="CONFIG_MAP"), "-- v1.33, CONFIG_MAP, 3 nodes. Access entries need one switch"),
            (replace(CLUSTER, status="CREATING", nodes=None), "-- CREATING: the plan waits for ACTIVE"),
            (replace(CLUSTER, public=False, nodes=1), "1 node, private endpoint"),
        ],
    )
    async def test_what_a_cluster_is_like_is_said(self, at: Any, seen: Any, words: str) -> None:
        async with at({**everything(), "clusters": (seen,)}, size=(120, 40)) as seat:
            await seat.gather("target")
            await seat.sees(words)

    async def test_a_cluster_that_is_not_there_is_said(self, at: Any) -> None:
        async with at({**everything(), "draft": Draft({**KNOWN, "cluster": "other"}, FROM)}) as seat:
            await seat.gather("target")
            await seat.sees("-- There is no other in eu-west-1. There are: platform-dev")


class TestTarget:
    async def test_a_new_cluster_asks_more_and_an_existing_one_less(self, at: Any) -> None:
        async with at(size=(120, 60)) as seat:
            await seat.gather("target")
            assert "Kubernetes version" not in seat.text
            seat.app.screen.query_one("#box-create_cluster").focus()
            await seat.press("right")
            await seat.sees("Kubernetes version", "Instance type", "Least nodes")
            seat.app.screen.query_one("#box-compute").focus()
            await seat.press("space")
            await seat.until(lambda: "Instance type" not in seat.text)
            assert seat.app.wizard.answers().compute == "auto"

    async def test_what_nearly_everybody_leaves_as_it_is_comes_on_demand(self, at: Any) -> None:
        async with at(size=(120, 110)) as seat:
            await seat.gather("target")
            assert "Command that runs first" not in seat.text
            await seat.press("m")
            await seat.sees("Fewer questions", "Folder of the service")
            assert seat.app.screen.query_one("#row-test_command").display
            await seat.press("m")
            await seat.sees("More questions (10)")
            assert not seat.app.screen.query_one("#row-test_command").display

    async def test_what_cannot_stay_is_in_sight_without_being_asked_for(self, at: Any) -> None:
        said = {**everything(), "draft": Draft({**KNOWN, "test_command": "a; b"}, FROM)}
        async with at(said, size=(120, 60)) as seat:
            await seat.gather("target")
            assert seat.app.screen.query_one("#row-test_command").display
            await seat.focused("box-test_command")

    @pytest.mark.parametrize("step", ["github", "target"])
    async def test_the_question_one_is_at_is_in_sight_with_its_label(self, at: Any, step: str) -> None:
        """A box may be seen while the line that says what it is for has been scrolled away."""
        async with at(nothing(), size=(80, 16)) as seat:
            await seat.gather(step)
            form = seat.app.screen.form

            def in_sight() -> bool:
                row = form.focused
                return row is not None and form.region.contains_region(row.region)

            await seat.until(in_sight)
            last, at_first = len(form.asked) - 1, form.asked.index(form.focused)
            for key in ["down"] * (last - at_first) + ["up"] * last:
                before = form.focused
                await seat.press(key)
                await seat.until(lambda before=before: form.focused is not before and in_sight())

    async def test_a_click_chooses(self, at: Any) -> None:
        async with at(size=(120, 60)) as seat:
            await seat.gather("target")
            await seat.pilot.click("#box-create_cluster", offset=(26, 0))
            await seat.pilot.pause()
            assert seat.value("create_cluster") == "true"
            await seat.pilot.click("#box-create_cluster", offset=(2, 0))
            await seat.pilot.pause()
            assert seat.value("create_cluster") == "false"

    async def test_buttons_can_be_clicked(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather("access")
            await seat.pilot.click("#to-back")
            await seat.sees("Which repository")
            await seat.pilot.click("#to-next")
            await seat.sees("What may the pipeline")


class TestShortcuts:
    async def test_defaults_for_the_rest_lead_to_the_preview(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather()
            await seat.press("ctrl+d")
            await seat.on("Blank")
            assert Blank.last == {}

    async def test_defaults_stop_at_the_first_gap(self, at: Any) -> None:
        async with at({**everything(), "clusters": ()}) as seat:
            await seat.gather()
            await seat.press("ctrl+d")
            await seat.sees("Where does it run?", "is needed, and nothing here says it")
            await seat.focused("box-cluster")

    async def test_why_takes_the_whole_window_where_there_is_no_room_for_both(self, at: Any) -> None:
        async with at(size=(60, 20)) as seat:
            await seat.gather("github")
            assert "Token GitHub will send" not in seat.text
            await seat.press("f1")
            await seat.sees("Token GitHub will send")
            assert "Repository's id" not in seat.text
            await seat.press("escape")
            await seat.sees("Repository's id")

    async def test_the_panel_speaks_of_the_question_with_the_focus(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather("target")
            seat.app.screen.query_one("#box-expose").focus()
            await seat.sees("Why we ask: How is the service", "From other Pods, by its name")


class TestPick:
    async def test_it_filters_and_takes_what_is_marked(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather()
            seat.app.screen.query_one("#box-region").focus()
            await seat.press("space")
            await seat.on("PickList")
            await seat.press(*"us-")
            await seat.until(lambda: "eu-west-1" not in str(seat.app.screen.query_one("#pick-list").options[0].id))
            await seat.press("down", "up", "enter")
            await seat.on("GatherScreen")
            assert seat.value("region") == "us-east-1"

    async def test_escape_changes_nothing(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather()
            await seat.pilot.click("#box-region")
            await seat.on("PickList")
            await seat.press(*"us-", "escape")
            await seat.on("GatherScreen")
            assert seat.value("region") == "eu-west-1"

    async def test_another_region_asks_for_its_clusters(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather()
            seat.app.screen.query_one("#box-region").focus()
            await seat.press("space")
            await seat.on("PickList")
            await seat.press(*"us-east-1", "enter")
            await seat.settled()
            assert ("clusters", ("dev-admin", "us-east-1")) in seat.look.asked
