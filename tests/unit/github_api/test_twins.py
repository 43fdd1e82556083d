"""The commands that a change names do the same as the change: run by the real GitHub CLI against the simulator.

The CLI takes a socket in the file system for its way to GitHub; without the CLI the test is skipped.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from ekswiz.plan import Action
from ekswiz_sim.github.state import RepositoryState, Variable
from unit.github_api import gh_command
from unit.github_api.place import BY_REQUEST, Place, resources, signs

pytestmark = gh_command.needed


@pytest.fixture
def gh(place: Place, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Runs command lines whose `gh` reaches the repository."""
    with gh_command.reaching(place, tmp_path) as environment:

        def run(lines: str) -> None:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", lines], env=environment, cwd=tmp_path, capture_output=True,
                text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            assert done.returncode == 0, f"{lines[:400]}\n{done.stderr}{done.stdout[-400:]}"

        yield run


def by_hand(place: Place, gh: Callable[[str], None], changes: Mapping[str, str]) -> None:
    """Do by the CLI what these changes name."""
    for address, lines in changes.items():
        assert lines.startswith("gh ") or address == "github_pull_request.files"
        gh(lines)


def commands(place: Place) -> dict[str, str]:
    return {change.address: change.cli for change in place.plan(BY_REQUEST).pending}


def test_what_is_made_by_the_commands_is_what_a_plan_wants(place: Place, gh: Callable[[str], None]) -> None:
    file = place.checkout / "manifests" / "service.yaml"
    file.parent.mkdir()
    file.write_text("mine\n")
    place.state.use_default, place.state.claims = False, ("repo",)
    wanted = commands(place)
    assert len(wanted) == 4

    by_hand(place, gh, wanted)

    assert set(signs(place.plan(BY_REQUEST)).values()) == {"="}
    by_gh = place.state.snapshot()
    assert place.state.git.contents("ekswiz/payments", "manifests/service.yaml") == b"mine\n"
    place.apply(BY_REQUEST)
    assert place.state.snapshot() == by_gh


def test_what_differs_is_brought_back_by_the_commands(place: Place, gh: Callable[[str], None]) -> None:
    place.apply(BY_REQUEST)
    settled = place.state.snapshot()
    for meddle in (lose_policy, change_variable, lose_variable, turn_classic, edit):
        meddle(place.state)

    wanted = commands(place)
    assert set(wanted) == {
        "github_environment.deploy", "github_variables.main", "github_subject.main", "github_pull_request.files",
    }  # fmt: skip
    by_hand(place, gh, wanted)

    assert place.state.snapshot() == settled
    assert set(signs(place.plan(BY_REQUEST)).values()) == {"="}


def test_what_was_made_is_removed_by_the_commands(place: Place, gh: Callable[[str], None]) -> None:
    before = place.state.snapshot()
    place.apply(BY_REQUEST)

    by_hand(place, gh, {change.address: change.cli for change in place.destroy_plan(BY_REQUEST).pending})

    assert place.state.snapshot() == before


def test_every_command_that_only_looks_works(place: Place, gh: Callable[[str], None]) -> None:
    place.apply(BY_REQUEST)
    for resource in resources(BY_REQUEST):
        gh(resource.cli(Action.KEEP))


def lose_policy(state: RepositoryState) -> None:
    state.environments["production"].branches.clear()


def change_variable(state: RepositoryState) -> None:
    state.variables["EKSWIZ_PAYMENTS_EKS_CLUSTER"] = Variable("another", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")


def lose_variable(state: RepositoryState) -> None:
    del state.variables["EKSWIZ_PAYMENTS_AWS_REGION"]


def turn_classic(state: RepositoryState) -> None:
    state.immutable = False


def edit(state: RepositoryState) -> None:
    git, head = state.git, "ekswiz/payments"
    tip = git.commits[git.heads[head]]
    changed = git.tree({".github/workflows/deploy.yml": b"# Written by ekswiz for stack payments. Edited.\n"}, tip.tree)
    git.heads[head] = git.commit(changed, (tip.sha,), "Edited").sha
