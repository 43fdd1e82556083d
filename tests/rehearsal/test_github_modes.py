"""The road with GitHub set up through its API: the pull request brings the workflow that runs, and all of it goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ekswiz_sim.github.state import Environment
from ekswiz_sim.scene import Scene
from rehearsal.worlds import Run, rehearsed

SETTINGS = ("plan", "apply", "settled", "destroy", "empty")


@pytest.fixture(scope="module")
def by_request() -> Run:
    return rehearsed(github="pull_request")


def test_the_workflow_of_the_merged_pull_request_deploys(by_request: Run) -> None:
    assert by_request.report["ok"], [s for s in by_request.report["stages"] if not s["ok"]]
    assert "pull request #1 is merged, as a person would do" in by_request.text("push")
    assert by_request.report["http"]["status"] == 200


def test_everything_at_github_is_planned_and_removed(by_request: Run) -> None:
    planned = {change["address"]: change["action"] for change in by_request.report["plan"]["changes"]}
    assert {name: sign for name, sign in planned.items() if name.startswith("github_")} == {
        "github_repository.main": "=",
        "github_branch.deploy": "=",
        "github_subject.main": "=",
        "github_environment.deploy": "+",
        "github_variables.main": "+",
        "github_pull_request.files": "+",
    }
    assert not any(name.startswith("repository_file") for name in planned)
    assert by_request.stage("empty")["ok"]


def test_a_request_that_nobody_merged_is_closed_again() -> None:
    run = rehearsed(github="pull_request", stages=SETTINGS)
    assert run.report["ok"], [s for s in run.report["stages"] if not s["ok"]]


def test_settings_alone_leave_the_files_to_the_checkout() -> None:
    run = rehearsed(github="api", stages=SETTINGS)
    assert run.report["ok"], [s for s in run.report["stages"] if not s["ok"]]
    planned = {change["address"] for change in run.report["plan"]["changes"]}
    assert "repository_file..github/workflows/deploy.yml" in planned
    assert "github_pull_request.files" not in planned


def customized(scene: Scene) -> None:
    """Somebody has put another claim into `sub`, for another cloud."""
    state = scene.world.parts.github.state
    state.use_default, state.claims = False, ("repo", "context", "job_workflow_ref")


def shut(scene: Scene) -> None:
    """Somebody has made the environment, for releases only."""
    found = Environment(500, "production", "2026-01-01T00:00:00Z", "custom", {501: "release/*"})
    scene.world.parts.github.state.environments["production"] = found


def test_what_keeps_the_jobs_out_at_github_is_repaired_before_the_push() -> None:
    def both(scene: Scene) -> None:
        customized(scene)
        shut(scene)

    run = rehearsed(github="api", stages=("plan", "apply", "settled", "push"), interfere={"plan": both})

    assert run.first_red == "none", run.text(run.first_red)


@pytest.mark.parametrize(
    ("meddle", "said"),
    [
        (customized, "AssumeRoleWithWebIdentity"),
        (shut, 'Branch "main" is not allowed to deploy to production due to environment protection rules.'),
    ],
)
def test_where_ekswiz_may_not_touch_github_the_rehearsal_finds_it(meddle: Callable[[Scene], None], said: str) -> None:
    run = rehearsed(stages=("plan", "apply", "push"), interfere={"plan": meddle})

    assert run.first_red == "push"
    assert said in run.text("push")
