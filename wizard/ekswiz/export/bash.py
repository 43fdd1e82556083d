"""One bash script that makes the stack with the AWS CLI, kubectl and gh: the hand-off's steps, and the rest of them.

The surprising thing: it makes everything that is desired, not only what is pending. Each step looks first, so that the
script may be run at any time, in an empty account as well as in one where half of it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ekswiz import __version__
from ekswiz.answers import Answers
from ekswiz.export import bash_cluster, bash_files, bash_github
from ekswiz.export.document import Document, Subject
from ekswiz.export.wanted import require_apply
from ekswiz.hand_off.script import by_steps, consents, guards
from ekswiz.hand_off.steps import Step, kind, q, step_of
from ekswiz.plan import Action, Change, Plan

LOOKED_AT = frozenset({"availability_zones", "github_repository", "github_branch", "load_balancing", "legacy_access"})
"""Types that nobody makes: they are looked at."""
TEMPORARY = frozenset({"operator_access"})


def bash(subject: Subject) -> tuple[Document, ...]:
    """The script.

    Raises:
        InputError: The plan removes the stack.
    """
    plan, answers = subject.view.plan, subject.answers
    require_apply(plan)
    made, left = _steps(plan, answers)
    text = "".join(f"{line}\n" for line in _lines(plan, answers, made, left))
    return (Document(f"ekswiz-{plan.stack}.sh", text, runnable=True),)


def _steps(plan: Plan, answers: Answers) -> tuple[list[Step], list[Change]]:
    """What the script does, and the changes that it leaves to somebody."""
    made, left = [], []
    for change in plan.changes:
        if kind(change) in LOOKED_AT | TEMPORARY and change.action is Action.KEEP:
            continue
        step = _step(change, plan, answers)
        if step is not None:
            made.append(step)
        elif change.action is not Action.KEEP:
            left.append(change)
    return (_with_access(made) if answers.create_cluster else made), left


def _with_access(made: Sequence[Step]) -> list[Step]:
    """Where the cluster is new, the way into it is asked for when it is there: at the first step that needs it."""
    first = next((step for step in made if step.kubernetes), None)
    before = ("kubernetes_when_there",)
    return [replace(step, lines=(*before, *step.lines)) if step is first else step for step in made]


def _step(change: Change, plan: Plan, answers: Answers) -> Step | None:
    if change.after is None or change.action in (Action.DELETE, Action.UNKNOWN):
        return None
    if kind(change) == "repository_file":
        return Step(change, tuple(bash_files.lines(change)))
    if kind(change).startswith("github_"):
        lines = tuple(bash_github.lines(change, answers))
        return Step(change, lines) if lines else None
    own = bash_cluster.lines(change, plan, answers)
    return Step(change, tuple(own)) if own else step_of(change, plan)


def _lines(plan: Plan, answers: Answers, made: Sequence[Step], left: Sequence[Change]) -> Iterator[str]:
    kinds = {kind(step.change) for step in made}
    at_github = any(name.startswith("github_") for name in kinds)
    yield from _head(plan, answers)
    yield guards()
    if "repository_file" in kinds:
        yield bash_files.functions()
    if at_github:
        yield bash_github.functions()
    if bash_cluster.KINDS & kinds:
        yield bash_cluster.functions()
    yield ""
    yield from _guards(answers, made)
    yield from (f"agree {q(text)}" for text in consents(plan))
    yield from (f"agree {q('Left out, see the end: ' + change.address)}" for change in left)
    yield f"ask {len(made)}"
    if any(step.kubernetes for step in made) and not answers.create_cluster:
        yield "kubernetes_access"
    yield from by_steps(made, "A plan by ekswiz would find nothing to do.")
    yield from _left(left)


def _head(plan: Plan, answers: Answers) -> Iterator[str]:
    yield "#!/usr/bin/env bash"
    yield f"# Written by ekswiz {__version__} on {plan.made_at} for stack {plan.stack}. It needs no ekswiz."
    yield f"# Lets workflows of {answers.repository}, branch {answers.branch}, deploy to cluster {answers.cluster}."
    yield f"# Plan {plan.fingerprint[:16]}."
    yield "#"
    yield "#   bash FILE --check                 look only: print what would be run"
    yield "#   bash FILE                         ask, then do it"
    yield f"#   bash FILE --yes --account {plan.account}"
    yield "#"
    yield "# Run it in the folder of the repository. It may be run again: each step looks first, and touches nothing"
    yield "# that belongs to somebody else."
    yield "set -Eeuo pipefail"
    yield f"readonly stack={q(plan.stack)} account={q(plan.account)}"
    yield f"readonly region={q(plan.region)} cluster={q(answers.cluster)}"


def _guards(answers: Answers, made: Sequence[Step]) -> Iterator[str]:
    yield "needs aws"
    if any(step.kubernetes for step in made):
        yield "needs kubectl"
    yield "right_account"
    if not answers.create_cluster:
        yield "cluster_active"
    kinds = {kind(step.change) for step in made}
    if "repository_file" in kinds:
        yield f"in_repository {q(answers.repository)} {q(answers.dockerfile)}"
    if any(name.startswith("github_") for name in kinds):
        yield "needs gh"
        yield f"right_repository {q(answers.repository)} {q(answers.repo_id)}"


def _left(left: Sequence[Change]) -> Iterator[str]:
    """What no command line makes well, by name and reason."""
    for change in left:
        yield f"# Left out: {change.address} ({change.action.word}). {' '.join(change.why.split())}"
