"""Field management: `metadata.managedFields`, and the conflicts that server-side apply reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, Cause
from ekswiz_sim.kubernetes.embedded.fields import fieldsets
from ekswiz_sim.kubernetes.embedded.fields.fieldsets import FieldSet, Path
from ekswiz_sim.kubernetes.embedded.fields.schema import Node
from ekswiz_sim.kubernetes.embedded.store import Obj


@dataclass(frozen=True, slots=True)
class Manager:
    """Who writes: a name, how (`Apply` or `Update`), and through which subresource."""

    name: str
    operation: str
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Owned:
    """What one manager owns, in which version of the API, since when."""

    manager: Manager
    fields: FieldSet
    version: str
    time: str


def now() -> str:
    """This second, as the API writes times."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(obj: Obj | None) -> list[Owned]:
    """The owners of an object's fields."""
    entries = ((obj or {}).get("metadata") or {}).get("managedFields") or []
    return [
        Owned(
            Manager(entry.get("manager", ""), entry.get("operation", "Update"), entry.get("subresource", "")),
            fieldsets.from_fields_v1(entry.get("fieldsV1") or {}),
            entry.get("apiVersion", ""),
            entry.get("time", ""),
        )
        for entry in entries
    ]


def write(obj: Obj, owners: Sequence[Owned]) -> Obj:
    """The object with these owners; owners of nothing are left out, appliers come first."""
    kept = sorted((one for one in owners if one.fields), key=lambda one: (one.manager.operation != "Apply", one.time))
    meta = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    if kept:
        meta["managedFields"] = [_entry(one) for one in kept]
    return {**obj, "metadata": meta}


def _entry(one: Owned) -> Obj:
    entry: Obj = {"manager": one.manager.name, "operation": one.manager.operation, "apiVersion": one.version}
    if one.time:
        entry["time"] = one.time
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": fieldsets.to_fields_v1(one.fields)}
    if one.manager.subresource:
        entry["subresource"] = one.manager.subresource
    return entry


def updated(old: Obj | None, new: Obj, node: Node, manager: Manager) -> Obj:
    """`new` after a write that is no apply: fields that changed now belong to `manager`."""
    before = fieldsets.owned(old, node) if old else frozenset()
    after = fieldsets.owned(new, node)
    in_status = manager.subresource == "status"
    changed = frozenset(
        path
        for path in after
        if (path[0] == "f:status") == in_status
        and (path not in before or fieldsets.value_at(old, path, node) != fieldsets.value_at(new, path, node))
    )
    owners: list[Owned] = []
    mine: FieldSet = frozenset()
    since = ""
    for one in read(old):
        if one.manager == manager:
            mine, since = one.fields, one.time
            continue
        owners.append(Owned(one.manager, (one.fields & _with_parents(after)) - changed, one.version, one.time))
    fields = (mine & _with_parents(after)) | changed
    if fields != mine or not since:
        since = now()
    return write(new, [*owners, Owned(manager, fields, new["apiVersion"], since)])


def _with_parents(fields: FieldSet) -> FieldSet:
    parents = {path[:length] for path in fields for length in range(1, len(path))}
    return fields | parents


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that somebody else owns with another value."""

    owner: Owned
    path: Path


def clashes(live: Obj, applied: Obj, node: Node, manager: Manager) -> list[Clash]:
    """Fields of `applied` that others own and that would get another value."""
    mine = fieldsets.owned(applied, node)
    return [
        Clash(one, path)
        for one in read(live)
        if one.manager != manager
        for path in sorted(one.fields & mine)
        if path[-1] != fieldsets.SELF
        and fieldsets.value_at(live, path, node) != fieldsets.value_at(applied, path, node)
    ]


def conflict_error(found: Sequence[Clash]) -> ApiError:
    """409 in Kubernetes' words: one conflict on a line, several as a list per manager."""
    causes = [
        Cause(fieldsets.dotted(one.path), "FieldManagerConflict", f"conflict with {_manager(one.owner)}")
        for one in found
    ]
    if len(causes) == 1:
        text = f"Apply failed with 1 conflict: {causes[0].message}: {causes[0].field}"
    else:
        text = f"Apply failed with {len(causes)} conflicts: " + "\n".join(_listed(found))
    return ApiError(409, "Conflict", text, {"causes": [cause.as_json() for cause in causes]})


def _listed(found: Sequence[Clash]) -> list[str]:
    by_manager: dict[str, list[str]] = {}
    for one in found:
        by_manager.setdefault(_manager(one.owner), []).append(fieldsets.dotted(one.path))
    lines: list[str] = []
    for manager in sorted(by_manager):
        lines += [f"conflicts with {manager}:", *(f"- {path}" for path in by_manager[manager])]
    return lines


def _manager(owner: Owned) -> str:
    text = json.dumps(owner.manager.name)
    if owner.manager.subresource:
        text += f" with subresource {json.dumps(owner.manager.subresource)}"
    return text if owner.manager.operation == "Apply" else f"{text} using {owner.version}"
