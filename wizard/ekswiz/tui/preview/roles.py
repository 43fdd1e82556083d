"""An IAM role in plain words: who can become it, and what it allows once inside."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ekswiz.plan import Json
from ekswiz.tui.preview.ink import Line, line

ISSUER = "token.actions.githubusercontent.com"
SERVICES: Mapping[str, str] = {"ecr": "ECR", "eks": "EKS", "iam": "IAM", "sts": "STS", "ec2": "EC2"}
_CONTEXT = re.compile(r":(?:ref:|environment:|pull_request$)")
"""Where a subject's second half begins."""
EXACT = frozenset({"StringEquals"})
"""Operators under which a value must be met letter by letter."""


def role_lines(role: Json) -> Iterator[Line]:
    """Trust, then permissions."""
    yield line("Trust: who can become this role", "strong")
    for statement in _statements(role.get("trust", {})):
        yield from _trusted(statement)
    yield line()
    yield line("Allows, once inside", "strong")
    for document in role.get("policies", {}).values():
        for statement in _statements(document):
            yield from _allowed(statement)
    for arn in role.get("attached", ()):
        yield (("  + ", "create"), (f"all that {arn} allows", "plain"))
    yield line("  . nothing else", "faint")


def _trusted(statement: Json) -> Iterator[Line]:
    principal = statement.get("Principal", {})
    yield (("  + ", "create"), (_principal(principal), "plain"))
    for operator, wanted in statement.get("Condition", {}).items():
        word = "" if operator in EXACT else f"   {operator}"
        for key, value in wanted.items():
            claim = key.removeprefix(f"{ISSUER}:")
            yield ((f"    {claim}", "key"), (word, "plain")) if claim == "sub" else (
                (f"    {claim}", "key"), (f"  {_several(value)}{word}", "plain"),
            )  # fmt: skip
            if claim == "sub":
                yield from (line(f"      {text}") for text in _subject(value))


def _subject(value: Any) -> Iterator[str]:
    """A subject in two lines, whose repository and which of its runs: it is wider than most screens."""
    for subject in _list(value):
        found = _CONTEXT.search(str(subject))
        cut = found.start() + 1 if found else len(str(subject))
        yield from (text for text in (str(subject)[:cut], f"  {str(subject)[cut:]}") if text.strip())


def _principal(principal: Any) -> str:
    if not isinstance(principal, Mapping):
        return "anybody" if principal == "*" else str(principal)
    named = [value for values in principal.values() for value in _list(values)]
    return ", ".join(
        "GitHub Actions, if its token says exactly" if ISSUER in str(name) else str(name) for name in named
    )


def _allowed(statement: Json) -> Iterator[Line]:
    """A statement's actions, service by service, with the resource they end at."""
    sign, ink = ("+", "create") if statement.get("Effect") == "Allow" else ("-", "delete")
    verbs: dict[str, list[str]] = defaultdict(list)
    for action in _list(statement.get("Action", statement.get("NotAction", ()))):
        service, _, verb = str(action).partition(":")
        verbs[service].append(verb)
    for service, names in verbs.items():
        yield ((f"  {sign} ", "create" if ink == "create" else "delete"), (_verbs(service, names), "plain"))
        yield from (line(f"      on {_resource(where)}", "faint") for where in _list(statement.get("Resource", ())))


def _verbs(service: str, names: Sequence[str]) -> str:
    return f"{SERVICES.get(service, service)}  {', '.join(names)}"


def _resource(arn: Any) -> str:
    """The readable end of an ARN; `*` is said in words."""
    if arn == "*":
        return "everything (the action knows no resource)"
    return str(arn).split(":", 5)[-1]


def _statements(document: Any) -> list[Json]:
    found = document.get("Statement", ()) if isinstance(document, Mapping) else ()
    return [statement for statement in _list(found) if isinstance(statement, Mapping)]


def _several(value: Any) -> str:
    return " or ".join(str(item) for item in _list(value))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
