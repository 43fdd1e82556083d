"""What is kept in the repository's settings: variables that workflows read, and keys that nobody needs any more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ekswiz.doctor.checks.stack import named
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, warn
from ekswiz.errors import EkswizError
from ekswiz.probes.workflows import workflow_files

READ = re.compile(r"\b(vars|secrets)\.([A-Za-z_][A-Za-z0-9_]*)", re.ASCII)
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
GIVEN = "GITHUB_TOKEN"
"""The secret that GitHub gives to every run."""
KEYS = re.compile(r"AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)\b|aws-(access-key-id|secret-access-key):", re.IGNORECASE)
PAGE_OF = {"vars": "variables", "secrets": "secrets"}


def variables(facts: Facts) -> Finding:
    """Every variable and secret that a workflow reads is set."""
    asked = _asked(facts)
    if not asked:
        return ok("workflows read none")
    facts.repository()
    missing = [
        f"{kind}.{name} ({file})" for (kind, name), file in asked.items() if name.upper() not in _set(facts, kind)
    ]
    if missing:
        return fail(f"not set: {named(missing)}", "Set them: gh variable set NAME, gh secret set NAME")
    return ok(f"all {len(asked)} that workflows read")


def stored_keys(facts: Facts) -> Finding:
    """No long-lived AWS key is used or stored."""
    used = [path.name for path, text in _texts(facts) if KEYS.search(text)]
    if used:
        return warn(
            f"{named(used)} signs in with a stored key",
            "Use the roles instead, then delete the key: aws iam delete-access-key",
        )
    try:
        stored = sorted(name for name in _set(facts, "secrets") if KEYS.search(name))
    except (Unasked, EkswizError):
        return ok("no workflow uses one; GitHub does not list secrets to you")
    if stored:
        return warn(f"{named(stored)} is kept as a secret", f"Nothing here uses it: gh secret delete {stored[0]}")
    return ok("none is used, none is stored")


def _texts(facts: Facts) -> Iterator[tuple[Path, str]]:
    for path in workflow_files(facts.source.checkout):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        yield path, "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _asked(facts: Facts) -> dict[tuple[str, str], str]:
    """Kind and name of everything that an expression of a workflow reads, and in which file."""
    return {
        (found[1], found[2]): path.name
        for path, text in _texts(facts)
        for expression in EXPRESSION.finditer(text)
        for found in READ.finditer(expression[1])
        if found[2].upper() != GIVEN
    }


def _set(facts: Facts, kind: str) -> set[str]:
    """Names that the repository, its organisation or its environment has."""
    answers, page = facts.answers(), PAGE_OF[kind]
    own = facts.github_get("actions", page)
    if own is None:
        raise Unasked(f"GitHub does not list {page} to you (gh auth login)")
    places = [own, facts.github_get("actions", f"organization-{page}")]
    if answers.environment:
        places.append(facts.github_get("environments", answers.environment, page))
    return {str(item["name"]).upper() for place in places if place for item in place.get(page, [])}


CHECKS = (
    Examination(
        "workflow-variables",
        "Variables and secrets",
        "One that is not set is empty, and the run fails far from the cause.",
        variables,
    ),
    Examination(
        "stored-keys",
        "Stored keys",
        "A key at GitHub works from anywhere, for ever, for whoever reads it.",
        stored_keys,
    ),
)
