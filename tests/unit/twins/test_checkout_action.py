"""actions/checkout: the commit's files, not whatever lies in the staged folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ekswiz_sim.runner.actions import twins
from ekswiz_sim.seams import ActionCall, ActionResult
from ekswiz_sim.staging import commit


@dataclass(frozen=True, slots=True)
class Staged:
    folder: Path
    first: str
    second: str


@pytest.fixture
def staged(tmp_path: Path) -> Staged:
    """Two commits, a tag and a branch on the first, and an uncommitted file."""
    folder = tmp_path / "staged"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("one")
    (folder / "sub" / "run.sh").write_text("#!/bin/sh\n")
    (folder / "sub" / "run.sh").chmod(0o755)
    first = commit(folder, "first")
    for ref in ("heads/feature", "tags/v1"):
        (folder / ".git" / "refs" / ref).write_text(f"{first}\n")
    (folder / "a.txt").write_text("two")
    second = commit(folder, "second")
    (folder / "uncommitted").write_text("x")
    return Staged(folder, first, second)


Run = Callable[..., ActionResult]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def run(staged: Staged, workspace: Path, lines: list[str]) -> Run:
    def go(sha: str = "", source: Path | None = None, **inputs: str) -> ActionResult:
        named = {name.replace("_", "-"): value for name, value in inputs.items()}
        env = {"GITHUB_SHA": sha or staged.second, "GITHUB_REPOSITORY": "octo/shop", "GITHUB_REF": "refs/heads/main"}
        call = ActionCall("actions/checkout@x", named, env, workspace, workspace, lines.append, lambda: False)
        return twins(source or staged.folder)["actions/checkout"](call)

    return go


def test_the_events_commit_is_copied_and_nothing_else(run: Run, staged: Staged, workspace: Path) -> None:
    result = run(persist_credentials="false")
    assert (result.ok, result.outputs["commit"]) == (True, staged.second)
    assert (workspace / "a.txt").read_text() == "two"
    assert {path.name for path in workspace.iterdir()} == {".git", "a.txt", "sub"}
    assert os.access(workspace / "sub" / "run.sh", os.X_OK)


def test_an_earlier_commit_is_what_it_was(run: Run, staged: Staged, workspace: Path) -> None:
    assert run(staged.first).ok
    assert (workspace / "a.txt").read_text() == "one"


@pytest.mark.parametrize("ref", ["feature", "v1", "refs/heads/feature", "refs/tags/v1"])
def test_branches_and_tags_are_found(run: Run, staged: Staged, workspace: Path, ref: str) -> None:
    assert run(ref=ref).outputs == {"ref": ref, "commit": staged.first}
    assert (workspace / "a.txt").read_text() == "one"


@pytest.mark.skipif(shutil.which("git") is None, reason="git, the judge here, is not installed")
def test_git_agrees(run: Run, staged: Staged, workspace: Path) -> None:
    run(staged.first)
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(workspace)}
    told = [
        subprocess.run(
            ["git", *words], cwd=workspace, env=env, capture_output=True, text=True, check=True
        ).stdout.strip()
        for words in (["rev-parse", "HEAD"], ["status", "--porcelain"], ["rev-parse", "--abbrev-ref", "HEAD"])
    ]
    assert told == [staged.first, "", "HEAD"]


def test_the_staged_repository_is_not_touched(run: Run, staged: Staged) -> None:
    head = (staged.folder / ".git" / "HEAD").read_text()
    run(staged.first)
    assert (staged.folder / ".git" / "HEAD").read_text() == head
    assert (staged.folder / "a.txt").read_text() == "two"


def test_a_second_checkout_replaces_what_steps_left(run: Run, workspace: Path) -> None:
    run()
    (workspace / "left-over").mkdir()
    (workspace / "link").symlink_to("/nonexistent")
    assert run().ok
    assert not (workspace / "left-over").exists()
    assert not (workspace / "link").is_symlink()


def test_a_path_inside_the_workspace(run: Run, workspace: Path) -> None:
    assert run(path="deep/here").ok
    assert (workspace / "deep" / "here" / "a.txt").exists()


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"ref": "nothing"}, "A branch or tag with the name 'nothing' could not be found"),
        ({"ref": "refs/heads/v1"}, "could not be found"),
        ({"ref": "f" * 40}, f"fatal: remote error: upload-pack: not our ref {'f' * 40}"),
        ({"repository": "octo/other"}, "octo/other"),
        ({"path": "../outside"}, "is not under"),
        ({"submodules": "recursive"}, "does not model the input submodules"),
        ({"sparse_checkout": "app"}, "does not model the input sparse-checkout"),
        ({"persist_credentials": "maybe"}, "Input does not meet YAML 1.2"),
    ],
)
def test_refusals_are_named_and_leave_the_workspace_alone(
    run: Run, workspace: Path, inputs: dict[str, str], words: str
) -> None:
    (workspace / "kept").write_text("")
    result = run(**inputs)
    assert not result.ok
    assert words in result.error
    assert (workspace / "kept").exists()


def test_a_folder_without_history_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert "not a git repository" in run(source=tmp_path / "plain").error


def test_the_same_repository_in_other_case_is_the_same(run: Run) -> None:
    assert run(repository="Octo/Shop").ok
