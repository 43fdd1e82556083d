"""Plans and events as plain text: sign, address, word, why; no colour, so that nothing is lost without it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ekswiz.events import Event
from ekswiz.plan import Action, Change, Plan, encode

SHOWN_ORDER = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.KEEP, Action.UNKNOWN)
KNOWN_LATER = "(known after apply)"
INDENT = "      "
LONGEST = 96
"""Characters of a value that a line shows."""


def plan_lines(plan: Plan, beside: Mapping[str, str] = {}) -> Iterator[str]:
    """A plan, change by change, with what differs and what is risky, and its summary first.

    `beside` is a word that stands at a change's address, such as its cost.
    """
    yield f"{plan.stack} in account {plan.account}, {plan.region}"
    yield summary(plan)
    yield ""
    for change in plan.changes:
        yield from change_lines(change, beside.get(change.address, ""))
    yield ""
    yield f"Plan {plan.fingerprint[:12]}. Nothing has been changed."


def summary(plan: Plan) -> str:
    """How many of each: `+5 create  ~1 update  =2 keep  !1 to review`."""
    if not plan.pending and all(change.action is Action.KEEP for change in plan.changes):
        return "Everything already matches. Nothing to do."
    count = Counter(change.action for change in plan.changes)
    parts = [f"{action.value}{count[action]} {action.word}" for action in SHOWN_ORDER if count[action]]
    risky = sum(bool(change.risks) for change in plan.changes)
    return "  ".join(parts + ([f"!{risky} to review"] if risky else []))


def change_lines(change: Change, beside: str = "") -> Iterator[str]:
    """One change: what, why, what is risky, what differs."""
    mark = " !" if change.risks else ""
    adopted = ", existed before" if change.adopted else ""
    yield f"  {change.action.value} {change.address}{mark}  ({change.action.word}{adopted})  {beside}".rstrip()
    yield f"{INDENT}{change.why}"
    yield from (f"{INDENT}! {risk.id}: {risk.sentence}" for risk in change.risks)
    if change.action in (Action.UPDATE, Action.REPLACE):
        yield from difference(change.before or {}, change.after or {})


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What differs, one line per value; equal ones are counted."""
    old, new = dict(_leaves(encode(before))), dict(_leaves(encode(after)))
    same = 0
    for path in sorted({*old, *new}):
        if old.get(path) == new.get(path):
            same += 1
        else:
            yield f"{INDENT}{path}: {_value(old, path)} -> {_value(new, path)}"
    if same:
        yield f"{INDENT}({same} unchanged)"


def event_line(event: Event) -> str:
    """One event as one line."""
    seconds = f" {event.seconds:.1f} s" if event.seconds else ""
    return f"{event.type:<8} {event.address}{seconds}{'  ' + event.message if event.message else ''}"


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is not a container, with its path. A Ref is a value."""
    if isinstance(value, Mapping) and "$ref" not in value and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}[{number}]")
    elif path:
        yield path, value


def _value(values: Mapping[str, Any], path: str) -> str:
    if path not in values:
        return "(absent)"
    value = values[path]
    if isinstance(value, Mapping) and "$ref" in value:
        return KNOWN_LATER
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
