"""How long changes took before, from the journals on this machine: the median of each kind of change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from statistics import median

from ekswiz.engine.journal_records import Record, parse_any
from ekswiz.engine.schedule import blockers
from ekswiz.plan import Change, Plan
from ekswiz.state import Estimate

Kind = tuple[str, str]
"""Type and the action's sign."""


def medians(folder: Path) -> Mapping[Kind, float]:
    """Seconds of each kind of change, over every stack's journal below this folder. Unusable journals are left out."""
    times: dict[Kind, list[float]] = defaultdict(list)
    for path in sorted(folder.glob("*/*.jsonl")):
        for kind, seconds in _durations(parse_any(path)):
            times[kind].append(seconds)
    return {kind: median(values) for kind, values in times.items()}


def estimate(plan: Plan, known: Mapping[Kind, float]) -> Estimate:
    """How long the plan may take: the longest chain of changes that wait for each other."""
    unknown = {_kind(change): None for change in plan.pending if _kind(change) not in known}
    names = tuple(dict.fromkeys(f"{kind} {_word(plan, kind, sign)}" for kind, sign in unknown))
    if plan.pending and all(_kind(change) in unknown for change in plan.pending):
        return Estimate(None, names)
    return Estimate(_longest(plan, known), names)


def _longest(plan: Plan, known: Mapping[Kind, float]) -> float:
    waits = blockers(plan.changes)
    pending = {change.address: known.get(_kind(change), 0.0) for change in plan.pending}
    ends: dict[str, float] = {}

    def end(address: str) -> float:
        if address not in ends:
            ends[address] = 0.0  # a circle, which no plan has, would end here
            ends[address] = pending.get(address, 0.0) + max(map(end, waits.get(address, ())), default=0.0)
        return ends[address]

    return max(map(end, pending), default=0.0)


def _durations(records: list[Record]) -> Iterator[tuple[Kind, float]]:
    """Only what one run both began and ended: an end written by a later run says when somebody looked."""
    begun = {record.seq: record for record in records if record.phase == "begin"}
    for record in records:
        start = begun.get(record.of or 0)
        if record.phase == "end" and record.ok and start is not None and start.run == record.run:
            taken = datetime.fromisoformat(record.at) - datetime.fromisoformat(start.at)
            yield (record.address.partition(".")[0], record.action), max(0.0, taken.total_seconds())


def _kind(change: Change) -> Kind:
    return change.address.partition(".")[0], change.action.value


def _word(plan: Plan, kind: str, sign: str) -> str:
    return next(change.action.word for change in plan.pending if _kind(change) == (kind, sign))
