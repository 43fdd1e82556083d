"""The tokens of GitHub's expression language. Strings are in single quotes; `''` is a quote inside one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ekswiz.workflow.values import parse_number

Kind = Literal["number", "string", "keyword", "name", "symbol", "unexpected", "end"]

_SYMBOL = re.compile(r"&&|\|\||==|!=|<=|>=|[()\[\],.!<>*]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_STRING = re.compile(r"'(?:[^']|'')*'")
_WORD = re.compile(r"[^\s()\[\],.!<>=&|]+")
_NUMBER = re.compile(r"[-+.0-9][^\s()\[\],!<>=&|]*")
_SPACE = re.compile(r"\s*")
_KEYWORDS: dict[str, bool | float | None] = {
    "null": None,
    "true": True,
    "false": False,
    "NaN": float("nan"),
    "Infinity": float("inf"),
}


@dataclass(frozen=True, slots=True)
class Token:
    """`text` as written at `offset`; `value` of a literal."""

    kind: Kind
    text: str
    offset: int
    value: bool | float | str | None = None


def tokens(source: str) -> list[Token]:
    """All tokens; the last is "end". What cannot be a token is "unexpected", never an exception."""
    made: list[Token] = []
    at = _skip(source, 0)
    while at < len(source):
        token = _token(source, at, made[-1] if made else None)
        made.append(token)
        at = _skip(source, at + len(token.text))
    made.append(Token("end", "", len(source)))
    return made


def _skip(source: str, at: int) -> int:
    found = _SPACE.match(source, at)
    return found.end() if found else at


def _token(source: str, at: int, last: Token | None) -> Token:
    first = source[at]
    if first == "'":
        return _string(source, at)
    if first in "-+0123456789" or (first == "." and _begins_value(last)):
        return _number(source, at)
    if found := _SYMBOL.match(source, at):
        return Token("symbol", found.group(), at)
    return _word(source, at, after_dot=last is not None and last.kind == "symbol" and last.text == ".")


def _begins_value(last: Token | None) -> bool:
    """Whether a dot here starts a number rather than a property."""
    return last is None or (last.kind == "symbol" and last.text not in (")", "]", "*", "."))


def _string(source: str, at: int) -> Token:
    found = _STRING.match(source, at)
    if found is None:
        return Token("unexpected", source[at:], at)
    return Token("string", found.group(), at, found.group()[1:-1].replace("''", "'"))


def _number(source: str, at: int) -> Token:
    found = _NUMBER.match(source, at)
    text = found.group() if found else source[at]
    value = parse_number(text)
    if value != value:  # noqa: PLR0124 - NaN: not a number after all
        return Token("unexpected", text, at)
    return Token("number", text, at, value)


def _word(source: str, at: int, *, after_dot: bool) -> Token:
    found = _WORD.match(source, at) or _WORD.match(source, at + 1)
    text = source[at : found.end()] if found else source[at]
    if not _NAME.fullmatch(text):
        return Token("unexpected", text, at)
    if text in _KEYWORDS and not after_dot:
        return Token("keyword", text, at, _KEYWORDS[text])
    return Token("name", text, at)
