"""Claims as GitHub writes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ekswiz_sim.github import events
from ekswiz_sim.github.events import Repository

WORKFLOW = ".github/workflows/deploy.yml"
SHA = "a" * 40
REPOSITORY = Repository(owner="Octo", owner_id="123456", name="Shop", id="456789")
CLASSIC = replace(REPOSITORY, subject="classic")
PUSH = events.push("main", SHA, REPOSITORY, run_id="77")
PULL = events.pull_request(7, "feature", "main", SHA, REPOSITORY)
PREFIX = "repo:Octo@123456/Shop@456789"


@pytest.mark.parametrize(
    ("event", "environment", "context"),
    [
        (PUSH, None, "ref:refs/heads/main"),
        (PUSH, "production", "environment:production"),
        (PUSH, "a:b", "environment:a%3Ab"),
        (PUSH, "a%3Ab", "environment:a%3Ab"),
        (events.push_tag("v1", SHA, REPOSITORY), None, "ref:refs/tags/v1"),
        (events.dispatch("other", SHA, REPOSITORY), None, "ref:refs/heads/other"),
        (PULL, None, "pull_request"),
        (PULL, "production", "environment:production"),
        (events.pull_request_target(7, "feature", "main", SHA, REPOSITORY), None, "ref:refs/heads/main"),
    ],
)
def test_the_subject_prefers_environment_to_pull_request_to_ref(
    event: events.RunEvent, environment: str | None, context: str
) -> None:
    assert events.subject(REPOSITORY, event, environment) == f"{PREFIX}:{context}"
    assert events.subject(CLASSIC, event, environment) == f"repo:Octo/Shop:{context}"


def test_a_push_has_every_claim_of_github_as_a_string() -> None:
    found = events.claims(REPOSITORY, PUSH, workflow_path=WORKFLOW)
    assert all(isinstance(value, str) for value in found.values())
    assert set(found) == {
        "sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "repository_visibility",
        "actor", "actor_id", "event_name", "ref", "ref_type", "ref_protected", "sha", "base_ref", "head_ref",
        "run_id", "run_number", "run_attempt", "workflow", "workflow_ref", "workflow_sha", "job_workflow_ref",
        "job_workflow_sha", "runner_environment", "check_run_id",
    }  # fmt: skip
    assert (found["repository_id"], found["repository_owner_id"], found["run_id"]) == ("456789", "123456", "77")
    assert found["job_workflow_ref"] == found["workflow_ref"] == f"Octo/Shop/{WORKFLOW}@refs/heads/main"


def test_a_job_with_an_environment_says_so_and_keeps_its_ref() -> None:
    found = events.claims(REPOSITORY, PUSH, workflow_path=WORKFLOW, environment="production")
    assert (found["environment"], found["ref"]) == ("production", "refs/heads/main")


def test_a_job_of_a_called_workflow_names_that_file() -> None:
    other = ".github/workflows/deploy-to-eks.yml"
    found = events.claims(REPOSITORY, PUSH, workflow_path=WORKFLOW, job_workflow_path=other)
    assert found["workflow_ref"].endswith(f"{WORKFLOW}@refs/heads/main")
    assert found["job_workflow_ref"] == f"Octo/Shop/{other}@refs/heads/main"


def test_a_pull_request_runs_on_its_merge_ref() -> None:
    found = events.claims(REPOSITORY, PULL, workflow_path=WORKFLOW)
    assert (found["ref"], found["head_ref"], found["base_ref"]) == ("refs/pull/7/merge", "feature", "main")
    assert found["job_workflow_ref"].endswith("@refs/pull/7/merge")


def test_a_fork_and_only_a_fork_gets_nothing() -> None:
    assert events.fork_pull_request(7, "feature", "main", SHA, REPOSITORY).restricted
    assert not PULL.restricted
    assert not events.pull_request_target(7, "f", "main", SHA, REPOSITORY, fork="mallory/Shop").restricted


def test_others_differ_in_their_ids_too() -> None:
    found = {
        make.__name__: events.claims(make(REPOSITORY), PUSH, workflow_path=WORKFLOW)
        for make in (events.other_repository, events.look_alike_owner, events.case_variant)
    }
    other, alike, variant = found.values()
    assert other["repository_owner_id"] == "123456"
    assert other["repository_id"] != "456789"
    assert alike["repository"].startswith("Octo-")
    assert alike["repository_owner_id"] != "123456"
    assert (variant["repository"], variant["repository_id"]) == ("oCTO/sHOP", "456789")
