"""Lines of text with meanings, and how a meaning looks. Signs and words come first; colour only repeats them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from textual.content import Content

from ekswiz.plan import Action

Ink = Literal["plain", "create", "update", "delete", "replace", "keep", "unknown", "risk", "strong", "faint", "key"]
"""What a piece of text means: one for each sign, and four for running text."""
Piece = tuple[str, Ink]
Line = tuple[Piece, ...]
"""One line; it may be wider than the screen."""

STYLES: Mapping[Ink, str] = {
    "plain": "",
    "create": "$text-success",
    "update": "$text-warning",
    "delete": "$text-error",
    "replace": "bold $text-error",
    "keep": "dim",
    "unknown": "$text-secondary",
    "risk": "bold reverse $text-error",
    "strong": "bold",
    "faint": "dim",
    "key": "$text-accent",
}
HANG = 12
"""Longest beginning of a line under which the rest is not indented: a sign and a word, not a sentence."""
INK_OF: Mapping[Action, Ink] = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.DELETE: "delete",
    Action.REPLACE: "replace",
    Action.KEEP: "keep",
    Action.UNKNOWN: "unknown",
}


def line(text: str = "", ink: Ink = "plain") -> Line:
    """A line of one piece."""
    return ((text, ink),)


def plain(lines: Iterable[Line]) -> str:
    """The lines without their meanings, as they are copied."""
    return "\n".join("".join(text for text, _ in each).rstrip() for each in lines)


def paint(lines: Iterable[Line], width: int = 0) -> Content:
    """The lines as a widget shows them, wrapped to `width` cells if given. Nothing in them is read as markup."""
    shown = (part for each in lines for part in hang(each, width)) if width else lines
    return Content("\n").join(
        Content.assemble(*(part for text, ink in each for part in _styled(text, ink))) for each in shown
    )


def _styled(text: str, ink: Ink) -> tuple[Content, str]:
    """A piece; the space behind it is no part of what it means."""
    meant = text.rstrip(" ")
    return Content.styled(meant, STYLES[ink]), text[len(meant) :]


def hang(one: Line, width: int) -> Iterator[Line]:
    """A line as lines of at most `width` characters; what follows the first stands below its text, not its sign."""
    text = "".join(piece for piece, _ in one)
    if len(text) <= width:
        yield one
        return
    indent = " " * min(_indent(one), width // 2)
    start = 0
    while start < len(text):
        room = width if start == 0 else width - len(indent)
        end = _cut(text, start, room, keep=len(indent) if start == 0 else 0)
        part = _part(one, start, end)
        yield part if start == 0 else ((indent, "plain"), *part)
        start = end
        while start < len(text) and text[start] == " ":
            start += 1


def _indent(one: Line) -> int:
    first = one[0][0]
    lead = len(first) - len(first.lstrip(" "))
    return len(first) if len(one) > 1 and first.endswith(" ") and len(first) < HANG else lead + 2 if lead else 0


def _cut(text: str, start: int, room: int, *, keep: int) -> int:
    """Where a line ends: before a word, or in the middle of one that is longer than a line.

    The first `keep` characters are a sign, which never stands alone.
    """
    if len(text) - start <= room:
        return len(text)
    space = text.rfind(" ", start + 1, start + room + 1)
    alone = space <= start + keep or not text[start:space].strip()
    return start + room if alone else space


def _part(one: Line, start: int, end: int) -> Line:
    """The pieces between two places of a line."""
    found: list[Piece] = []
    at = 0
    for piece, ink in one:
        low, high = max(start - at, 0), min(end - at, len(piece))
        if low < high:
            found.append((piece[low:high], ink))
        at += len(piece)
    return tuple(found)
