"""Objects at GitHub as front ends show them, hand them over and count them."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from ekswiz import answers_file, narrate
from ekswiz.answers import check_field
from ekswiz.cost import FREE
from ekswiz.errors import InputError, RehearsalError
from ekswiz.hand_off.steps import handed_over
from ekswiz.plan import Action, Plan
from ekswiz.steps.names import heading, label
from unit.engine.fakes import ANSWERS
from unit.github_api.place import BY_API, BY_REQUEST, Place, resources, signs


def test_the_answer_is_one_of_three_and_survives_its_file(tmp_path: Path) -> None:
    for answers in (ANSWERS, BY_API, BY_REQUEST):
        file = tmp_path / "ekswiz.toml"
        file.write_text(answers_file.text(answers))
        assert answers_file.load(file) == answers
    with pytest.raises(InputError, match="github"):
        check_field("github", "yes")


def test_every_object_has_a_name_a_heading_and_no_price(place: Place) -> None:
    labels = {label(change) for change in place.plan(BY_REQUEST).changes}

    assert labels == {
        "Repository acme/payments-api",
        "Branch main",
        "Form of sub main",
        "Environment production",
        "Variables main",
        "Pull request ekswiz/payments",
    }
    assert {heading(resource.address) for resource in resources(BY_REQUEST)} == {"GitHub"}
    assert {resource.address.partition(".")[0] for resource in resources(BY_REQUEST)} <= FREE


def test_the_last_lines_say_where_the_pull_request_is(place: Place) -> None:
    lines = [narrate.line(event) for event in place.apply(BY_REQUEST)]

    made = [line for line in lines if "done" in line and "github_pull_request" in line]
    assert made[0].endswith("https://github.com/acme/payments-api/pull/1")


def test_an_administrator_of_aws_is_not_asked_for_what_is_at_github(place: Place) -> None:
    assert handed_over(place.plan(BY_REQUEST)) == ()


def test_the_pull_request_explains_itself(place: Place) -> None:
    place.apply(BY_REQUEST)

    body = place.state.pulls[1].body
    for said in (
        "`.github/workflows/deploy.yml`", "`ekswiz-payments-push`", "`ekswiz-payments-deploy`", "The way back",
        "environment `production`", "What a merge does", "pull requests, forks, tags",
    ):  # fmt: skip
        assert said in body
    assert body.splitlines()[-1] == "<!-- ekswiz: stack payments -->"


def test_whoever_is_not_signed_in_sees_what_is_not_readable_and_the_rest_goes_on(place: Place) -> None:
    place.token = ""

    planned = place.plan(BY_REQUEST)

    assert set(signs(planned).values()) == {"?"}
    assert all("nobody is signed in to GitHub" in change.why for change in planned.changes)
    assert {event.type for event in place.apply(BY_REQUEST, planned)} == {"skipped"}


def test_a_destroy_does_not_fail_where_the_repository_is_gone(place: Place) -> None:
    place.apply(BY_REQUEST)
    gone = replace(BY_REQUEST, repo="renamed")

    planned = place.destroy_plan(gone)

    assert isinstance(planned, Plan)
    assert {change.action for change in planned.changes} <= {Action.KEEP, Action.UNKNOWN}


def test_a_rehearsal_that_needs_the_extra_says_so_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    from ekswiz import main_look

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "githubkit" else found(name))
    with pytest.raises(RehearsalError, match=r"ekswiz\[github\]"):
        main_look.simulator_for(BY_API)
    main_look.simulator_for(ANSWERS)
