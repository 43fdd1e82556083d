"""The access matrix of a report: tried by a rehearsal, or computed from the documents of the plan.

Computed, it is what the policies of the plan say, judged by AWS's documented rules; beside it stands what was meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ekswiz import intent
from ekswiz.access.compute import compute
from ekswiz.answers import Answers
from ekswiz.export.document import Subject
from ekswiz.export.wanted import of_kind, values
from ekswiz.iam.documents import provider_arn, role_arn
from ekswiz.lint.finding import Role, Way
from ekswiz.plan import Plan

SIGNS = {"yes": 2, "?": 1, "no": 0}


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer, what was meant, and what decided."""

    got: str
    expected: str
    why: str

    @property
    def as_meant(self) -> bool:
        """Whether it is as it was meant."""
        return self.got == self.expected


Cells = Mapping[tuple[str, str], Cell]


def matrix(subject: Subject) -> tuple[Cells, bool]:
    """Every cell by (row, column), and whether it was tried.

    A row of a report that was made for other answers is not taken for these.
    """
    tried = _tried(subject.report.get("matrix", ()))
    if tried and {row for row, _ in tried} == {row.id for row in intent.rows(subject.answers)}:
        return tried, True
    return _computed(subject.view.plan, subject.answers), False


def _tried(cells: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Cell]:
    return {
        (str(cell["row"]), str(cell["column"])): Cell(str(cell["got"]), str(cell["expected"]), str(cell["why"]))
        for cell in cells
    }


def _computed(plan: Plan, answers: Answers) -> dict[tuple[str, str], Cell]:
    wanted = intent.expected(answers)
    found: dict[tuple[str, str], Cell] = {}
    for role in _roles(plan, answers):
        enters = "assume-push" if role.name == answers.push_role else "assume-deploy"
        for cell in compute(role, answers):
            place = (cell.row, enters if cell.column == "assume" else cell.column)
            made = Cell(cell.got, wanted.get(place, "no"), f"{role.name}: {cell.why}")
            if place not in found or SIGNS[made.got] > SIGNS[found[place].got]:
                found[place] = made
    return found


def _roles(plan: Plan, answers: Answers) -> Sequence[Role]:
    """The roles as they will be: their documents, and the way into the cluster."""
    entries = {values(change)["principal_arn"]: values(change) for change in of_kind(plan, "access_entry")}
    policies = [values(change) for change in of_kind(plan, "access_policy")]
    roles = []
    for change in of_kind(plan, "iam_role"):
        after = values(change)
        arn = role_arn(answers, after["name"])
        held = tuple((each["policy"], tuple(each["namespaces"])) for each in policies if each["principal_arn"] == arn)
        ways = (Way(answers.cluster, tuple(entries[arn]["groups"]), held),) if arn in entries else ()
        known = {provider_arn(answers): (intent.AUDIENCE,)}
        roles.append(Role(arn, after["trust"], after["policies"], audiences=known, ways=ways))
    return roles
