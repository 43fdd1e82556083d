"""What leaves ekswiz works without it: the bash export by the real AWS CLI and kubectl, through the gate.

And the way back: the answers of what it made, read from the account, plan to nothing.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ekswiz_sim.runner.tools.install import kubectl

EKSWIZ = Path(sys.executable).with_name("ekswiz")
NOTHING = "Everything already matches. Nothing to do."


@dataclass
class World:
    """A world that is up, and commands in it without the environment of whoever runs the tests."""

    root: Path
    aws: Path

    @property
    def environment(self) -> dict[str, str]:
        tools = f"{self.root / 'bin'}:/usr/bin:/bin"
        home = {"HOME": str(self.root / "home"), "TMPDIR": str(self.root)}
        return {"PATH": tools, "EKSWIZ_STATE_DIR": str(self.root / "state"), **home}

    def run(
        self, *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **(env or {})}
        return subprocess.run(
            [*map(str, command)], cwd=cwd or self.root, env=environment, input=stdin, check=False,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def ekswiz(self, *words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self.run(EKSWIZ, *words, stdin=stdin)

    def operator(self) -> dict[str, str]:
        """What `ekswiz sim env` exports."""
        lines = shlex.split(self.ekswiz("sim", "env").stdout.replace("export ", ""))
        return dict(line.split("=", 1) for line in lines)

    def checkout(self) -> Path:
        return Path(json.loads(self.ekswiz("sim", "status", "--json").stdout)["checkout"])


@pytest.fixture(scope="module")
def aws() -> Path:
    found = os.environ.get("EKSWIZ_AWS_CLI") or shutil.which("aws")
    if found is None:
        pytest.skip("the AWS CLI is not installed (it pins botocore, so it needs an environment of its own)")
    return Path(found)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, aws: Path) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("exported"), aws)
    for folder in ("bin", "home"):
        (world.root / folder).mkdir()
    (world.root / "bin" / "aws").write_text(f'#!/bin/sh\nexec {shlex.quote(str(aws))} "$@"\n')
    (world.root / "bin" / "aws").chmod(0o755)
    (world.root / "bin" / "kubectl").symlink_to(kubectl())
    up = world.ekswiz("sim", "up", "--sample")
    assert up.returncode == 0, up.stderr
    yield world
    assert world.ekswiz("sim", "down").returncode == 0


@pytest.fixture(scope="module")
def made(world: World) -> subprocess.CompletedProcess[str]:
    """The script, run once in an empty account."""
    written = world.ekswiz("--sim", "export", "bash", world.root / "out")
    assert written.returncode == 0, written.stderr
    return _run(world, "--yes", "--account", "111122223333")


def _run(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    script = world.root / "out" / "ekswiz-hello-eks.sh"
    return world.run("bash", script, *words, cwd=world.checkout(), env=world.operator())


def test_after_the_script_a_plan_finds_nothing_to_do(world: World, made: subprocess.CompletedProcess[str]) -> None:
    assert made.returncode == 0, made.stderr
    planned = world.ekswiz("--sim", "plan", "--exit-code")
    assert NOTHING in planned.stdout, planned.stdout
    assert planned.returncode == 0


def test_it_may_be_run_again_and_changes_nothing(world: World, made: subprocess.CompletedProcess[str]) -> None:
    again = _run(world, "--yes", "--account", "111122223333")

    assert again.returncode == 0, again.stderr
    assert NOTHING in world.ekswiz("--sim", "plan").stdout


def test_another_account_is_refused(world: World, made: subprocess.CompletedProcess[str]) -> None:
    refused = _run(world, "--yes", "--account", "999999999999")

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
