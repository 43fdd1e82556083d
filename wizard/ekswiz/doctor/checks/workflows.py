"""Workflow files: what in them makes a deployment fail, hang or lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ekswiz.deliver import pins
from ekswiz.doctor.checks.stack import named
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, warn
from ekswiz.errors import InputError
from ekswiz.probes.workflows import read, workflow_files
from ekswiz.workflow.finding import Expectations
from ekswiz.workflow.lint import lint
from ekswiz.workflow.model import Workflow

OLD = 240
"""Days after which the table of pinned actions is worth another look."""
USES = re.compile(r"uses:\s*['\"]?([\w.-]+/[\w.-]+)@(\S+?)['\"]?(?:\s|$)", re.ASCII)


def syntax(facts: Facts) -> Finding:
    """GitHub would accept every workflow file."""
    wrong = []
    for path in workflow_files(facts.source.checkout):
        try:
            read(path, facts.source.checkout)
        except InputError as error:
            wrong.append(error.detail)
    if not workflow_files(facts.source.checkout):
        raise Unasked("there are no workflow files yet")
    if wrong:
        return warn(f"cannot be read: {named(wrong)}", "Correct that line.")
    return ok("every file can be read")


def contents(facts: Facts) -> Finding:
    """The linter finds nothing in the deploying workflow."""
    answers = facts.answers()
    jobs = {"build": None, "deploy": answers.environment} if answers.environment else {"build": None}
    found = lint(_deploying(facts), Expectations(answers.branch, jobs))
    errors = [one for one in found if one.severity == "error"]
    worst = errors or [one for one in found if one.severity == "warning"]
    if not worst:
        return ok("nothing to complain about")
    first = worst[0]
    said = f"line {first.position.line}: {first.sentence}" + (f" And {len(worst) - 1} more." if len(worst) > 1 else "")
    return fail(said, first.fix) if errors else warn(said, first.fix)


def elsewhere(facts: Facts) -> Finding:
    """No other workflow file asks for the roles: they trust one file."""
    answers = facts.answers()
    ours = {answers.workflow, answers.deploy_workflow}
    roles = (answers.push_role, answers.deploy_role)
    asking = [
        name for name, text in _texts(facts) if name not in ours and any(f":role/{role}" in text for role in roles)
    ]
    if asking:
        return fail(
            f"{named(asking)} asks for a role that trusts {answers.workflow} alone",
            "Deploy from that file, or give this one a role of its own.",
        )
    return ok("no other file asks for the roles")


def pinned(facts: Facts) -> Finding:
    """Actions are pinned to commits, and the pins are not old."""
    if not workflow_files(facts.source.checkout):
        raise Unasked("there are no workflow files yet")
    loose = [
        f"{action}@{ref} in {name}"
        for name, text in _texts(facts)
        for action, ref in USES.findall(text)
        if not _commit(ref)
    ]
    if loose:
        return warn(
            f"by a name that can move: {named(loose)}",
            "Pin each to a commit: uses: OWNER/NAME@<40 hex digits> # vX.Y.Z",
        )
    days = (facts.source.now().date() - date.fromisoformat(pins.SEEN)).days
    if days > OLD:
        return warn(
            f"ekswiz's own pins are {days} days old", "Upgrade: pip install --upgrade ekswiz, then ekswiz apply"
        )
    return ok("every action is pinned to a commit")


def _deploying(facts: Facts) -> Workflow:
    name = facts.answers().workflow
    path = facts.source.checkout / name
    if not path.is_file():
        raise Unasked(f"there is no {name} yet")
    try:
        return read(path, facts.source.checkout)
    except InputError as error:
        raise Unasked(f"{name} cannot be read") from error


def _texts(facts: Facts) -> Iterator[tuple[str, str]]:
    checkout = facts.source.checkout
    for path in workflow_files(checkout):
        yield path.relative_to(checkout).as_posix(), path.read_text(encoding="utf-8", errors="replace")


def _commit(ref: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{40}", ref) is not None


CHECKS = (
    Examination("workflow-syntax", "Workflow syntax", "GitHub starts no run of a file that it cannot read.", syntax),
    Examination("workflow-lint", "Workflow contents", "GitHub accepts much that AWS then denies.", contents),
    Examination(
        "workflow-roles", "Other workflows", "A run of another file is denied, after a long row of retries.", elsewhere
    ),
    Examination(
        "action-pins", "Pinned actions", "A tag can be moved to other code at any time; a commit cannot.", pinned
    ),
)
