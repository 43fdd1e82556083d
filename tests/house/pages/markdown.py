"""Tables for pages that are printed from code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def cell(text: object) -> str:
    """A value in a cell: one line, no pipe of its own."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; the first column's values are in code."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def code(text: object) -> str:
    """A value as code, or nothing."""
    return f"`{text}`" if str(text) else ""


def with_table(page: str, made: str) -> str:
    """A page whose (one) table of these columns is replaced by the one that was made."""
    head = re.escape(made.splitlines()[0])
    return re.sub(rf"^{head}\n(?:\|.*\n?)+", lambda _: made.rstrip("\n") + "\n", page, count=1, flags=re.MULTILINE)
