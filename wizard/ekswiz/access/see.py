"""Real roles, read and computed in one go: what `ekswiz lint --role` and `ekswiz access` show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ekswiz.access.compute import Cell, compute
from ekswiz.access.opinion import analyzed, simulated
from ekswiz.access.read import read_role
from ekswiz.answers import Answers
from ekswiz.iam import documents
from ekswiz.iam.policy import Json, Kind
from ekswiz.lint.finding import Facts, Finding, Role
from ekswiz.lint.judge import lint_document, lint_role
from ekswiz.target import Target


@dataclass(frozen=True, slots=True)
class Seen:
    """Roles with what is wrong with them and who can do what; `notes` says what was not asked or not read."""

    answers: Answers
    roles: tuple[Role, ...]
    findings: tuple[Finding, ...]
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]


def facts(answers: Answers) -> Facts:
    """What the answers tell the rules."""
    return Facts(answers.account, answers.repository, answers.subject_prefixes, answers.subject == "immutable")


def see(target: Target, answers: Answers, names: Sequence[str], *, ask_aws: bool) -> Seen:
    """The roles of these names; without names those of the stack.

    Raises:
        InputError: One of them does not exist.
        TargetError: One of them may not be read.
    """
    roles = tuple(read_role(target, answers, name) for name in names or (answers.push_role, answers.deploy_role))
    findings = [finding for role in roles for finding in lint_role(role, facts(answers))]
    notes = [f"{role.name}: not read: {what}" for role in roles for what in role.unread]
    cells: list[Cell] = []
    for role in roles:
        computed, note = compute(role, answers), ""
        if ask_aws:
            computed, note = simulated(target, role, computed, answers)
        cells += computed
        notes += [note] if note else []
    if ask_aws:
        theirs, note = analyzed(target, roles)
        findings += theirs
        notes += [note] if note else []
    return Seen(answers, roles, tuple(findings), tuple(cells), tuple(dict.fromkeys(notes)))


def written(answers: Answers) -> tuple[Finding, ...]:
    """What is wrong with the documents that ekswiz writes for these answers."""
    known = replace(facts(answers), ci=True)
    ours: tuple[tuple[Json, Kind, str], ...] = (
        (documents.push_trust(answers), "trust", f"{answers.push_role}, trust policy"),
        (documents.push_policy(answers), "identity", f"{answers.push_role}, permissions"),
        (documents.deploy_trust(answers), "trust", f"{answers.deploy_role}, trust policy"),
        (documents.deploy_policy(answers), "identity", f"{answers.deploy_role}, permissions"),
    )
    return tuple(each for document, kind, name in ours for each in lint_document(document, kind, name, known))
