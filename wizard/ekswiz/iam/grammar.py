"""Reads policy documents and names everything that is wrong with them.

The texts are IAM's own where it has one. What this module does not know, it refuses: a document with a problem
is never evaluated in part.

Source: IAM User Guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy elements reference".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ekswiz.iam.grammar_condition import read_condition
from ekswiz.iam.grammar_principal import read_principals
from ekswiz.iam.matching import ARN_COLONS
from ekswiz.iam.policy import LONGEST_VALUE, Json, Kind, Listed, Policy, Statement, Test, shown
from ekswiz.iam.text import parse_document
from ekswiz.iam.variables import Reference, Template, parse

VERSIONS = ("2012-10-17", "2008-10-17")
DOCUMENT_ELEMENTS = frozenset({"Version", "Id", "Statement"})
STATEMENT_ELEMENTS = frozenset(
    {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"}
)
SID = re.compile(r"[0-9A-Za-z]*", re.ASCII)
VENDOR = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
ACTION_NAME = re.compile(r"[A-Za-z0-9*?_-]+", re.ASCII)

_Report = Callable[[str], None]


def validate_document(doc: object, kind: Kind) -> tuple[str, ...]:
    """The grammar problems of a policy document, in its order; empty if it is well-formed.

    Args:
        doc: The parsed JSON, or its text.
        kind: What the document is attached to. "boundary" and "session" follow the rules of "identity".
    """
    return read_document(doc, kind, "policy")[1]


def read_document(doc: object, kind: Kind, label: str) -> tuple[Policy | None, tuple[str, ...]]:
    """The policy, or None and the problems that it has. A document may come as its text."""
    problems: list[str] = []
    if isinstance(doc, str):
        try:
            doc = parse_document(doc)
        except ValueError as unreadable:
            return None, (f"The policy is not in the valid JSON format: {unreadable}.",)
    if not isinstance(doc, Mapping):
        return None, ("The policy is not in the valid JSON format: it must be an object.",)
    _unknown(doc, DOCUMENT_ELEMENTS, problems.append)
    if doc.get("Version", VERSIONS[1]) not in VERSIONS:
        problems.append(f"Policy document must be version 2012-10-17 or greater: Version {shown(doc['Version'])}.")
    if not isinstance(doc.get("Id", ""), str):
        problems.append("Id must be a string.")
    reader = _Reader(kind, label, variables=doc.get("Version") == VERSIONS[0])
    statements = tuple(_statements(doc, reader, problems))
    problems += _repeated(doc)
    return (None, tuple(problems)) if problems else (Policy(label, statements), ())


def _statements(doc: Json, reader: _Reader, problems: list[str]) -> Iterator[Statement]:
    given = doc.get("Statement")
    listed: object = [given] if isinstance(given, Mapping) else given
    if not isinstance(listed, list | tuple) or not listed:
        problems.append("Syntax errors in policy: Statement must be an object or a list with at least one.")
        return
    for index, statement in enumerate(listed):
        before = len(problems)

        def report(problem: str, where: int = index) -> None:
            problems.append(f"{problem} (Statement[{where}])")

        if not isinstance(statement, Mapping):
            report("Syntax errors in policy: a statement must be an object.")
            continue
        read = reader.statement(statement, index, report)
        if len(problems) == before:
            yield read


class _Reader:
    """Reads the statements of one document."""

    def __init__(self, kind: Kind, label: str, *, variables: bool) -> None:
        self.kind = kind
        self.label = label
        self.variables = variables

    def statement(self, given: Json, index: int, report: _Report) -> Statement:
        _unknown(given, STATEMENT_ELEMENTS, report)
        if given.get("Effect") not in ("Allow", "Deny"):
            report(_bad_effect(given))
        return Statement(
            by=self._by(given, index, report),
            allow=given.get("Effect") == "Allow",
            actions=self._actions(given, report),
            not_actions="NotAction" in given,
            resources=self._resources(given, report),
            not_resources="NotResource" in given,
            principals=self._principals(given, report),
            not_principals="NotPrincipal" in given,
            tests=self._tests(given, report),
        )

    def _by(self, given: Json, index: int, report: _Report) -> str:
        sid = given.get("Sid", "")
        if not isinstance(sid, str):
            report("Sid must be a string.")
        elif self.kind != "resource" and not SID.fullmatch(sid):
            report(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
                f"[0-9A-Za-z]*: {shown(sid)}."
            )
        return sid if isinstance(sid, str) and sid else f"{self.label}.Statement[{index}]"

    def _actions(self, given: Json, report: _Report) -> tuple[str, ...]:
        element = _one_of(given, "Action", "NotAction", report)
        if element is None:
            report("Policy statement must contain actions.")
            return ()
        actions = _texts(given[element], element, report)
        if not actions and given[element] == []:
            report("Policy statement must contain actions.")
        for action in actions:
            problem = _action_problem(action) or self._trust_problem(action)
            if problem:
                report(problem)
        return actions

    def _trust_problem(self, action: str) -> str | None:
        if self.kind == "trust" and not action.lower().startswith("sts:"):
            return f"AssumeRole policy may only specify STS AssumeRole actions: {shown(action)}."
        return None

    def _resources(self, given: Json, report: _Report) -> tuple[Template, ...] | None:
        element = _one_of(given, "Resource", "NotResource", report)
        if element is None:
            if self.kind not in ("trust", "resource"):
                report("Policy statement must contain resources.")
            return None
        if self.kind == "trust":
            report(f"Has prohibited field {element}.")
            return None
        if given[element] == []:
            report("Policy statement must contain resources.")
        return tuple(self._resource(text, report) for text in _texts(given[element], element, report))

    def _resource(self, text: str, report: _Report) -> Template:
        try:
            template = parse(text, variables=self.variables)
        except ValueError as malformed:
            report(f"Resource {shown(text)}: {malformed}.")
            return ()
        problem = _resource_problem(text, template)
        if problem:
            report(problem)
        return template

    def _principals(self, given: Json, report: _Report) -> tuple[Listed, ...] | None:
        element = _one_of(given, "Principal", "NotPrincipal", report)
        if self.kind not in ("trust", "resource"):
            if element:
                report(f"Policy document should not specify a principal: {element}.")
            return None
        if element is None:
            report("Missing required field Principal.")
            return None
        if element == "NotPrincipal" and (self.kind == "trust" or given.get("Effect") != "Deny"):
            where = "a role's trust policy" if self.kind == "trust" else "a statement that allows"
            report(f"NotPrincipal is not supported in {where}.")
        return read_principals(given[element], report)

    def _tests(self, given: Json, report: _Report) -> tuple[Test, ...]:
        return tuple(read_condition(given["Condition"], report, self.variables)) if "Condition" in given else ()


@lru_cache(maxsize=1024)
def _action_problem(action: str) -> str | None:
    if action in ("*", "*:*"):
        return None
    vendor, colon, name = action.partition(":")
    if not colon:
        return f"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {shown(action)}."
    if ":" in name:
        return f"Actions/Condition can contain only one colon: {shown(action)}."
    if not VENDOR.fullmatch(vendor):
        return f"Vendor {shown(vendor)} is not valid."
    return None if ACTION_NAME.fullmatch(name) else f"The action {shown(action)} is not valid."


def _resource_problem(text: str, template: Template) -> str | None:
    if text == "*":
        return None
    outline = "".join("$" if isinstance(part, Reference) else part.text for part in template)
    segments = outline.split(":", ARN_COLONS)
    if segments[0] != "arn" or len(segments) < len(("arn", "partition", "service")):
        return f'Resource {shown(text)} must be in ARN format or "*".'
    if not VENDOR.fullmatch(segments[2]):
        return f"Resource vendor must be fully qualified and cannot contain regexes: {shown(text)}."
    if len(segments) <= ARN_COLONS and not any(segment.endswith("*") for segment in segments):
        return f'Resource {shown(text)} must be in ARN format or "*".'
    return None


def _one_of(given: Json, element: str, inverse: str, report: _Report) -> str | None:
    if element in given and inverse in given:
        report(f"{element} and {inverse} cannot both be in one statement.")
    return next((name for name in (element, inverse) if name in given), None)


def _texts(value: object, element: str, report: _Report) -> tuple[str, ...]:
    listed: Sequence[Any] = value if isinstance(value, list | tuple) else (value,)
    if all(isinstance(text, str) and 0 < len(text) <= LONGEST_VALUE for text in listed):
        return tuple(listed)
    report(f"Syntax errors in policy: {element} must be a string or a list of strings, none empty.")
    return ()


def _unknown(given: Json, known: frozenset[str], report: _Report) -> None:
    for name in given:
        if name not in known:
            report(f"Syntax errors in policy: unknown element {shown(name)}.")


def _bad_effect(given: Json) -> str:
    if "Effect" not in given:
        return "Missing required field Effect."
    return f"Effect must be Allow or Deny, not {shown(given['Effect'])}."


def _repeated(doc: Json) -> list[str]:
    given = doc.get("Statement")
    listed = given if isinstance(given, list | tuple) else ()
    sids = [each.get("Sid") for each in listed if isinstance(each, Mapping)]
    named = [sid for sid in sids if isinstance(sid, str) and sid]
    return ["Statement IDs (SID) in a single policy must be unique."] if len(set(named)) < len(named) else []
