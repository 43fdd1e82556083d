"""From desired resources to a plan: read the world concurrently, compare, say what would change and why.

The surprising thing: nothing is read in dependency order. Every object is found by a name that is known beforehand, so
all reads run at once; only the comparison goes through the dependencies, because values of one object stand in another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from ekswiz.engine.order import ordered
from ekswiz.engine.patience import NEVER, patiently
from ekswiz.engine.shared_reads import sharing
from ekswiz.engine.values import attributes, differing, refs, resolve
from ekswiz.errors import NotYet, TargetError, Unreadable
from ekswiz.plan import PLAN_VERSION, Action, Change, Json, Plan, Risk
from ekswiz.resource import Live, Resource, Verb
from ekswiz.target import Flag, Target

Seen = Live[Any] | Unreadable | None
"""What a read gave: an object, that it could not be read, or nothing."""

FOREIGN = "foreign-object"
"""Id of the risk that stands for a conflict: an object of our name that is not ours."""
ADOPTS = "adopts-object"
"""Id of the risk that an object made by somebody else is taken over and changed."""

_VERBS: Mapping[Action, tuple[Verb, ...]] = {
    Action.CREATE: ("read", "create"),
    Action.UPDATE: ("read", "update"),
    Action.REPLACE: ("read", "delete", "create"),
    Action.DELETE: ("read", "delete"),
    Action.KEEP: ("read",),
    Action.UNKNOWN: ("read",),
}


@dataclass(frozen=True, slots=True)
class Consent:
    """What may be taken over: everything of our names (`adopt`), and what was taken over before (`adopted`)."""

    adopt: bool = False
    adopted: frozenset[str] = frozenset()

    def covers(self, address: str) -> bool:
        """Whether a foreign object at this address may be used."""
        return self.adopt or address in self.adopted


def plan(
    target: Target,
    desired: Sequence[Resource[Any]],
    stack: str,
    workers: int = 16,
    consent: Consent = Consent(),
) -> Plan:
    """Compare the desired resources with the world.

    Raises:
        Disorder: The resources do not fit together.
        TargetError: The world could not be read at all, or something that must exist does not.
    """
    seen = survey(target, desired, workers)
    unreadable = frozenset(address for address, found in seen.items() if isinstance(found, Unreadable))
    changes: list[Change] = []
    outputs: dict[str, Mapping[str, str]] = {}
    granted: set[str] = set()
    for resource in ordered(desired):
        found = _expected(resource, seen[resource.address], granted)
        change = _compare(resource, found, outputs, stack, consent)
        change = _doubtful(resource, change, unreadable)
        if isinstance(found, Live) and change.action is not Action.REPLACE:
            outputs[resource.address] = _outputs(found, change)
        if change.action is Action.CREATE and getattr(resource, "grants", False):
            granted.add(resource.address)
        changes.append(change)
    return sealed(target, stack, changes)


def _outputs(found: Live[Any], change: Change) -> Mapping[str, str]:
    """What others may use of an object, as it will be: an update may change what they follow, e.g. a version."""
    if change.action is not Action.UPDATE or change.after is None:
        return found.outputs
    moved = {name: value for name, value in change.after.items() if name in found.outputs and isinstance(value, str)}
    return {**found.outputs, **moved}


def _expected(resource: Resource[Any], found: Seen, granted: set[str]) -> Seen:
    """What cannot be read before its way in is made counts as absent: known after apply. So does what needs it."""
    if isinstance(found, Unreadable) and granted & set(resource.needs):
        granted.add(resource.address)
        return None
    return found


def survey(target: Target, desired: Sequence[Resource[Any]], workers: int = 16, stop: Flag = NEVER) -> dict[str, Seen]:
    """What exists now, by address; all reads at once, and the same question to AWS once.

    Raises:
        TargetError: A read failed for another reason than a denial.
        Stopped: `stop` was set while a read waited to be made again.
    """
    shared = sharing(target)
    with ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="ekswiz-read") as pool:
        futures = {resource.address: pool.submit(look, target, resource, stop, shared) for resource in desired}
        try:
            return {address: future.result() for address, future in futures.items()}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def look(target: Target, resource: Resource[Any], stop: Flag = NEVER, first: Target | None = None) -> Seen:
    """One object as it is now. `first` is asked before `target`, which is asked when a read is made again."""
    targets = chain([first or target], repeat(target))
    try:
        return patiently(lambda: resource.read(next(targets)), target.clock, stop, lambda _: None)
    except Unreadable as error:
        return error
    except NotYet:
        return None


def sealed(target: Target, stack: str, changes: Sequence[Change]) -> Plan:
    """Changes as a plan of this world and time."""
    made_at = target.clock.now().isoformat(timespec="seconds")
    return Plan(PLAN_VERSION, stack, target.account, target.region, made_at, tuple(changes))


def change_for(
    resource: Resource[Any],
    action: Action,
    before: Json | None,
    after: Json | None,
    risks: tuple[Risk, ...] = (),
    *,
    adopted: bool = False,
    why: str = "",
) -> Change:
    """A change of this resource, with what every change says."""
    permissions = tuple(dict.fromkeys(p for verb in _VERBS[action] for p in resource.permissions.get(verb, ())))
    return Change(
        address=resource.address,
        action=action,
        before=before,
        after=after,
        needs=resource.needs,
        adopted=adopted,
        why=why or resource.why,
        cli=resource.cli(action),
        permissions=permissions,
        risks=risks,
    )


def _compare(
    resource: Resource[Any], found: Seen, outputs: Mapping[str, Mapping[str, str]], stack: str, consent: Consent
) -> Change:
    after = attributes(resolve(resource.desired, outputs))
    if isinstance(found, Unreadable):
        return change_for(resource, Action.UNKNOWN, None, after, why=str(found))
    if found is None:
        return _absent(resource, after)
    return _present(resource, found, after, stack, consent)


def _doubtful(resource: Resource[Any], change: Change, unreadable: frozenset[str]) -> Change:
    """A change that rests on something unreadable is not known either: a "~" or "±" would be a guess."""
    hidden = sorted({ref.address for value in (change.after or {}).values() for ref in refs(value)} & unreadable)
    if not hidden or change.before is None:
        return change
    return change_for(
        resource, Action.UNKNOWN, None, change.after, why=f"It depends on {', '.join(hidden)}: unreadable."
    )


def _absent(resource: Resource[Any], after: Json) -> Change:
    risks = resource.risks(None)
    if resource.tenure == "external":
        sentences = " ".join(risk.sentence for risk in risks) or f"{resource.address} does not exist."
        raise TargetError(sentences, "ekswiz uses it and does not create it.")
    return change_for(resource, Action.CREATE, None, after, risks)


def _present(resource: Resource[Any], live: Live[Any], after: Json, stack: str, consent: Consent) -> Change:
    before = attributes(live.attributes)
    ours = live.owner == stack
    if resource.tenure in ("external", "kept"):
        return change_for(resource, Action.KEEP, before, before, resource.risks(live), adopted=not ours)
    if resource.tenure == "offered" and not consent.adopt:
        return change_for(resource, Action.KEEP, before, before, resource.risks(live))
    action = _action(resource, before, after)
    risks = resource.risks(live)
    if not ours and resource.tenure == "owned":
        risks = (*risks, *_foreign(resource, live, action, consent))
    return change_for(resource, action, before, after, risks, adopted=not ours)


def _action(resource: Resource[Any], before: Json, after: Json) -> Action:
    changed = differing(before, after)
    if changed & resource.replaces:
        return Action.REPLACE
    return Action.UPDATE if changed else Action.KEEP


def _foreign(resource: Resource[Any], live: Live[Any], action: Action, consent: Consent) -> tuple[Risk, ...]:
    whose = f"belongs to stack {live.owner!r}" if live.owner else "was not made by ekswiz"
    if not consent.covers(resource.address):
        return (Risk(FOREIGN, f"{resource.address} exists already and {whose}. Nothing is changed without --adopt."),)
    if action is Action.KEEP:
        return ()
    return (Risk(ADOPTS, f"{resource.address} {whose} and is changed in place; destroy will leave it."),)
