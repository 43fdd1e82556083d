"""GitHub's `sub`, taken apart: `repo:OWNER/REPO:CONTEXT`, or with ids `repo:OWNER@ID/REPO@ID:CONTEXT`.

Source: GitHub, "OpenID Connect reference", "Example subject claims".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ekswiz.lint.clauses import WILD, Clause, Line
from ekswiz.lint.finding import Document

PREFIX = "repo:"
CONTEXTS = ("environment:", "ref:refs/", "pull_request")


def subject_lines(document: Document) -> Iterator[tuple[Clause, Line, str]]:
    """Every value of `sub` that lets GitHub's jobs in."""
    for clause in document.clauses:
        for line in clause.on("sub") if clause.lets_github_in and not clause.not_action else ():
            if not line.negated:
                yield from ((clause, line, value) for value in line.values)


def readable(subject: str) -> str:
    """The part that names owner and repository."""
    return subject.removeprefix(PREFIX).partition(":")[0]


def contexts(subject: str) -> str:
    """The part behind owner and repository: what ran there."""
    return subject.removeprefix(PREFIX).partition(":")[2]


def any_owner(subject: str) -> bool:
    """Whether the first wildcard comes before the owner's first letter: every owner on GitHub fits."""
    return bool(set(subject) & WILD) and PREFIX.startswith(re.split(r"[*?]", subject, maxsplit=1)[0])


def open_owner(subject: str) -> bool:
    """Whether the owner's name or id goes on in a pattern: `repo:acme*` is also `acme-evil`."""
    owner, _, _ = readable(subject).partition("/")
    return not any_owner(subject) and bool(set(owner) & WILD)


def whole_owner(subject: str) -> bool:
    """Whether the owner is exact and the repository is any."""
    owner, _, name = readable(subject).partition("/")
    return not set(owner) & WILD and bool(name) and set(name) <= WILD


def open_repository(subject: str) -> bool:
    """Whether the owner is exact and the repository's name or id goes on in a pattern."""
    owner, _, name = readable(subject).partition("/")
    return not set(owner) & WILD and not whole_owner(subject) and bool(set(name) & WILD)


def whole_repository(subject: str) -> bool:
    """Whether the repository is exact and everything in it may come."""
    context = contexts(subject)
    return not set(readable(subject)) & WILD and bool(context) and set(context) <= WILD


def malformed(subject: str) -> str:
    """Why no token of GitHub's default form ever carries this; empty if one may."""
    if subject != subject.strip():
        return "it begins or ends with a space"
    if set(subject) & set("\"'[]"):
        return "it holds quotes or brackets, as if a list had been pasted as text"
    if any_owner(subject):
        return ""
    if subject.startswith("https://") or ("/" in subject and not subject.startswith(PREFIX)):
        return "it does not begin with repo:"
    context = contexts(subject)
    if not set(subject) & WILD and subject.startswith(PREFIX) and not context:
        return "it ends after the repository, and GitHub always adds what ran there"
    if context and not set(context) & WILD and not context.startswith(CONTEXTS):
        return "what comes after the repository is neither environment:NAME nor ref:refs/... nor pull_request"
    return ""
