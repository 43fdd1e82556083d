"""What others do to a stack behind its back: delete, re-create under the same name, change; in any type's own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from contract.mutators import Mutator, ways
from ekswiz.engine.order import dependants, ordered
from ekswiz.engine.planner import look
from ekswiz.engine.values import refs, resolve, unknown
from ekswiz.errors import Conflict, EkswizError, Transient
from ekswiz.plan import Action, Plan
from ekswiz.resource import Live, Resource
from ekswiz.target import Target

Desired = Sequence[Resource[Any]]
KEPT = ("external",)


def lives(target: Target, desired: Desired) -> dict[str, Live[Any]]:
    """What exists, by address."""
    found = {resource.address: look(target, resource) for resource in desired}
    return {address: live for address, live in found.items() if isinstance(live, Live)}


def delete(target: Target, desired: Desired, address: str) -> None:
    """Delete one object as an administrator would: what hangs on it goes first, where the service insists."""
    by_address = {resource.address: resource for resource in desired}
    if not _try(target, by_address[address]):
        users = dependants({r.address: r.needs for r in desired}, [address])
        for resource in reversed(ordered(desired)):
            if resource.address in users and resource.tenure not in KEPT:
                _try(target, resource)
        assert _try(target, by_address[address]), f"{address} could not be deleted"


def _try(target: Target, resource: Resource[Any]) -> bool:
    live = look(target, resource)
    if not isinstance(live, Live):
        return True
    for _ in range(60):
        try:
            resource.delete(target, live)
        except Transient:
            target.clock.wait(10, _Never())
        except EkswizError:
            return False
        now = look(target, resource)
        if not isinstance(now, Live) or now.unique_id != live.unique_id:
            return True
        target.clock.wait(10, _Never())
    return False


def recreate(target: Target, desired: Desired, address: str) -> bool:
    """Somebody else's object under the name of ours: made by hand, without our tags. False if that cannot be."""
    resource = next(r for r in desired if r.address == address)
    outputs = {name: live.outputs for name, live in lives(target, desired).items()}
    wanted = resolve(resource.desired, outputs)
    if unknown(wanted):
        return False
    if address.startswith("repository_file."):
        path = target.checkout / wanted.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("name: mine\n", encoding="utf-8")
        return True
    for _ in range(60):
        try:
            resource.create(target, wanted, "foreign-token", {})
        except Transient:
            target.clock.wait(10, _Never())
            continue
        except Conflict:
            return True
        return True
    return False


def modify(target: Target, desired: Desired, address: str, attribute: str) -> None:
    """Change one attribute past ekswiz."""
    resource = next(r for r in desired if r.address == address)
    live = look(target, resource)
    assert isinstance(live, Live)
    way: Mutator = ways(resource)[attribute]
    way(target, resource, live)


def signs(plan: Plan) -> dict[str, str]:
    """Address -> sign of everything that the plan would change or cannot read."""
    return {change.address: change.action.value for change in plan.changes if change.action is not Action.KEEP}


def touched(desired: Desired, gone: set[str]) -> set[str]:
    """Who holds a value of something that is gone, directly or through others: these cannot be known to stay."""
    found = set(gone)
    while True:
        more = {resource.address for resource in desired if _holds(resource) & found} | found
        if more == found:
            return found - gone
        found = more


def _holds(resource: Resource[Any]) -> set[str]:
    """The addresses whose outputs this resource's attributes hold."""
    return {ref.address for field in fields(resource.desired) for ref in refs(getattr(resource.desired, field.name))}


class _Never:
    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return False
