"""Sets of field paths: who owns what, as `metadata.managedFields` writes it (FieldsV1).

A path is a tuple of segments: `f:spec`, `k:{"name":"web"}` for an item of a map-like list, `v:"x"` for an item of a
set, and `.` for the item itself. Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ekswiz_sim.kubernetes.embedded.fields import schema
from ekswiz_sim.kubernetes.embedded.fields.schema import Node
from ekswiz_sim.kubernetes.embedded.store import Obj

Path = tuple[str, ...]
FieldSet = frozenset[Path]

SELF = "."
MISSING = object()
_NEVER_OWNED = frozenset({"f:apiVersion", "f:kind"})
_SYSTEM_META = frozenset(
    {
        "f:name",
        "f:namespace",
        "f:generateName",
        "f:managedFields",
        "f:resourceVersion",
        "f:uid",
        "f:generation",
        "f:creationTimestamp",
        "f:selfLink",
        "f:deletionTimestamp",
        "f:deletionGracePeriodSeconds",
    }
)


def owned(obj: Obj, node: Node) -> FieldSet:
    """All fields of an object that somebody can own; what the system sets is left out."""
    return frozenset(path for path in _walk(obj, node, ()) if not _system(path))


def _system(path: Path) -> bool:
    if path[0] in _NEVER_OWNED:
        return True
    return path[0] == "f:metadata" and len(path) > 1 and path[1] in _SYSTEM_META


def _walk(value: Any, node: Node, base: Path) -> Iterator[Path]:
    if isinstance(value, dict) and not schema.is_atomic_map(node):
        if not value and base:
            yield base
        for name, one in value.items():
            yield from _walk(one, schema.field(node, name), (*base, f"f:{name}"))
    elif isinstance(value, list):
        yield from _walk_list(value, node, base)
    else:
        yield base


def _walk_list(value: list[Any], node: Node, base: Path) -> Iterator[Path]:
    shape = schema.list_shape(node)
    if shape.kind == "atomic":
        yield base
    for one in value if shape.kind == "set" else ():
        yield (*base, "v:" + _text(one))
    for one in value if shape.kind == "map" else ():
        path = (*base, segment(one, node))
        yield (*path, SELF)
        yield from _walk(one, schema.item(node), path)


def segment(item: Obj, node: Node) -> str:
    """The `k:` segment of an item of the map-like list `node`."""
    return "k:" + _text(schema.item_key(item, schema.list_shape(node).keys, schema.item(node)))


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def value_at(value: Any, path: Path, node: Node) -> Any:
    """What stands at a path; `MISSING` where there is nothing."""
    for step in path:
        if step == SELF:
            return True
        value, node = _step(value, step, node)
        if value is MISSING:
            return MISSING
    return value


def _step(value: Any, step: str, node: Node) -> tuple[Any, Node]:
    rest = step[2:]
    if step.startswith("f:"):
        return (value.get(rest, MISSING) if isinstance(value, dict) else MISSING), schema.field(node, rest)
    child = schema.item(node)
    if not isinstance(value, list):
        return MISSING, child
    if step.startswith("k:"):
        return next((one for one in value if segment(one, node) == step), MISSING), child
    return next((one for one in value if "v:" + _text(one) == step), MISSING), child


def without(value: Any, path: Path, node: Node) -> Any:
    """A copy of `value` without the field at `path`; emptied parents go too."""
    if value is MISSING or not path:
        return value
    step, rest = path[0], path[1:]
    if step.startswith("f:") and isinstance(value, dict):
        return _without_field(value, step[2:], rest, node)
    if isinstance(value, list):
        return _without_item(value, step, rest, node)
    return value


def _without_field(value: Obj, name: str, rest: Path, node: Node) -> Obj:
    if name not in value:
        return value
    kept = {key: one for key, one in value.items() if key != name}
    if rest:
        child = without(value[name], rest, schema.field(node, name))
        if child not in ({}, []):
            return {**value, name: child}
    return kept


def _without_item(value: list[Any], step: str, rest: Path, node: Node) -> list[Any]:
    if step.startswith("v:"):
        return [one for one in value if "v:" + _text(one) != step]
    kept = []
    for one in value:
        if segment(one, node) != step:
            kept.append(one)
        elif rest != (SELF,):
            kept.append(without(one, rest, schema.item(node)))
    return kept


def to_fields_v1(paths: Iterable[Path]) -> Obj:
    """The nested form of the wire."""
    root: Obj = {}
    for path in sorted(paths):
        at = root
        for step in path:
            at = at.setdefault(step, {})
    return root


def from_fields_v1(fields: Obj, base: Path = ()) -> FieldSet:
    """The set of a FieldsV1 document."""
    found: set[Path] = set()
    for step, below in fields.items():
        path = (*base, step)
        found |= from_fields_v1(below, path) if below else {path}
    return frozenset(found)


def dotted(path: Path) -> str:
    """How error messages write a path: `.spec.containers[name="web"].image`."""
    return "".join(_dotted(step) for step in path if step != SELF)


def _dotted(step: str) -> str:
    rest = step[2:]
    if step.startswith("f:"):
        return f".{rest}"
    if step.startswith("v:"):
        return f"[={rest}]"
    return "[" + ",".join(f"{key}={_text(value)}" for key, value in json.loads(rest).items()) + "]"
