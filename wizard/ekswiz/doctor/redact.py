"""Takes out of checks what others need not know: accounts, names, paths. What is left can be put into a bug report.

The same thing gets the same word everywhere, so that a reader still sees what belongs together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ekswiz.frontend import Check

NAMED = (
    "account", "owner", "repo", "owner_id", "repo_id", "cluster", "namespace", "ecr_repository", "workload", "stack",
    "branch", "environment", "boundary", "profile",
)  # fmt: skip
"""Answers whose values are taken out."""
COMMON = frozenset({"main", "master", "production", "staging", "default", "platform", "app", "none", ""})
"""Values that tell nobody anything, and stand in ordinary sentences."""
SHORTEST = 3
PATTERNS = (
    (re.compile(r"(?<=:assumed-role/)([^/\s]+)/([^\s,;)]+)"), r"<role>/<session>"),
    (re.compile(r"(?<=:(?:user|role)/)[^\s,;)'\"]+"), "<name>"),
    (re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b"), "<id>"),
    (re.compile(r"(?<![0-9a-fA-F])[0-9]{12}(?![0-9a-fA-F])"), "<account>"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "<address>"),
    (re.compile(r"\b(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}\b"), "<ip>"),
    (re.compile(r"\b[0-9A-F]{32}\b(?=\.[a-z0-9]+\.[a-z0-9-]+\.eks)"), "<cluster-id>"),
)
"""What is taken out wherever it stands, in this order."""


def redacted(check: Check, values: Mapping[str, str], *, home: str) -> Check:
    """The check without the answers' values, other names and numbers, and the user's home folder."""
    swaps = [*_swaps(values), *([(home, "~")] if len(home) > 1 else [])]
    return replace(check, found=_clean(check.found, swaps), fix=_clean(check.fix, swaps))


def _swaps(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The longest first, so that a name that is part of another leaves nothing of it."""
    known = {values[name]: f"<{name.replace('_', '-')}>" for name in reversed(NAMED) if values.get(name)}
    if values.get("stack"):
        known |= {f"ekswiz-{values['stack']}-{kind}": f"<{kind}-role>" for kind in ("push", "deploy")}
    for value in sorted(known, key=len, reverse=True):
        if len(value) >= SHORTEST and value.lower() not in COMMON:
            yield value, known[value]


def _clean(text: str, swaps: list[tuple[str, str]]) -> str:
    for value, word in swaps:
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", word, text)
    for pattern, word in PATTERNS:
        text = pattern.sub(word, text)
    return text
