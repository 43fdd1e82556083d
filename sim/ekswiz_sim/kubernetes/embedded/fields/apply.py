"""Server-side apply: merge what a manager declares into the live object, and remember that it declared it."""

from __future__ import annotations

from typing import Any

from ekswiz_sim.kubernetes.embedded.fields import fieldsets, last_applied, managed, schema
from ekswiz_sim.kubernetes.embedded.fields.fieldsets import FieldSet
from ekswiz_sim.kubernetes.embedded.fields.managed import Manager, Owned
from ekswiz_sim.kubernetes.embedded.fields.schema import Node
from ekswiz_sim.kubernetes.embedded.store import Obj


def applied(live: Obj | None, declared: Obj, node: Node, manager: Manager, *, force: bool) -> Obj:
    """The object after `manager` applied `declared`; managedFields included, defaults not.

    Fields that the manager declared before and no longer does are removed, unless somebody else owns them too.

    Raises:
        ApiError: 409 with every conflicting field, unless `force`.
    """
    mine = fieldsets.owned(declared, node)
    entry = Owned(manager, mine, declared["apiVersion"], managed.now())
    if live is None:
        return managed.write(declared, [entry])
    found = managed.clashes(live, declared, node, manager)
    refused = last_applied.real(found, live, node, manager.name)
    if refused and not force:
        raise managed.conflict_error(refused)
    taken = frozenset(clash.path for clash in found)
    owners = managed.read(live)
    others = [Owned(one.manager, one.fields - taken, one.version, one.time) for one in owners if one.manager != manager]
    before = next((one for one in owners if one.manager == manager), None)
    new = last_applied.followed(live, merged(live, declared, node), declared, manager.name)
    if before is not None:
        new = _pruned(new, before.fields - mine, others, node)
        if before.fields == mine:
            entry = Owned(manager, mine, entry.version, before.time)
    return managed.write(new, [*others, entry])


def _pruned(obj: Obj, dropped: FieldSet, others: list[Owned], node: Node) -> Obj:
    kept = frozenset().union(*(one.fields for one in others))
    # Whole items first: with its key field gone an item could not be found again.
    for path in sorted(dropped - kept, key=lambda one: (one[-1] != fieldsets.SELF, -len(one))):
        if path[-1] == fieldsets.SELF and any(one[: len(path) - 1] == path[:-1] for one in kept):
            continue
        obj = fieldsets.without(obj, path, node)
    return obj


def merged(live: Any, declared: Any, node: Node) -> Any:
    """`declared` merged into `live`: maps by field, map-like lists by key, sets by value, all else replaced."""
    if isinstance(live, dict) and isinstance(declared, dict) and not schema.is_atomic_map(node):
        new = dict(live)
        for name, value in declared.items():
            new[name] = merged(live.get(name), value, schema.field(node, name))
        return new
    if isinstance(live, list) and isinstance(declared, list):
        return _merged_list(live, declared, node)
    return declared


def _merged_list(live: list[Any], declared: list[Any], node: Node) -> list[Any]:
    shape = schema.list_shape(node)
    if shape.kind == "set":
        return [*live, *(one for one in declared if one not in live)]
    if shape.kind == "atomic":
        return declared
    wanted = {fieldsets.segment(one, node): one for one in declared}
    new = []
    for one in live:
        other = wanted.pop(fieldsets.segment(one, node), None)
        new.append(one if other is None else merged(one, other, schema.item(node)))
    return [*new, *wanted.values()]
