"""What moved since the last apply: the world compared with how that run left it, and the answers with both.

The surprising thing: an object can differ from the answers without having moved, because the answers did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ekswiz.engine.journal import Journal
from ekswiz.engine.last_run import LastRun
from ekswiz.engine.order import ordered
from ekswiz.engine.planner import Seen, survey
from ekswiz.engine.values import attributes, differing, resolve
from ekswiz.errors import Unreadable
from ekswiz.plan import Json
from ekswiz.resource import Live, Resource
from ekswiz.saved import moved, shown
from ekswiz.state import Moved, Status
from ekswiz.target import Target

KNOWN_BY_CONTENT = frozenset({"repository_file"})
"""Types whose unique id is a digest of their content: an edit is no replacement."""


def drift(target: Target, desired: Sequence[Resource[Any]], journal: Journal, last: LastRun | None) -> Status:
    """Every object that is not as the last apply left it, or not as the answers want it.

    Raises:
        TargetError: The world could not be read.
    """
    seen = survey(target, desired)
    outputs = {address: found.outputs for address, found in seen.items() if isinstance(found, Live)}
    then = last.applied if last else {}
    found = [
        each
        for resource in ordered(desired)
        if (each := _moved(resource, seen[resource.address], then.get(resource.address), journal, outputs))
    ]
    since = last.ended if last else ""
    return Status(journal.stack, target.account, target.region, since, len(desired), tuple(found))


def _moved(
    resource: Resource[Any],
    found: Seen,
    then: Json | None,
    journal: Journal,
    outputs: Mapping[str, Mapping[str, str]],
) -> Moved | None:
    address = resource.address
    intent = journal.pending().get(address)
    if intent is not None:
        return Moved(address, "in flight", (f"{address}: {intent.action.word} was begun, and no end is recorded",))
    if isinstance(found, Unreadable):
        return Moved(address, "unreadable", (f"{address}: {found.detail}",))
    made = journal.created().get(address)
    if found is None:
        if then is None and made is None:
            return Moved(address, "not applied", (f"{address}: does not exist yet",))
        return Moved(address, "gone", (f"{address}: is gone",))
    lines = tuple(moved(address, then, attributes(found.attributes))) if then is not None else ()
    if made not in (None, found.unique_id) and address.partition(".")[0] not in KNOWN_BY_CONTENT:
        return Moved(address, "replaced", (f"{address}: another object bears its name now", *lines))
    return Moved(address, "changed", lines) if lines else _wanted(resource, found, outputs)


def _wanted(resource: Resource[Any], live: Live[Any], outputs: Mapping[str, Mapping[str, str]]) -> Moved | None:
    """What the answers ask for and no apply has made yet."""
    if resource.tenure in ("external", "kept", "offered"):
        return None
    now, wanted = attributes(live.attributes), attributes(resolve(resource.desired, outputs))
    lines = tuple(
        f"{resource.address}: {name} is {shown(now.get(name))}, the answers ask for {shown(wanted[name])}"
        for name in sorted(differing(now, wanted))
    )
    return Moved(resource.address, "not applied", lines) if lines else None
