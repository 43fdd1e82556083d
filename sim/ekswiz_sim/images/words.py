"""Words of a Dockerfile: splitting, quotes, and `$VARIABLE` substitution.

Source: https://docs.docker.com/reference/dockerfile/#environment-replacement
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_BRACED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(:?[-+?])?")


class BadWord(ValueError):
    """A word that cannot be read: an open quote or brace, or a substitution that this builder does not know."""


def split(text: str, escape: str = "\\") -> list[str]:
    """Split at blanks outside of quotes; quotes and escapes stay in the words."""
    words: list[str] = []
    current, quote, at = "", "", 0
    while at < len(text):
        char = text[at]
        if char == escape and quote != "'" and at + 1 < len(text):
            current += text[at : at + 2]
            at += 2
            continue
        if char.isspace() and not quote:
            words += [current] if current else []
            current = ""
        else:
            quote = _quoting(quote, char)
            current += char
        at += 1
    return [*words, current] if current else words


def _quoting(quote: str, char: str) -> str:
    if quote:
        return "" if char == quote else quote
    return char if char in "'\"" else ""


def expand(word: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """Substitute variables and take quotes and escapes away. An unset variable is empty.

    Raises:
        BadWord: An open quote or brace, or an unknown form of substitution.
    """
    try:
        text, at = _until(word, 0, variables, escape, "")
    except RecursionError as error:
        raise BadWord("substitutions are nested too deeply") from error
    if at != len(word):
        raise BadWord(f"unexpected end in {word!r}")
    return text


def _until(word: str, at: int, variables: Mapping[str, str], escape: str, end: str) -> tuple[str, int]:
    """Read to the character `end` (not consumed), or to the end of the word."""
    out: list[str] = []
    while at < len(word) and word[at] != end:
        char = word[at]
        if char == "'" and end != '"':
            close = _closing(word, at)
            out.append(word[at + 1 : close])
            at = close + 1
        elif char == '"' and end != '"':
            text, at = _until(word, at + 1, variables, escape, '"')
            if at == len(word):
                raise BadWord("unexpected end of statement while looking for matching double-quote")
            out.append(text)
            at += 1
        else:
            text, at = _next(word, at, variables, escape, end)
            out.append(text)
    return "".join(out), at


def _closing(word: str, at: int) -> int:
    close = word.find("'", at + 1)
    if close < 0:
        raise BadWord("unexpected end of statement while looking for matching single-quote")
    return close


def _next(word: str, at: int, variables: Mapping[str, str], escape: str, end: str) -> tuple[str, int]:
    char = word[at]
    if char == "$":
        return _variable(word, at + 1, variables, escape)
    if char != escape or at + 1 == len(word):
        return char, at + 1
    following = word[at + 1]
    keeps = end == '"' and following not in {'"', "$", escape}
    return (char + following if keeps else following), at + 2


def _variable(word: str, at: int, variables: Mapping[str, str], escape: str) -> tuple[str, int]:
    if not word.startswith("{", at):
        match = _PLAIN.match(word, at)
        return (variables.get(match[0], ""), match.end()) if match else ("$", at)
    match = _BRACED.match(word, at + 1)
    if match is None:
        raise BadWord("unsupported or missing name in substitution")
    if match[2] is None:
        if not word.startswith("}", match.end()):
            raise BadWord(f"unsupported modifier in substitution of {match[1]}")
        return variables.get(match[1], ""), match.end() + 1
    default, at = _until(word, match.end(), variables, escape, "}")
    if at == len(word):
        raise BadWord("syntax error: missing '}'")
    return _modified(match[1], match[2], default, variables), at + 1


def _modified(name: str, modifier: str, word: str, variables: Mapping[str, str]) -> str:
    value = variables.get(name)
    present = bool(value) if modifier.startswith(":") else value is not None
    if modifier.endswith("-"):
        return value or "" if present else word
    if modifier.endswith("+"):
        return word if present else ""
    if not present:
        raise BadWord(f"{name}: {word or 'not set'}")
    return value or ""


def pairs(text: str, escape: str = "\\") -> Iterator[tuple[str, str]]:
    """`KEY=value OTHER="a b"` of ENV, LABEL and ARG, or the old form `KEY value`; values not yet expanded.

    Raises:
        BadWord: Neither form.
    """
    words = split(text, escape)
    if "=" not in words[0]:
        if len(words) == 1:
            raise BadWord("must have two arguments")
        yield words[0], text.split(maxsplit=1)[1]
        return
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise BadWord(f"Syntax error - can't find = in {word!r}. Must be of the form: name=value")
        yield name, value
