"""What a destroy would remove: only what this stack created and what still bears its tag and its identity.

AWS is the state: without a journal the tags alone tell what is ours, and the plan says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from ekswiz.engine.journal import Journal
from ekswiz.engine.order import ordered
from ekswiz.engine.patience import NEVER, patiently
from ekswiz.engine.planner import Seen, change_for, sealed, survey
from ekswiz.engine.values import attributes
from ekswiz.errors import Unreadable
from ekswiz.plan import Action, Change, Plan, Risk, encode
from ekswiz.resource import Live, Resource
from ekswiz.target import Target

LONGEST = 60
"""Characters of a value that are shown."""
TAG_ONLY = "tag-only"
"""Id of the risk that only a tag, and no journal, says that an object is ours."""


def destroy_plan(target: Target, desired: Sequence[Resource[Any]], journal: Journal, workers: int = 16) -> Plan:
    """Deletions in the order in which they are made, and what is kept with the reason.

    Raises:
        TargetError: The world could not be read.
    """
    seen = survey(target, desired, workers)
    backwards = reversed(ordered(desired))
    held: dict[str, str] = {}
    changes = [change for r in backwards for change in _farewell(r, seen[r.address], target, journal, held)]
    return sealed(target, journal.stack, changes)


def _farewell(
    resource: Resource[Any], found: Seen, target: Target, journal: Journal, held: dict[str, str]
) -> list[Change]:
    """The change for one object; none where there is nothing. `held` is what something kept cannot do without."""
    if found is None:
        return []
    if isinstance(found, Unreadable):
        return [change_for(resource, Action.UNKNOWN, None, None, why=str(found))]
    if resource.tenure == "offered" and resource.address not in journal.adopted():
        return []
    reason = _not_ours(resource, found, journal)
    if reason:
        return [_kept(resource, found, reason, adopted=True)]
    farewell = patiently(partial(resource.farewell, target, found), target.clock, NEVER, lambda _: None)
    holder = held.get(resource.address, "")
    if (farewell.keep and farewell.holds) or holder:
        held.update(dict.fromkeys(resource.needs, resource.address if farewell.keep else holder))
    if holder and not farewell.keep:
        return [_kept(resource, found, f"Kept: {holder} needs it, and stays.", adopted=False)]
    if farewell.keep:
        return [_kept(resource, found, farewell.keep, adopted=False)]
    risks = (*farewell.risks, *_doubts(resource, journal))
    return [change_for(resource, Action.DELETE, attributes(found.attributes), None, risks)]


def _kept(resource: Resource[Any], live: Live[Any], reason: str, *, adopted: bool) -> Change:
    before = attributes(live.attributes)
    return change_for(resource, Action.KEEP, before, before, adopted=adopted, why=reason)


def _not_ours(resource: Resource[Any], live: Live[Any], journal: Journal) -> str:
    """Why an object is not ours to delete; empty if it is ours."""
    address = resource.address
    if resource.tenure == "external":
        return "Kept: it existed before ekswiz."
    if address in journal.adopted() and address not in journal.created():
        return f"Kept: it existed before ekswiz, which adopted it{_alterations(resource, live, journal)}."
    if live.owner != journal.stack:
        return f"Kept: {f'it belongs to stack {live.owner!r}' if live.owner else 'nothing on it says that it is ours'}."
    made = journal.created().get(address)
    if made is None and resource.tenure == "kept" and not _remaking(address, journal):
        return "Kept: no journal says that ekswiz created it."
    if made is not None and made != live.unique_id and not _remaking(address, journal):
        return "Kept: it is not the object that ekswiz created, but a later one of the same name."
    return ""


def _alterations(resource: Resource[Any], live: Live[Any], journal: Journal) -> str:
    """What is not as it was before ekswiz changed it, as the end of a sentence."""
    before = journal.originals().get(resource.address, {})
    now = encode(attributes(live.attributes))
    changed = [name for name in sorted(before) if encode(before[name]) != now.get(name)]
    if not changed:
        return ""
    said = [f"{name} was {_shown(before[name])} and is {_shown(now.get(name))}" for name in changed]
    return f" and changed it: {'; '.join(said)}"


def _shown(value: Any) -> str:
    text = json.dumps(encode(value), ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _remaking(address: str, journal: Journal) -> bool:
    """Whether a run died while it made this object anew, so that its identity is not recorded yet."""
    intent = journal.pending().get(address)
    return intent is not None and intent.action in (Action.CREATE, Action.REPLACE, Action.UPDATE)


def _doubts(resource: Resource[Any], journal: Journal) -> tuple[Risk, ...]:
    if resource.address in journal.created() or _remaking(resource.address, journal):
        return ()
    return (Risk(TAG_ONLY, f"No journal says that ekswiz created {resource.address}; its tag alone does."),)
