"""Holds documents and roles against every rule.

Surprising: nothing is evaluated. A rule reads what a document says and knows which sayings go wrong; whether a given
request gets in is the evaluator's question (`ekswiz iam explain`, `ekswiz access`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ekswiz.iam.policy import Kind
from ekswiz.lint.catalogue import OF_DOCUMENTS
from ekswiz.lint.clauses import clauses
from ekswiz.lint.finding import SEVERITIES, Document, Facts, Finding, Role, Rule
from ekswiz.lint.role import OF_ROLES, for_ci

RULES: tuple[Rule, ...] = (*OF_DOCUMENTS, *(rule for rule, _ in OF_ROLES))
NOTHING = Facts()


def lint_document(content: object, kind: Kind, name: str, facts: Facts = NOTHING) -> tuple[Finding, ...]:
    """What is wrong with one policy document, the worst first.

    Args:
        content: The parsed JSON.
        kind: What it is attached to.
        name: How findings call it.
        facts: What is known beside it.
    """
    document = Document(content, kind, name, clauses(content), facts)
    return _ordered(_of_document(document))


def lint_role(role: Role, facts: Facts = NOTHING) -> tuple[Finding, ...]:
    """What is wrong with a role: its documents, and what hangs on it. Rules about pipelines only if GitHub gets in."""
    ci = for_ci(role)
    known = replace(facts, ci=ci)
    found = [*lint_document(role.trust, "trust", f"{role.name}, trust policy", known)]
    for name, content in role.inline.items():
        found += lint_document(content, "identity", f"{role.name}, {name}", known)
    for arn, content in role.managed.items():
        if ":iam::aws:policy/" not in arn:  # AWS's own are judged by their name
            found += lint_document(content, "identity", f"{role.name}, {arn.rpartition('/')[2]}", known)
    if role.boundary is not None:
        found += lint_document(role.boundary, "boundary", f"{role.name}, permissions boundary", known)
    if ci:
        for rule, check in OF_ROLES:
            found += [_finding(rule, where, sentence) for where, sentence in check(role)]
    return _ordered(found)


def guess_kind(content: object) -> Kind:
    """What a document in a file is, by what its statements hold."""
    held = clauses(content)
    if any(clause.principals for clause in held):
        named = all(action.startswith("sts:") for clause in held for action in clause.actions)
        return "trust" if named and all(clause.resources is None for clause in held) else "resource"
    return "identity"


def table() -> str:
    """The reference page's table of rules."""
    lines = ["| rule | severity | why | fix |", "| --- | --- | --- | --- |"]
    lines += [f"| `{rule.id}` | {rule.severity} | {rule.why} | {rule.fix} |" for rule in RULES]
    return "\n".join(lines) + "\n"


def _of_document(document: Document) -> Iterator[Finding]:
    for rule in OF_DOCUMENTS:
        if rule.check is not None and document.kind in rule.kinds:
            yield from (_finding(rule, where, sentence) for where, sentence in rule.check(document))


def _finding(rule: Rule, where: str, sentence: str) -> Finding:
    return Finding(rule.id, rule.severity, where, sentence, rule.why, rule.fix)


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The worst first, each once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda each: SEVERITIES.index(each.severity)))
