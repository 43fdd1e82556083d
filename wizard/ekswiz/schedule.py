"""What has to be done before a change may start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ekswiz.plan import Action, Change

_UNTOUCHED = (Action.KEEP, Action.UNKNOWN)


def blockers(changes: Sequence[Change]) -> Mapping[str, frozenset[str]]:
    """For every change, the addresses to finish first.

    A deletion waits for every other kind of change, and for the deletion of what needs its object. Anything else waits
    for what it needs.
    """
    addresses = {change.address for change in changes}
    deletes = [change for change in changes if change.action is Action.DELETE]
    others = frozenset(c.address for c in changes if c.action is not Action.DELETE and c.action not in _UNTOUCHED)
    found = {c.address: frozenset(c.needs) & addresses for c in changes}
    for change in deletes:
        found[change.address] = others | {d.address for d in deletes if change.address in d.needs}
    return found
