"""A plan as it is shown and saved: the changes, and beside them what they cost, take and need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ekswiz import cost
from ekswiz.cost import CostLine
from ekswiz.frontend import OpenRoad
from ekswiz.permitted import Permissions
from ekswiz.plan import Plan
from ekswiz.quotes import NONE, Quotes
from ekswiz.render import INDENT, plan_lines
from ekswiz.state import Estimate


@dataclass(frozen=True, slots=True)
class View:
    """A plan and what is known about it. `permissions` is None where nobody asked; `quotes` are AWS's own prices."""

    plan: Plan
    costs: tuple[CostLine, ...]
    estimate: Estimate
    permissions: Permissions | None = None
    quotes: Quotes = NONE


def look(road: OpenRoad, made: Plan, *, permissions: bool, live_prices: bool = False) -> View:
    """A plan with its cost and its time.

    Args:
        road: The stack in its world.
        made: Its plan.
        permissions: Test the caller's permissions too, which costs a few calls.
        live_prices: Ask AWS's price list, which costs a call for each price.
    """
    quotes = road.quotes(made) if live_prices else NONE
    tested = road.permissions(made) if permissions else None
    return View(made, cost.of(made, quotes), road.eta(made), tested, quotes)


def lines(view: View, *, every_permission: bool = False) -> Iterator[str]:
    """The plan as text, its costs at its changes, its sums below."""
    beside = {line.address: _figure(line) for line in view.costs if line.kind != "not ours"}
    yield from plan_lines(view.plan, beside)
    yield cost.sentence(view.costs, view.quotes)
    if view.quotes.why_not:
        yield f"{INDENT}{view.quotes.why_not}"
    if view.plan.pending:
        yield view.estimate.sentence()
    yield from permission_lines(view, every=every_permission)


def permission_lines(view: View, *, every: bool) -> Iterator[str]:
    """What is known about permissions, and with `every` each of them."""
    if view.permissions is None:
        actions = {action for change in view.plan.changes for action in change.permissions}
        yield f"permissions: {len(actions)} IAM actions are needed; test yours with --permissions"
        return
    yield view.permissions.sentence()
    shown = view.permissions.verdicts if every else ()
    yield from (f"{INDENT}{each.answer:<8} {each.need.action:<40} {each.need.resource}" for each in shown)


def document(view: View) -> dict[str, Any]:
    """The plan as JSON values: `Plan.to_json` and, beside it, cost, estimate and (if asked for) permissions."""
    found = {**view.plan.to_json(), "cost": cost.to_json(view.costs), "estimate": view.estimate.to_json()}
    return found if view.permissions is None else {**found, "permissions": view.permissions.to_json()}


def _figure(line: CostLine) -> str:
    if line.kind == "free":
        return "free"
    if line.monthly is None:
        return "cost unknown"
    return f"{'at least ' if line.open else ''}${line.monthly.quantize(cost.CENT)} a month"
