"""Path patterns of COPY and .dockerignore: Go's filepath.Match, plus `**` for any number of folders.

Source: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath


class BadPattern(ValueError):
    """Not a pattern, e.g. an open bracket."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern as a regular expression over `/`-separated paths.

    Raises:
        BadPattern: An open bracket or an escape at the end.
    """
    out, at = [], 0
    while at < len(pattern):
        piece, at = _piece(pattern, at)
        out.append(piece)
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error as error:
        raise BadPattern(pattern) from error


def _piece(pattern: str, at: int) -> tuple[str, int]:
    char = pattern[at]
    if pattern.startswith("**/", at):
        return "(?:.*/)?", at + 3
    if pattern.startswith("**", at):
        return ".*", at + 2
    if char == "*":
        return "[^/]*", at + 1
    if char == "?":
        return "[^/]", at + 1
    if char == "[":
        return _bracket(pattern, at)
    if char == "\\":
        if at + 1 == len(pattern):
            raise BadPattern(pattern)
        return re.escape(pattern[at + 1]), at + 2
    return re.escape(char), at + 1


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    end = pattern.find("]", at + 2 if pattern.startswith("[^", at) else at + 1)
    inner = pattern[at + 1 : end]
    negated, body = inner.startswith("^"), inner.removeprefix("^")
    if end < 0 or not body:
        raise BadPattern(pattern)
    escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", body)
    return f"[{'^' if negated else ''}{escaped}]", end + 1


def has_wildcard(text: str) -> bool:
    """Whether COPY looks for several files."""
    return any(char in text for char in "*?[\\")


@dataclass(frozen=True, slots=True)
class _Rule:
    excluded: bool
    expression: re.Pattern[str]


class Ignore:
    """A .dockerignore file: the last rule that matches a path, or a folder above it, decides."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._rules = tuple(rule for line in lines if (rule := _rule(line)) is not None)
        self._exceptions = any(not rule.excluded for rule in self._rules)

    def excludes(self, path: str) -> bool:
        """Whether a path (relative to the context, `/`-separated) is left out."""
        folders = [str(one) for one in PurePosixPath(path).parents if str(one) != "."]
        answer = False
        for rule in self._rules:
            if rule.excluded != answer and any(rule.expression.fullmatch(one) for one in (path, *folders)):
                answer = rule.excluded
        return answer

    def prunes(self, folder: str) -> bool:
        """Whether nothing below an excluded folder can come back, so that it need not be walked."""
        return not self._exceptions and self.excludes(folder)


def _rule(line: str) -> _Rule | None:
    text = line.strip()
    if not text or line.startswith("#"):
        return None
    excluded = not text.startswith("!")
    path = str(PurePosixPath(text.removeprefix("!").strip().lstrip("/")))
    return None if path == "." else _Rule(excluded, compiled(path))
