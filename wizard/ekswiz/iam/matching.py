"""Wildcards: `*` is any run of characters, `?` is one.

The matcher walks the text once and keeps the set of reachable pattern positions as the bits of an integer, so no
pattern can make it backtrack.

Surprising: in an ARN the colons are boundaries. Before the resource part `?` never matches a colon, and `*` does so in
a `Resource` element only where it ends its segment; in the Arn condition operators it never does.

Source: IAM User Guide, "IAM JSON policy elements: Resource" and "Condition operators", ARN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from ekswiz.iam.variables import Run

ARN_COLONS = 5
"""Colons before the resource part of arn:partition:service:region:account:resource."""

LONGEST_TEXT = 65_536
"""Characters; no request that IAM sees is near it."""


class Boundaries(Enum):
    """What a colon means to a wildcard."""

    NONE = "text"
    RESOURCE = "a Resource element"
    ARN = "an Arn condition operator"


class _Wild(Enum):
    ONE = "?"
    MANY = "*"


_Token = str | _Wild


@dataclass(slots=True)
class _Pattern:
    """Bit i speaks of token i: which characters move on from it (`literals`, `one`), where one may stay (`many`)."""

    size: int
    literals: dict[str, int] = field(default_factory=dict)
    one: int = 0
    one_but_colon: int = 0
    many: int = 0
    many_but_colon: int = 0

    def matches(self, text: str) -> bool:
        stars = self.many | self.many_but_colon
        state = 1 | ((1 & stars) << 1)
        for char in text:
            moves = self.literals.get(char, 0) | self.one
            stays = self.many
            if char != ":":
                moves |= self.one_but_colon
                stays |= self.many_but_colon
            state = ((state & moves) << 1) | (state & stays)
            if not state:
                return False
            state |= (state & stars) << 1
        return bool(state >> self.size & 1)


def matches(runs: Sequence[Run], text: str, boundaries: Boundaries = Boundaries.NONE) -> bool:
    """Whether the whole text matches the pattern. Case-sensitive: fold both for what is not."""
    if len(text) > LONGEST_TEXT:
        return False
    pattern = _compiled(tuple(runs), boundaries)
    return text == pattern if isinstance(pattern, str) else pattern.matches(text)


def matches_action(pattern: str, action: str) -> bool:
    """Whether an Action element covers an action; neither vendor nor name is case-sensitive."""
    folded = pattern.lower()
    if "*" in folded or "?" in folded:
        return matches((Run(folded),), action.lower())
    return folded == action.lower()


@lru_cache(maxsize=2048)
def _compiled(runs: tuple[Run, ...], boundaries: Boundaries) -> _Pattern | str:
    """The pattern, or where it has no wildcard the text itself."""
    tokens = _tokens(runs)
    if all(isinstance(token, str) for token in tokens):
        return "".join(run.text for run in runs)
    pattern = _Pattern(len(tokens))
    colons = 0
    for at, item in enumerate(tokens):
        bit = 1 << at
        if isinstance(item, str):
            pattern.literals[item] = pattern.literals.get(item, 0) | bit
            colons += item == ":"
        elif boundaries is Boundaries.NONE or colons >= ARN_COLONS or _ends_segment(tokens, at, boundaries):
            _free(pattern, item, bit)
        else:
            _held(pattern, item, bit)
    return pattern


def _tokens(runs: tuple[Run, ...]) -> list[_Token]:
    tokens: list[_Token] = []
    for run in runs:
        for char in run.text:
            token = _Wild(char) if run.wild and char in "*?" else char
            if token is not _Wild.MANY or not tokens or tokens[-1] is not _Wild.MANY:
                tokens.append(token)
    return tokens


def _ends_segment(tokens: list[_Token], at: int, boundaries: Boundaries) -> bool:
    is_last = at + 1 == len(tokens) or tokens[at + 1] == ":"
    return boundaries is Boundaries.RESOURCE and tokens[at] is _Wild.MANY and is_last


def _free(pattern: _Pattern, token: _Wild, bit: int) -> None:
    if token is _Wild.MANY:
        pattern.many |= bit
    else:
        pattern.one |= bit


def _held(pattern: _Pattern, token: _Wild, bit: int) -> None:
    if token is _Wild.MANY:
        pattern.many_but_colon |= bit
    else:
        pattern.one_but_colon |= bit
