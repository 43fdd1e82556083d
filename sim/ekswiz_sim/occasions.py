"""An event out of the ordinary in a rehearsal: what GitHub makes of it, where its workflow lies, and what it proves.

The surprising thing: such a rehearsal is green if nothing happened. A push to another branch, or a fork's pull request,
must start nothing or get nowhere; red is whatever becomes a role.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from ekswiz.answers import Answers
from ekswiz.errors import InputError
from ekswiz.occasion import Occasion
from ekswiz_sim.github import events
from ekswiz_sim.runner.event import RunEvent
from ekswiz_sim.runner.request import RunResult
from ekswiz_sim.scene import Scene, Verdict
from ekswiz_sim.seams import Record

FOLDER = ".github/workflows"
TOPIC = "topic"
"""Head of a pull request for which nobody named a branch."""
NUMBER = 7
ASSUME = "sts:AssumeRoleWithWebIdentity"
BRANCH = re.compile(r"(?![-/])(?!.*(?:\.\.|//|@\{|\.lock$))[^\s~^:?*\[\\\x00-\x20\x7f]{1,244}(?<![./])")
"""A branch's name as git takes it: unlike the one that may deploy, it never gets into a policy or a file."""


def check(occasion: Occasion, source: Path, answers: Answers) -> None:
    """Refuse what cannot happen, before anything starts.

    Raises:
        InputError: A fork of what is no pull request, a branch that git refuses, or a workflow file that is not there
            or not the repository's own.
    """
    if occasion.fork and not occasion.event.startswith("pull_request"):
        raise InputError("--fork", f"{occasion.event} does not come from forks.", "Add --event pull_request.")
    if occasion.branch and not BRANCH.fullmatch(occasion.branch):
        raise InputError("--branch", f"{occasion.branch!a} is no branch that git takes.", "Name another.")
    if occasion.actions is not None and not occasion.actions.is_dir():
        raise InputError("--actions-dir", f"{occasion.actions} is not a folder.", "Name the folder of the actions.")
    if occasion.workflow is not None:
        _check_file(occasion, source, written=(answers.workflow, answers.check_workflow))


def _check_file(occasion: Occasion, source: Path, *, written: Sequence[str]) -> None:
    """`written` can be named before they are there: ekswiz writes them."""
    assert occasion.workflow is not None
    file = located(occasion, source)
    if file is None:
        if occasion.workflow.as_posix() in written:
            return
        raise InputError("--workflow", f"there is no file {occasion.workflow}.", "Name a workflow file.")
    if not occasion.outside and not file.is_relative_to(source.resolve()):
        raise InputError(
            "--workflow",
            f"{file} does not belong to the repository in {source}, and its steps would run on this machine as you "
            "(with a home and an environment of their own, but in no sandbox).",
            "Read it; then add --run-on-host.",
        )


def located(occasion: Occasion, source: Path) -> Path | None:
    """The workflow file as named: from here, or from the repository's folder."""
    assert occasion.workflow is not None
    candidates = (occasion.workflow, source / occasion.workflow)
    return next((path.resolve() for path in candidates if path.is_file()), None)


def place(occasion: Occasion, source: Path, checkout: Path) -> str:
    """Put the workflow where GitHub looks for it in the checkout; its path there."""
    assert occasion.workflow is not None
    file = located(occasion, source)
    if file is None:
        return occasion.workflow.as_posix()
    within = file.relative_to(source.resolve()).as_posix() if file.is_relative_to(source.resolve()) else ""
    if Path(within).parent.as_posix() == FOLDER:
        return within
    name = f"{FOLDER}/{file.name}"
    while (checkout / name).exists():
        name = f"{FOLDER}/given-{Path(name).name}"
    (checkout / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, checkout / name)
    return name


def run_event(occasion: Occasion, answers: Answers, commit: str, repository: events.Repository) -> RunEvent:
    """The event as GitHub tells it to the workflow."""
    branch = occasion.branch or answers.branch
    if occasion.event == "push":
        return events.push(branch, commit, repository)
    if occasion.event == "workflow_dispatch":
        return events.dispatch(branch, commit, repository)
    head, base = occasion.branch or TOPIC, answers.branch
    fork = f"mallory/{repository.name}" if occasion.fork else ""
    if occasion.event == "pull_request_target":
        return events.pull_request_target(NUMBER, head, base, commit, repository, fork=fork)
    if fork:
        return events.fork_pull_request(NUMBER, head, base, commit, repository)
    return events.pull_request(NUMBER, head, base, commit, repository)


def became(records: Sequence[Record]) -> list[str]:
    """The roles that somebody became with a token of GitHub's."""
    arns = [one.resource for one in records if one.action == ASSUME and one.decision.allowed]
    return list(dict.fromkeys(arn.rpartition("/")[2] for arn in arns))


def conclude(scene: Scene, verdict: Verdict, result: RunResult, tokens: int, records: Sequence[Record]) -> None:
    """The verdict on an event that must not deploy."""
    words, roles = scene.occasion.words(scene.answers.branch), became(records)
    verdict.explained = True
    if roles:
        verdict.failed(f"{words} became {' and '.join(roles)}, which must not be")
    elif not result.triggered:
        verdict.passed(f"{words} starts nothing: {result.why}")
    else:
        ran = [job.id for job in result.jobs.values() if job.result != "skipped"]
        jobs = f"ran {', '.join(ran)}" if ran else "ran no job (its `if` skips them all)"
        verdict.passed(f"{words} {jobs}, {_given(scene, tokens)}, and became no role")


def _given(scene: Scene, tokens: int) -> str:
    restricted = run_event(scene.occasion, scene.answers, scene.commit, scene.world.parts.github.repository).restricted
    token = "got no token" if not tokens else f"got {tokens} token{'s' if tokens > 1 else ''}"
    return f"{token} and no secrets" if restricted else token
