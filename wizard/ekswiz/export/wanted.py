"""The desired objects of a plan, whatever has to be done to get there: an export makes them from nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ekswiz.errors import InputError
from ekswiz.hand_off.steps import kind
from ekswiz.plan import Action, Change, Plan, encode

THERE = (Action.KEEP, Action.UPDATE)


def require_apply(plan: Plan) -> None:
    """Refuse what is no plan of a stack.

    Raises:
        InputError: The plan removes the stack.
    """
    if plan.pending and all(change.action is Action.DELETE for change in plan.pending):
        raise InputError("plan", "removes the stack, and there is nothing to export.", "Export before you destroy.")


def find(plan: Plan, address: str) -> Change | None:
    """The change of this address, if something is desired there."""
    return next((each for each in plan.changes if each.address == address and each.after is not None), None)


def of_kind(plan: Plan, name: str) -> tuple[Change, ...]:
    """The desired objects of one type."""
    return tuple(each for each in plan.changes if kind(each) == name and each.after is not None)


def values(change: Change) -> Mapping[str, Any]:
    """The attributes that are desired, as JSON values."""
    found: Mapping[str, Any] = encode(change.after)
    return found


def there(change: Change) -> bool:
    """Whether the object exists already, and is this stack's or will be."""
    return change.action in THERE
