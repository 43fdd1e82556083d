"""The access matrix of the page: words and signs in each cell, and what decided below it."""

from __future__ import annotations

from collections.abc import Iterator

from ekswiz import intent
from ekswiz.export.access import Cell, Cells, matrix
from ekswiz.export.document import Subject
from ekswiz.export.markup import Markup, join, table, tag

COMPUTED = (
    "Computed from the policies of this plan by AWS's documented rules, not tried: guard-rails of an organisation are "
    "not in it. A rehearsal tries every cell: ekswiz rehearse --json report.json, then --report report.json."
)
TRIED = "Tried in a rehearsal: every cell is the answer to a real request with a real token."


def parts(subject: Subject) -> Iterator[Markup]:
    """The table, how it came about, and what decided."""
    cells, tried = matrix(subject)
    wrong = [place for place, cell in cells.items() if not cell.as_meant]
    yield tag("p", TRIED if tried else COMPUTED)
    yield tag("p", _verdict(len(cells), len(wrong)), class_="bad" if wrong else "good")
    head = ["Who", *(column.title for column in intent.columns())]
    rows = [[row.title, *_row(row.id, cells)] for row in intent.rows(subject.answers)]
    yield table("Who can do what", head, rows, "matrix")
    yield _reasons(subject, cells)


def _verdict(number: int, wrong: int) -> str:
    if wrong:
        return f"{wrong} of {number} answers are not as they were meant."
    return f"All {number} answers are as they were meant."


def _row(row: str, cells: Cells) -> Iterator[Markup]:
    for column in intent.columns():
        cell = cells.get((row, column.id))
        yield tag("td", "–", class_="none") if cell is None else _cell(cell)  # noqa: RUF001 - a dash in a table


def _cell(cell: Cell) -> Markup:
    if cell.as_meant:
        return tag("td", "yes" if cell.got == "yes" else "no", class_="yes" if cell.got == "yes" else "no")
    unsure = "not certain" if cell.got == "?" else cell.got
    return tag("td", f"{unsure} (meant: {cell.expected})", class_="wrong")


def _reasons(subject: Subject, cells: Cells) -> Markup:
    """What decided each cell, by principal, folded."""
    said = []
    for row in intent.rows(subject.answers):
        lines = [
            tag("li", tag("strong", column.title), f": {cell.got}. {cell.why}")
            for column in intent.columns()
            if (cell := cells.get((row.id, column.id)))
        ]
        why = [tag("p", row.why)] if row.why else []
        said.append(tag("details", tag("summary", row.title), *why, tag("ul", *lines)))
    return join([tag("h3", "What decided"), *said])
