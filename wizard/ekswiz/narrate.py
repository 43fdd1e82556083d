"""Events as lines. State-free: a line depends on its event alone, so every front end can use it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ekswiz.events import Event
from ekswiz.plan import Plan

WORDS = {
    "started": "now",
    "applied": "done",
    "failed": "FAIL",
    "skipped": "skip",
    "stopped": "stop",
    "progress": "wait",
}
INDENT = "        "


def json_line(event: Event) -> str:
    """One event as one line of JSON."""
    return json.dumps(asdict(event))


def line(event: Event) -> str:
    """One event of an apply or destroy as a line: word, address, seconds, message (or where a pull request is)."""
    seconds = f"{event.seconds:5.1f} s" if event.seconds else "       "
    word = WORDS.get(event.type, event.type)
    told = event.message or (event.data.get("outputs") or {}).get("pull_request", "")
    return f"  {word:<5} {event.address:<36} {seconds}  {told}".rstrip()


def closing(made: Plan, seen: Sequence[Event]) -> str:
    """The last line of an apply or destroy."""
    if not made.pending:
        return "Nothing to do: everything already matches."
    count = {kind: sum(event.type == kind for event in seen) for kind in ("applied", "failed", "skipped", "stopped")}
    text = f"{count['applied']} of {len(made.pending)} changes made"
    rest = [f"{count[kind]} {kind}" for kind in ("failed", "skipped", "stopped") if count[kind]]
    return text + (f", {', '.join(rest)}." if rest else ".")


def rehearsal_lines(event: Event) -> Iterator[str]:
    """The lines that one event of a rehearsal prints; none for those that only a screen needs."""
    if event.type == "stage":
        yield from _stage(event)
    elif event.type in ("failed", "stopped"):
        yield f"{INDENT}{line(event).strip()}"
    elif event.type == "log" and event.data.get("show"):
        yield from (f"{INDENT}{text}" if text else "" for text in event.message.split("\n"))


def _stage(event: Event) -> Iterator[str]:
    data = event.data
    if data.get("phase") != "finished":
        return
    word = "skip" if data.get("skipped") else "ok" if data.get("ok") else "FAIL"
    for tier in [data["tiers"]] if "tiers" in data else []:
        yield from _tiers(tier)
    if data.get("parent"):
        yield f"{INDENT}{word:<4}  {event.address:<44} {event.seconds:6.2f} s  {event.message}".rstrip()
    else:
        yield f"{word:<4}  {event.address:<10} {event.seconds:6.2f} s  {event.message}".rstrip()
    yield from (f"{INDENT}{text}" for text in data.get("lines", ()))
    if "matrix" in data:
        yield from matrix_lines(data["matrix"])


def _tiers(tiers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = [("part", "chosen", "what is real", "why"), *((t["part"], t["chosen"], t["real"], t["why"]) for t in tiers)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        yield f"  {row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:<{widths[2]}}  {row[3]}"
    yield ""


def matrix_lines(cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The access matrix, expected/got: a row a principal, a column an action; `!` where the two differ."""
    columns = list(dict.fromkeys(cell["column"] for cell in cells))
    rows = list(dict.fromkeys(cell["row"] for cell in cells))
    found = {(cell["row"], cell["column"]): cell for cell in cells}
    width = max(len(row) for row in rows)
    for depth in range(max(len(column.split("-")) for column in columns)):
        words = [(column.split("-")[depth : depth + 1] or [""])[0] for column in columns]
        yield f"{INDENT}{'expected/got' if depth == 0 else '':<{width}}" + "".join(f"{word[:10]:>11}" for word in words)
    for row in rows:
        yield f"{INDENT}{row:<{width}}" + "".join(f"{_cell(found.get((row, column))):>11}" for column in columns)
    yield f"{INDENT}no/- = nothing to try with: the principal became no role."
    for cell in (cell for cell in cells if not cell["ok"]):
        difference = f"expected {cell['expected']}, got {cell['got']}"
        yield f"{INDENT}! {cell['row']} / {cell['column']}: {difference}. {cell['why']}"


def _cell(cell: Mapping[str, Any] | None) -> str:
    if cell is None:
        return ""
    text = f"{cell['expected']}/{cell['got'] if cell['tried'] else '-'}"
    return text if cell["ok"] else f"!{text}"
