"""Before anything is changed: is the plan still true, and what became of a run that died?

Recovery is observation: what a dead run was about to do is looked up in the world, never assumed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ekswiz.engine.journal import Journal
from ekswiz.engine.planner import FOREIGN, Seen
from ekswiz.engine.values import attributes
from ekswiz.errors import StalePlan, Unreadable
from ekswiz.plan import Action, Change, Plan, encode
from ekswiz.resource import Live, Resource
from ekswiz.target import Target

_MAKING = (Action.CREATE, Action.UPDATE, Action.REPLACE)


def refuse_stale(plan: Plan, seen: Mapping[str, Seen], target: Target, ours: Collection[str] = ()) -> None:
    """Refuse a plan that was made for another place, or whose objects are not what they were.

    `ours` are addresses whose last change a dead run left in flight: when it takes effect between plan and apply, that
    is what was asked for, and nobody else's doing.

    Raises:
        StalePlan: With everything that moved.
    """
    if (plan.account, plan.region) != (target.account, target.region):
        raise StalePlan(
            f"it is for account {plan.account} in {plan.region}, and this is {target.account} in {target.region}.",
            "Plan again here.",
        )
    foreign = [change for change in plan.changes if change.address not in ours or not _landed(change, plan.stack, seen)]
    moved = [sentence for change in foreign for sentence in _moved(change, seen)]
    if moved:
        raise StalePlan("; ".join(moved) + ".", "Plan again, look at the difference, then apply.")


def recover(journal: Journal, seen: Mapping[str, Seen]) -> Mapping[str, str]:
    """Close the intents that a dead run left open and whose outcome can be seen; idempotency tokens of the others."""
    tokens: dict[str, str] = {}
    for address, intent in journal.pending().items():
        found = seen.get(address)
        if intent.action in _MAKING and isinstance(found, Live) and found.owner == journal.stack:
            journal.end(intent.seq, found, None)
        elif intent.action is Action.DELETE and address in seen and found is None:
            journal.end(intent.seq, None, None)
        elif intent.action is not Action.DELETE:
            tokens[address] = intent.token
    return tokens


def doubt(journal: Journal, desired: Sequence[Resource[Any]], target: Target) -> None:
    """Tell objects whose create calls have no idempotency token what an earlier run may have made a moment ago.

    Those have an `attempt`: reads may not show yet what was made, so they look a little longer before they make it.
    """
    made, now = journal.making(), target.clock.now()
    for resource in desired:
        attempt = getattr(resource, "attempt", None)
        if attempt is not None and resource.address in made:
            attempt.at = min(made[resource.address], now).timestamp()  # a clock that was set back makes nobody wait


def adopt(journal: Journal, plan: Plan, seen: Mapping[str, Seen]) -> None:
    """Record what existed before us and is used, so that destroy leaves it."""
    for change in plan.changes:
        found = seen.get(change.address)
        agreed = all(risk.id != FOREIGN for risk in change.risks)
        if change.adopted and agreed and isinstance(found, Live) and change.action is not Action.DELETE:
            journal.adopt(change.address, found.unique_id)


def _landed(change: Change, stack: str, seen: Mapping[str, Seen]) -> bool:
    """Whether an object has gone, come or changed as this change wants it, or a step of the way."""
    found = seen.get(change.address)
    if found is None:
        return change.action is Action.DELETE
    if not isinstance(found, Live) or found.owner != stack:
        return False
    making = change.action is Action.UPDATE and encode(attributes(found.attributes)) == encode(change.after)
    return making or change.action in (Action.CREATE, Action.DELETE)


def _moved(change: Change, seen: Mapping[str, Seen]) -> list[str]:
    """What happened to a change's object since the plan was made, as sentences."""
    if change.address not in seen:
        return [f"{change.address} is not part of this stack any more"]
    found = seen[change.address]
    if change.action is Action.UNKNOWN:
        hidden = any(isinstance(seen.get(address), Unreadable) for address in (change.address, *change.needs))
        return [] if hidden else _readable(change)
    now = attributes(found.attributes) if isinstance(found, Live) else None
    if encode(now) == encode(change.before):
        return []
    if now is None:
        return [f"{change.address} is gone"]
    if change.before is None:
        return [f"{change.address} has appeared"]
    return [f"{change.address} has changed ({', '.join(_differences(change.before, now))})"]


def _readable(change: Change) -> list[str]:
    """What could not be read then is no guess now: the plan lacks it, and what rests on it."""
    return [f"{change.address} can be read now, and could not when the plan was made ({change.why.rstrip('.')})"]


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in {*before, *now} if encode(before.get(name)) != encode(now.get(name)))
