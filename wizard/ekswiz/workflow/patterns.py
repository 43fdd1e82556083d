"""Filter patterns of `branches`, `tags` and `paths`.

`*` stops at a slash, `**` does not; `?` and `+` repeat the character before them; a leading `!` takes back.
Source: "Workflow syntax", section "Filter pattern cheat sheet", in GitHub's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache


class BadPattern(ValueError):
    """A pattern that GitHub refuses."""


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern (without its `!`) as a regular expression for a whole name.

    Raises:
        BadPattern: A quantifier with nothing before it, or an unclosed bracket.
    """
    atoms: list[str] = []
    at = 0
    while at < len(pattern):
        at = _atom(pattern, at, atoms)
    try:
        return re.compile("".join(atoms), re.DOTALL)
    except re.error as error:
        raise BadPattern(f"'{pattern}' is no filter pattern: {error}") from None


def _atom(pattern: str, at: int, atoms: list[str]) -> int:
    """Translate what begins at `at`; returns where the next begins."""
    character = pattern[at]
    if pattern.startswith("**/", at):
        atoms.append("(?:.*/)?")
        return at + 3
    if pattern.startswith("**", at):
        atoms.append(".*")
        return at + 2
    if character == "*":
        atoms.append("[^/]*")
    elif character in "?+":
        _repeat(pattern, character, atoms)
    elif character == "[":
        return _bracket(pattern, at, atoms)
    elif character == "\\" and at + 1 < len(pattern):
        atoms.append(re.escape(pattern[at + 1]))
        return at + 2
    else:
        atoms.append(re.escape(character))
    return at + 1


def _repeat(pattern: str, character: str, atoms: list[str]) -> None:
    if not atoms:
        raise BadPattern(f"'{pattern}' begins with `{character}`, which repeats the character before it.")
    if not atoms[-1].endswith(("*", ")?", ")+")):  # repeating a repetition adds nothing
        atoms[-1] = f"(?:{atoms[-1]}){character}"


def _bracket(pattern: str, at: int, atoms: list[str]) -> int:
    end = pattern.find("]", at + 1)
    inside = pattern[at + 1 : end]
    if end < 0 or not inside:
        raise BadPattern(f"'{pattern}' has a `[` without its `]`.")
    kept = "".join(
        character if character.isalnum() or character == "-" else re.escape(character) for character in inside
    )
    atoms.append(f"[{kept}]")
    return end + 1


def matches(patterns: Sequence[str], name: str) -> bool:
    """Whether a list of patterns lets a name through: the last one that matches decides.

    Raises:
        BadPattern: A pattern that GitHub refuses.
    """
    through = False
    for pattern in patterns:
        negative = pattern.startswith("!")
        if compile_pattern(pattern[1:] if negative else pattern).fullmatch(name):
            through = not negative
    return through
