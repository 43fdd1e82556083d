"""What others made: used as it is, changed only by adding or with a consent, and never removed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ekswiz.answers import validate
from ekswiz.plan import Action
from ekswiz.risks import unagreed
from ekswiz_sim.github.state import Environment, Pull, RepositoryState, Variable
from unit.github_api.place import BY_API, BY_REQUEST, WORKFLOW, Place, failed, risks, signs

WHEN = "2026-01-01T00:00:00Z"
THEIRS = b"name: Something else\non: push\n"


def environment(state: RepositoryState, policy: str | None, *branches: str) -> Environment:
    """An environment that somebody made by hand, with a reviewer and a secret life of its own."""
    found = Environment(500, "production", WHEN, policy, dict(enumerate(branches, 900)), wait_timer=30)
    found.reviewers = [{"type": "User", "reviewer": {"id": 7, "login": "mira"}}]
    found.variables["THEIRS"] = Variable("kept", WHEN, WHEN)
    state.environments["production"] = found
    return found


@pytest.mark.parametrize(
    ("policy", "branches", "sign", "risk"),
    [
        (None, (), "=", {"environment-open"}),
        ("protected", (), "=", {"environment-shut"}),
        ("custom", ("main",), "=", set()),
        ("custom", ("main", "release/*"), "=", {"environment-open"}),
        ("custom", ("release/*",), "~", {"environment-open"}),
    ],
)
def test_an_environment_of_others_is_used_and_only_added_to(
    place: Place, policy: str | None, branches: tuple[str, ...], sign: str, risk: set[str]
) -> None:
    theirs = environment(place.state, policy, *branches)

    planned = place.plan(BY_API)
    assert signs(planned)["github_environment.deploy"] == sign
    assert risks(planned).get("github_environment.deploy", set()) == risk
    assert failed(place.apply(BY_API, planned)) == []

    now = place.state.environments["production"]
    assert (now.policy, now.wait_timer, len(now.reviewers)) == (policy, 30, 1)
    assert set(branches) <= set(now.branches.values())
    assert policy != "custom" or "main" in now.branches.values()
    assert "EKSWIZ_PAYMENTS_ENVIRONMENT" not in place.state.variables
    assert set(signs(place.plan(BY_API)).values()) == {"="}

    assert failed(place.destroy(BY_API)) == []
    assert place.state.environments["production"] is theirs
    assert theirs.variables["THEIRS"].value == "kept"


def test_our_environment_keeps_the_reviewers_that_were_added(place: Place) -> None:
    place.apply(BY_API)
    found = place.state.environments["production"]
    found.reviewers = [{"type": "User", "reviewer": {"id": 7, "login": "mira"}}]
    found.prevent_self_review, found.wait_timer = True, 30
    assert set(signs(place.plan(BY_API)).values()) == {"="}
    found.policy, found.branches = None, {}

    assert failed(place.apply(BY_API)) == []

    now = place.state.environments["production"]
    assert (now.policy, list(now.branches.values()), now.wait_timer) == ("custom", ["main"], 30)
    assert [one["reviewer"]["id"] for one in now.reviewers] == [7]
    assert now.prevent_self_review


def test_shutting_others_out_of_our_environment_needs_a_consent(place: Place) -> None:
    place.apply(BY_API)
    place.state.environments["production"].branches[77] = "release/*"

    planned = place.plan(BY_API)

    assert [(address, risk.id) for address, risk in unagreed(planned, frozenset())] == [
        ("github_environment.deploy", "drops-branches")
    ]


def test_variables_of_our_names_are_not_taken_over_unasked(place: Place) -> None:
    place.state.variables["EKSWIZ_PAYMENTS_AWS_REGION"] = Variable("theirs", WHEN, WHEN)

    planned = place.plan(BY_API)
    assert "foreign-object" in risks(planned)["github_variables.main"]
    said = failed(place.apply(BY_API, planned))

    assert said[0].startswith("github_variables.main: ")
    assert "was not made by ekswiz" in said[0]
    assert place.state.variables["EKSWIZ_PAYMENTS_AWS_REGION"].value == "theirs"


def test_variables_that_were_taken_over_are_never_removed(place: Place) -> None:
    place.state.variables["EKSWIZ_PAYMENTS_AWS_REGION"] = Variable("theirs", WHEN, WHEN)

    assert failed(place.apply(BY_API, place.plan(BY_API, adopt=True))) == []
    assert place.state.variables["EKSWIZ_PAYMENTS_AWS_REGION"].value == "eu-west-1"
    assert set(signs(place.plan(BY_API)).values()) == {"="}

    farewell = {change.address: change for change in place.destroy_plan(BY_API).changes}
    assert farewell["github_variables.main"].action is Action.KEEP
    assert "adopted" in farewell["github_variables.main"].why


def test_variables_of_another_stack_are_its_own(place: Place) -> None:
    other = replace(BY_API, stack="payments-2", environment="staging")
    assert failed(place.apply(BY_API)) == []
    place.journal_path = place.journal_path.with_name("other.jsonl")

    assert failed(place.apply(other)) == []
    assert failed(place.destroy(other)) == []

    assert all(name.startswith("EKSWIZ_PAYMENTS_") and "_2_" not in name for name in place.state.variables)
    assert list(place.state.environments) == ["production"]


def test_a_workflow_file_of_the_users_own_is_never_proposed_over(place: Place) -> None:
    file = place.checkout / WORKFLOW
    file.parent.mkdir(parents=True)
    file.write_bytes(THEIRS)

    for adopt in (False, True):
        planned = place.plan(BY_REQUEST, adopt=adopt)
        assert "not-our-file" in risks(planned)["github_pull_request.files"]
        said = failed(place.apply(BY_REQUEST, planned))
        assert any("github_pull_request.files" in one for one in said)

    assert place.state.pulls == {}
    assert file.read_bytes() == THEIRS


def test_manifests_that_are_there_are_left_as_they_are(place: Place) -> None:
    file = place.checkout / "manifests" / "deployment.yaml"
    file.parent.mkdir()
    file.write_text("mine\n")

    assert failed(place.apply(BY_REQUEST)) == []

    git = place.state.git
    assert git.contents("ekswiz/payments", "manifests/deployment.yaml") == b"mine\n"
    assert git.contents("ekswiz/payments", "manifests/service.yaml") is not None
    assert set(signs(place.plan(BY_REQUEST)).values()) == {"="}


def test_a_pull_request_of_others_from_our_branch_is_not_taken_over_unasked(place: Place) -> None:
    git = place.state.git
    git.heads["ekswiz/payments"] = git.commit(git.tree({"x": b"1"}), (git.heads["main"],), "Theirs").sha
    place.state.pulls[1] = Pull(1, "Theirs", "", "ekswiz/payments", "main", git.heads["ekswiz/payments"], WHEN)

    planned = place.plan(BY_REQUEST)

    assert "foreign-object" in risks(planned)["github_pull_request.files"]
    assert failed(place.apply(BY_REQUEST, planned))
    assert git.contents("ekswiz/payments", WORKFLOW) is None


def test_what_was_merged_is_the_users_history(place: Place) -> None:
    place.apply(BY_REQUEST)
    place.state.merge_open()

    assert (place.checkout / WORKFLOW).is_file()
    assert set(signs(place.plan(BY_REQUEST)).values()) == {"="}
    farewell = {change.address: change for change in place.destroy_plan(BY_REQUEST).changes}
    assert farewell["github_pull_request.files"].action is Action.KEEP
    assert f"git rm {WORKFLOW}" in farewell["github_pull_request.files"].why


def test_changed_answers_after_a_merge_make_a_second_pull_request(place: Place) -> None:
    place.apply(BY_REQUEST)
    place.state.merge_open()
    changed = replace(BY_REQUEST, cluster="another")

    planned = place.plan(changed)
    assert signs(planned)["github_pull_request.files"] == "+"
    assert failed(place.apply(changed, planned)) == []

    assert [(pull.number, pull.state) for pull in place.state.pulls.values()] == [(1, "closed"), (2, "open")]
    assert b"another" in (place.state.git.contents("ekswiz/payments", WORKFLOW) or b"")


def test_commits_of_reviewers_stay_in_the_history_of_our_branch(place: Place) -> None:
    place.apply(BY_REQUEST)
    git, head = place.state.git, "ekswiz/payments"
    tip = git.commits[git.heads[head]]
    theirs = git.commit(git.tree({WORKFLOW: b"# edited\n", "docs/more.md": b"more\n"}, tip.tree), (tip.sha,), "Review")
    git.heads[head] = theirs.sha

    planned = place.plan(BY_REQUEST)
    assert risks(planned)["github_pull_request.files"] == {"file-edited"}
    assert failed(place.apply(BY_REQUEST, planned)) == []

    assert git.is_ahead(git.heads[head], theirs.sha)
    assert git.contents(head, "docs/more.md") == b"more\n"
    assert (git.contents(head, WORKFLOW) or b"").startswith(b"# Written by ekswiz for stack payments.")


def test_an_older_branch_of_ours_is_gone_on_from(place: Place) -> None:
    """A request that was closed by hand leaves its branch: nothing on it is lost, and nothing of it comes along."""
    git, head = place.state.git, "ekswiz/payments"
    old = git.commit(git.tree({"old.txt": b"old\n"}), (git.heads["main"],), "Old").sha
    git.heads[head] = old

    assert failed(place.apply(BY_REQUEST)) == []

    assert git.is_ahead(git.heads[head], old)
    assert git.is_ahead(git.heads[head], git.heads["main"])
    assert git.contents(head, "old.txt") is None


def test_the_form_of_sub_changes_for_everybody_only_with_a_consent(place: Place) -> None:
    place.state.use_default, place.state.claims = False, ("repo", "job_workflow_ref")

    planned = place.plan(BY_API)
    assert [(address, risk.id) for address, risk in unagreed(planned, frozenset())] == [
        ("github_subject.main", "subject-changes")
    ]
    assert failed(place.apply(BY_API, planned)) == []

    assert (place.state.use_default, place.state.claims) == (True, ())
    kept = {change.address: change for change in place.destroy_plan(BY_API).changes}["github_subject.main"]
    assert kept.action is Action.KEEP
    assert "use_default was false and is true" in kept.why


def test_a_repository_that_is_more_than_classic_fits_classic_answers(place: Place) -> None:
    classic = replace(BY_API, subject="classic")
    place.state.use_default, place.state.claims, place.state.immutable = False, ("repo",), True

    assert failed(place.apply(classic)) == []

    assert place.state.immutable, "the immutable form is never taken away"
    assert set(signs(place.plan(classic)).values()) == {"="}


@pytest.mark.parametrize(
    ("protected", "rules", "open_"),
    [
        (False, [], True),
        (True, [], False),
        (False, [{"type": "pull_request"}], False),
        (False, [{"type": "deletion"}, {"type": "non_fast_forward"}], True),
    ],
)
def test_the_branchs_protection_is_looked_at_and_never_changed(
    place: Place, protected: bool, rules: list[dict[str, str]], open_: bool
) -> None:
    place.state.rules["main"] = rules
    place.state.protected = {"main"} if protected else set()

    planned = place.plan(BY_API)

    assert ("branch-open" in risks(planned).get("github_branch.deploy", set())) is open_
    assert signs(planned)["github_branch.deploy"] == "="
    assert [change for change in place.destroy_plan(BY_API).pending if change.address == "github_branch.deploy"] == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"repo_id": "1"}, "id is 456789 at GitHub and 1 in the answers"),
        ({"owner_id": "1"}, "owner_id is 123456 at GitHub and 1 in the answers"),
        ({"owner": "Acme"}, "name is acme/payments-api at GitHub and Acme/payments-api in the answers"),
    ],
)
def test_another_repository_of_that_name_is_left_alone(place: Place, said: dict[str, str], why: str) -> None:
    before = place.state.snapshot()
    other = replace(BY_REQUEST, **said)

    planned = place.plan(other)
    found = {change.address: change for change in planned.changes}["github_repository.main"]
    assert found.action is Action.UNKNOWN
    assert why in found.why

    assert failed(place.apply(other, planned))
    assert place.state.snapshot() == before


def test_an_environment_in_another_case_is_neither_used_nor_replaced(place: Place) -> None:
    theirs = Environment(500, "Production", WHEN, None)
    place.state.environments["production"] = theirs

    planned = place.plan(BY_API)
    change = next(one for one in planned.changes if one.address == "github_environment.deploy")
    assert change.action is Action.UNKNOWN
    assert "--environment Production" in change.why

    place.apply(BY_API, planned)
    assert place.state.environments == {"production": theirs}


@pytest.mark.parametrize(
    ("branch", "environment_", "stack"),
    [
        ("release+1@x=y", "Prod. EU 1", "a-b-c"),
        ("feature/deep/down", "x" * 255, "s" * 40),
        ("1.0", "a b", "0"),
    ],
)
def test_names_with_everything_that_is_allowed_in_them_come_back(
    place: Place, branch: str, environment_: str, stack: str
) -> None:
    answers = validate(replace(BY_REQUEST, branch=branch, environment=environment_, stack=stack))
    git = place.state.git
    git.heads[branch] = git.heads["main"]
    git.base = branch
    before = place.state.snapshot()

    assert failed(place.apply(answers)) == []
    assert set(signs(place.plan(answers)).values()) == {"="}
    assert place.state.environments[environment_.lower()].branches.popitem()[1] == branch

    assert failed(place.destroy(answers)) == []
    assert place.state.snapshot() == before
