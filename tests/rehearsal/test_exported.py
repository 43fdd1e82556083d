"""What leaves ekswiz works without it: the bash export by the real AWS CLI and kubectl, through the gate.

And the way back: the answers of what it made, read from the account, plan to nothing.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.script_world import ACCOUNT, EKSWIZ, World, aws_cli, world_up

NOTHING = "Everything already matches. Nothing to do."


@pytest.fixture(scope="module")
def aws() -> Path:
    found = aws_cli()
    if found is None:
        pytest.skip("the AWS CLI is not installed (it pins botocore, so it needs an environment of its own)")
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, aws: Path) -> Iterator[World]:
    with world_up(tmp_path_factory.mktemp("exported"), aws) as world:
        yield world


@pytest.fixture(scope="module")
def made(world: World) -> subprocess.CompletedProcess[str]:
    """The script, run once in an empty account."""
    world.export()
    return world.script("--yes", "--account", ACCOUNT)


def test_after_the_script_a_plan_finds_nothing_to_do(world: World, made: subprocess.CompletedProcess[str]) -> None:
    assert made.returncode == 0, made.stderr
    planned = world.ekswiz("--sim", "plan", "--exit-code")
    assert NOTHING in planned.stdout, planned.stdout
    assert planned.returncode == 0


def test_it_may_be_run_again_and_changes_nothing(world: World, made: subprocess.CompletedProcess[str]) -> None:
    again = world.script("--yes", "--account", ACCOUNT)

    assert again.returncode == 0, again.stderr
    assert NOTHING in world.ekswiz("--sim", "plan").stdout


def test_another_account_is_refused(world: World, made: subprocess.CompletedProcess[str]) -> None:
    refused = world.script("--yes", "--account", "999999999999")

    assert refused.returncode == 1
    assert "--yes needs --account 111122223333" in refused.stderr


def test_the_answers_of_the_account_plan_to_nothing(world: World, made: subprocess.CompletedProcess[str]) -> None:
    # by the world's own words
    read = world.ekswiz("--sim", "answers", "--from-account")
    assert read.returncode == 0, read.stderr
    assert NOTHING in world.ekswiz("--sim", "plan", "-f", "-", stdin=read.stdout).stdout


def test_and_so_they_do_for_somebody_who_knows_an_endpoint_only(
    world: World, made: subprocess.CompletedProcess[str]
) -> None:
    operator = world.operator()
    where = ("--endpoint-url", operator.pop("AWS_ENDPOINT_URL"), "--source", world.checkout())

    read = world.run(EKSWIZ, "answers", "--from-account", *where, env=operator)
    planned = world.run(EKSWIZ, "plan", "-f", "-", "--exit-code", *where, env=operator, stdin=read.stdout)

    assert read.returncode == 0, read.stderr
    assert NOTHING in planned.stdout, planned.stderr
    assert planned.returncode == 0


def test_answers_of_another_account_are_not_taken_for_the_world(
    world: World, made: subprocess.CompletedProcess[str]
) -> None:
    read = world.ekswiz("--sim", "answers", "--from-account").stdout

    other = world.ekswiz("--sim", "plan", "-f", "-", stdin=read.replace("111122223333", "999999999999"))

    assert other.returncode == 64
    assert "account" in other.stderr
