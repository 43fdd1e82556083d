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
    # What could not be read may still be there, and still need what is to be deleted.
    users = [change for change in changes if change.action in (Action.DELETE, Action.UNKNOWN)]
    others = frozenset(c.address for c in changes if c.action is not Action.DELETE and c.action not in _UNTOUCHED)
    found = {c.address: frozenset(c.needs) & addresses for c in changes}
    for change in deletes:
        found[change.address] = others | {user.address for user in users if change.address in user.needs}
    return found
