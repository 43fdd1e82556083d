"""Leaving changes out of a plan: only those that nothing else rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ekswiz.plan import Action, Change, Plan

UNTOUCHED = (Action.KEEP, Action.UNKNOWN)
PAIRED = ("operator_access.",)
"""What opens and closes together: half of it would leave a door open."""


def without(plan: Plan, skipped: frozenset[str]) -> Plan:
    """The plan without these changes; the very same plan where none is left out."""
    if not skipped:
        return plan
    return replace(plan, changes=tuple(change for change in plan.changes if change.address not in skipped))


def refusal(plan: Plan, address: str, skipped: frozenset[str]) -> str:
    """Why a change cannot be left out, as a sentence; empty where it can."""
    change = next(change for change in plan.changes if change.address == address)
    if change.action in UNTOUCHED:
        return "Nothing would be done to it, so there is nothing to skip."
    if address.startswith(PAIRED):
        return "It opens your access for this run and closes it afterwards. Both stay."
    resting = relying(plan, address, skipped)
    if not resting:
        return ""
    what = "must stay for it" if change.action is Action.DELETE else "rests on it"
    return f"{', '.join(resting)} {what}. Skip {'that' if len(resting) == 1 else 'those'} first."


def reentry(plan: Plan, address: str, skipped: frozenset[str]) -> str:
    """Why a change that was left out cannot come back, as a sentence; empty where it can."""
    missing = [other for other in sorted(skipped - {address}) if address in relying(plan, other)]
    return f"It cannot go without {', '.join(missing)}. Take that in first." if missing else ""


def relying(plan: Plan, address: str, skipped: frozenset[str] = frozenset()) -> Sequence[str]:
    """The pending changes that make no sense without this one, in the plan's order.

    For a deletion these are the deletions of what its object needs; else everything that needs it, also through others.
    """
    changes = {change.address: change for change in plan.changes}
    deleting = changes[address].action is Action.DELETE
    near = _downwards(changes) if deleting else _upwards(changes)
    found = _reach(near, address)
    pending = (change for change in plan.pending if (change.action is Action.DELETE) == deleting)
    return [change.address for change in pending if change.address in found and change.address not in skipped]


def _downwards(changes: Mapping[str, Change]) -> Mapping[str, Iterable[str]]:
    return {address: change.needs for address, change in changes.items()}


def _upwards(changes: Mapping[str, Change]) -> Mapping[str, Iterable[str]]:
    return {name: [a for a, change in changes.items() if name in change.needs] for name in changes}


def _reach(near: Mapping[str, Iterable[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for address in near.get(waiting.pop(), ()):
            if address not in found:
                found.add(address)
                waiting.append(address)
    return found - {start}
