"""The script's steps at GitHub: run by the real GitHub CLI against the simulator, after which a plan is content.

The CLI takes a socket in the file system for its way to GitHub; without the CLI the tests are skipped.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ekswiz.answers import Answers
from ekswiz.export import bash_github
from ekswiz.hand_off.script import guards
from ekswiz_sim.github.state import Variable
from unit.engine.fakes import ANSWERS
from unit.github_api import gh_command
from unit.github_api.place import BY_API, BY_REQUEST, Place, served, signs

Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = gh_command.needed


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with served(ANSWERS, tmp_path) as found:
        yield found


@pytest.fixture
def run(place: Place, tmp_path: Path) -> Iterator[Run]:
    """Runs the steps of these answers at GitHub."""
    with gh_command.reaching(place, tmp_path) as environment:

        def run(answers: Answers, *words: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                ["bash", "-c", _script(place, answers), "script", *words], env=environment, cwd=tmp_path,
                capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
            )  # fmt: skip

        yield run


def _script(place: Place, answers: Answers) -> str:
    steps = [line for change in place.plan(answers).changes for line in bash_github.lines(change, answers)]
    head = ["set -Eeuo pipefail", f"readonly stack={answers.stack} account=1 region=r cluster=c", guards()]
    guarded = [bash_github.functions(), f"right_repository {answers.repository} {answers.repo_id}"]
    return "\n".join([*head, *guarded, *steps])


@pytest.mark.parametrize("answers", [BY_API, BY_REQUEST], ids=["api", "pull request"])
def test_what_the_script_makes_is_what_a_plan_wants(place: Place, run: Run, answers: Answers) -> None:
    place.state.use_default, place.state.claims = False, ("repo",)
    assert "+" in signs(place.plan(answers)).values()

    done = run(answers)

    assert done.returncode == 0, done.stderr
    assert set(signs(place.plan(answers)).values()) == {"="}


@pytest.mark.parametrize("answers", [BY_API, BY_REQUEST], ids=["api", "pull request"])
def test_it_may_be_run_again_and_changes_nothing(place: Place, run: Run, answers: Answers) -> None:
    assert run(answers).returncode == 0
    before = place.state.snapshot()

    done = run(answers)

    assert done.returncode == 0, done.stderr
    assert place.state.snapshot() == before


def test_check_changes_nothing(place: Place, run: Run) -> None:
    before = place.state.snapshot()

    done = run(BY_REQUEST, "--check")

    assert done.returncode == 0, done.stderr
    assert place.state.snapshot() == before
    assert "would make the pull request ekswiz/payments" in done.stdout


def test_variables_of_another_stack_stop_it(place: Place, run: Run) -> None:
    place.state.variables["EKSWIZ_PAYMENTS_STACK"] = Variable("other", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")

    done = run(BY_API)

    assert done.returncode == 1
    assert "EKSWIZ_PAYMENTS_STACK and its like exists and is not of stack payments" in done.stderr


def test_a_repository_that_was_made_anew_is_refused(place: Place, run: Run) -> None:
    done = run(replace(BY_API, repo_id="999"))

    assert done.returncode == 1
    assert "at GitHub, and this is for 999: it was made anew" in done.stderr
