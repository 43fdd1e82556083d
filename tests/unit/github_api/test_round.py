"""Create, settle, drift, repair, remove: every kind of object at GitHub, under the real engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ekswiz.answers import Answers
from ekswiz_sim.github.state import RepositoryState, Variable
from unit.engine.fakes import ANSWERS
from unit.github_api.place import BY_API, BY_REQUEST, WORKFLOW, Place, failed, resources, signs

MODES = [pytest.param(BY_API, id="api"), pytest.param(BY_REQUEST, id="pull_request")]
REGION = "EKSWIZ_PAYMENTS_AWS_REGION"


def test_nothing_at_github_is_touched_unless_it_is_asked_for() -> None:
    assert resources(ANSWERS) == []


@pytest.mark.parametrize("answers", MODES)
def test_what_is_made_is_settled_and_goes_again(place: Place, answers: Answers) -> None:
    before = place.state.snapshot()

    assert failed(place.apply(answers)) == []
    assert set(signs(place.plan(answers)).values()) == {"="}
    assert place.state.snapshot() != before

    assert failed(place.destroy(answers)) == []
    assert place.state.snapshot() == before


def test_a_plan_says_what_will_be_made_and_changes_nothing(place: Place) -> None:
    before = place.state.snapshot()

    found = signs(place.plan(BY_REQUEST))

    assert found == {
        "github_repository.main": "=",
        "github_branch.deploy": "=",
        "github_subject.main": "=",
        "github_environment.deploy": "+",
        "github_variables.main": "+",
        "github_pull_request.files": "+",
    }
    assert place.state.snapshot() == before
    assert {call.split()[0] for call in place.calls} == {"GET"}


def test_a_stack_without_an_environment_makes_none(place: Place) -> None:
    answers = replace(BY_REQUEST, environment=None)

    assert failed(place.apply(answers)) == []

    assert place.state.environments == {}
    assert "github_environment.deploy" not in signs(place.plan(answers))
    assert failed(place.destroy(answers)) == []


def drop_policy(state: RepositoryState) -> None:
    state.environments["production"].branches.clear()


def open_up(state: RepositoryState) -> None:
    found = state.environments["production"]
    found.policy, found.branches = None, {}


def let_another_in(state: RepositoryState) -> None:
    state.environments["production"].branches[77] = "release/*"


def change_variable(state: RepositoryState) -> None:
    state.variables[REGION] = Variable("us-east-1", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")


def remove_variable(state: RepositoryState) -> None:
    del state.variables[REGION]


def edit_the_branch(state: RepositoryState) -> None:
    git, head = state.git, "ekswiz/payments"
    tip = git.commits[git.heads[head]]
    edited = git.tree({WORKFLOW: b"# Written by ekswiz for stack payments. And edited.\n"}, tip.tree)
    git.heads[head] = git.commit(edited, (tip.sha,), "Edited").sha


def customize(state: RepositoryState) -> None:
    state.use_default, state.claims = False, ("repo", "context")


def turn_classic(state: RepositoryState) -> None:
    state.immutable = False


DRIFTS = {
    drop_policy: "github_environment.deploy",
    open_up: "github_environment.deploy",
    let_another_in: "github_environment.deploy",
    change_variable: "github_variables.main",
    remove_variable: "github_variables.main",
    edit_the_branch: "github_pull_request.files",
    customize: "github_subject.main",
    turn_classic: "github_subject.main",
}


@pytest.mark.parametrize(("meddle", "address"), DRIFTS.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_what_moved_is_shown_and_repaired(
    place: Place, meddle: Callable[[RepositoryState], None], address: str
) -> None:
    place.apply(BY_REQUEST)
    settled = place.state.snapshot()
    meddle(place.state)

    assert [moved.address for moved in place.status(BY_REQUEST).moved] == [address]
    planned = place.plan(BY_REQUEST)
    assert {name for name, sign in signs(planned).items() if sign != "="} == {address}
    assert signs(planned)[address] == "~"

    assert failed(place.apply(BY_REQUEST, planned)) == []
    assert place.state.snapshot() == settled
    assert set(signs(place.plan(BY_REQUEST)).values()) == {"="}


def lose_environment(state: RepositoryState) -> None:
    state.environments.clear()


def lose_variables(state: RepositoryState) -> None:
    kept = {name: one for name, one in state.variables.items() if name.endswith("_ENVIRONMENT")}
    state.variables.clear()
    state.variables.update(kept)


def close_the_request(state: RepositoryState) -> None:
    pull = state.pulls[1]
    pull.state, pull.closed_at = "closed", "2026-11-01T00:00:00Z"


@pytest.mark.parametrize(
    ("meddle", "address"),
    [
        (lose_environment, "github_environment.deploy"),
        (lose_variables, "github_variables.main"),
        (close_the_request, "github_pull_request.files"),
    ],
)
def test_what_is_gone_is_made_again(place: Place, meddle: Callable[[RepositoryState], None], address: str) -> None:
    place.apply(BY_REQUEST)
    meddle(place.state)

    planned = place.plan(BY_REQUEST)
    assert {name: sign for name, sign in signs(planned).items() if sign != "="} == {address: "+"}

    assert failed(place.apply(BY_REQUEST, planned)) == []
    assert set(signs(place.plan(BY_REQUEST)).values()) == {"="}
    assert failed(place.destroy(BY_REQUEST)) == []
    assert place.state.snapshot()["environments"] == {}
    assert place.state.snapshot()["branches"] == []
    assert place.state.snapshot()["variables"] == {}


LOST = [
    "POST actions/variables",
    "PUT environments/production",
    "POST environments/production/deployment-branch-policies",
    "POST git/trees",
    "POST git/commits",
    "POST git/refs",
    "POST pulls",
]


@pytest.mark.parametrize("call", LOST)
def test_a_lost_reply_leads_to_the_same_end(place: Place, call: str) -> None:
    place.lose.add(call)

    assert failed(place.apply(BY_REQUEST)) == []

    assert place.lose == set(), "the call was never made"
    assert set(signs(place.plan(BY_REQUEST)).values()) == {"="}
    assert [pull.number for pull in place.state.pulls.values() if pull.state == "open"] == [1]
    assert failed(place.destroy(BY_REQUEST)) == []
    assert place.state.snapshot()["variables"] == {}
    assert place.state.snapshot()["branches"] == []


def test_a_death_after_the_mark_leaves_nothing_that_nobody_owns(place: Place) -> None:
    """The environment's mark is made before it: a run that dies between the two is gone on from."""
    place.state.variables["EKSWIZ_PAYMENTS_ENVIRONMENT"] = Variable(
        "production", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
    )

    assert failed(place.apply(BY_API)) == []

    assert failed(place.destroy(BY_API)) == []
    assert place.state.snapshot()["environments"] == {}
    assert place.state.snapshot()["variables"] == {}
