"""What a cell or a stage rests on, as text: who decided, by which statement, on what token."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ekswiz import intent
from ekswiz.answers import Answers
from ekswiz.tui.rehearsal import wording
from ekswiz.tui.rehearsal.progress import BROKEN, Cell, Progress, Step
from ekswiz.tui.rehearsal.wording import sentence, titles

Place = tuple[str, str]


def cell_lines(place: Place, cell: Cell | None, answers: Answers, plan: Mapping[str, Any] | None) -> Iterator[str]:
    """Everything known about one cell. `plan` is the rehearsal's plan as JSON, where there is one."""
    yield sentence(cell, place, titles(answers))
    row = next((one for one in intent.rows(answers) if one.id == place[0]), None)
    if row and row.why:
        yield row.why
    yield ""
    if cell is None:
        yield "This cell has not been tried yet. It will be, by a real call against the world on this machine."
    else:
        yield from _decision(cell, plan)
    yield ""
    yield from _claims(row, place[1])


def stage_lines(step: Step, progress: Progress) -> Iterator[str]:
    """Everything known about one stage: its result, what it said, and for the world what is real in it."""
    yield f"{step.state}  {step.title}" + (f"  {step.seconds:.1f} s" if step.seconds else "")
    if step.why:
        yield step.why
    yield ""
    if step.key == "world":
        yield from tier_lines(progress)
    yield from step.lines
    for part in progress.steps.values():
        if part.key.startswith(f"{step.key}/"):
            seconds = f"{part.seconds:5.1f} s" if part.state in ("done", *BROKEN) else ""
            yield f"{'  ' * part.depth}{part.state:<5} {part.title:<36} {seconds}  {part.why}".rstrip()


def tier_lines(progress: Progress) -> Iterator[str]:
    """Which part of the world is how real, and why this one was chosen."""
    for tier in progress.tiers:
        yield f"{tier['part']}: {tier['chosen']}"
        yield f"    {tier['real']} ({tier['why']})"


def statement(cell: Cell, plan: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The policy statement that the decision names, out of the plan; None if it names none that is there."""
    said = f"{cell.by or ''} {cell.why}"
    for found in _statements(plan or {}):
        if found["Sid"] in said.replace(",", " ").split():
            return found
    return None


def _decision(cell: Cell, plan: Mapping[str, Any] | None) -> Iterator[str]:
    if not cell.ok:
        yield f"! Surprise: the answers intend {cell.expected}, the world answered {cell.got}."
    layer = wording.LAYERS.get(cell.layer or "", cell.layer or "nobody said")
    yield f"Decided by   {layer}{f', {cell.by}' if cell.by else ''}"
    yield f"Because      {cell.why}"
    found = statement(cell, plan)
    if found is not None:
        yield ""
        yield "Statement in the policy"
        yield from (f"  {line}" for line in json.dumps(found, indent=2).splitlines())


def _claims(row: intent.Row | None, column: str) -> Iterator[str]:
    claims = row.claims_for(column) if row else None
    if claims is None or row is None:
        yield "GitHub hands this job no token, so there are no claims."
        return
    flaws = [f"for {row.audience}"] if row.audience != intent.AUDIENCE else []
    flaws += ["signed by another key"] if row.key == "foreign" else []
    flaws += ["expired"] if row.lifetime < 0 else []
    forged = ", forged: GitHub cannot mint it" if row.origin == "forged" else ""
    flawed = f" ({', '.join(flaws)})" if flaws else ""
    yield f"Token that is shown{forged}{flawed}"
    width = max(map(len, claims))
    yield from (f"  {name:<{width}}  {value}" for name, value in claims.items())


def _statements(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every policy statement with a name, wherever in the plan it stands, policies kept as text included."""
    if isinstance(value, Mapping):
        if isinstance(value.get("Sid"), str):
            yield value
        for item in value.values():
            yield from _statements(item)
    elif isinstance(value, list):
        for item in value:
            yield from _statements(item)
    elif isinstance(value, str) and '"Sid"' in value:
        try:
            yield from _statements(json.loads(value))
        except ValueError:
            return
