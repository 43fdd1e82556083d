"""Strategic merge patch: lists merge by the keys of their type, directives (`$patch`, `$retainKeys`...) steer it.

Source: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
"""

from __future__ import annotations

from typing import Any

from ekswiz_sim.kubernetes.embedded.fields import schema
from ekswiz_sim.kubernetes.embedded.fields.schema import Node
from ekswiz_sim.kubernetes.embedded.store import Obj

_ORDER = "$setElementOrder/"
_DELETE = "$deleteFromPrimitiveList/"


class BadPatch(Exception):
    """A patch that cannot be applied; the text says why."""


def patched(live: Obj, patch: Obj, node: Node) -> Obj:
    """`live` with the patch merged in.

    Raises:
        BadPatch: An unknown directive, or an item without its merge key.
    """
    directive = patch.get("$patch")
    if directive == "replace":
        return {name: value for name, value in patch.items() if name != "$patch"}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise BadPatch(f"Unknown patch type found: {directive}")
    new = dict(live)
    if "$retainKeys" in patch:
        kept = _directive(patch, "$retainKeys")
        new = {name: value for name, value in new.items() if name in kept}
    for name, value in patch.items():
        if not name.startswith("$"):
            _merge_field(new, name, value, schema.field(node, name))
        elif name.startswith(_DELETE):
            target, dropped = name.removeprefix(_DELETE), _directive(patch, name)
            new[target] = [one for one in new.get(target) or [] if one not in dropped]
    return _ordered(new, live, patch, node)


def _directive(patch: Obj, name: str) -> list[Any]:
    found = patch[name]
    if not isinstance(found, list):
        raise BadPatch(f"The value of {name} is of the wrong type: it has to be a list")
    return found


def _merge_field(new: Obj, name: str, value: Any, node: Node) -> None:
    if value is None:
        new.pop(name, None)
    elif isinstance(value, dict) and "replace" not in _strategies(node):
        old = new.get(name)
        new[name] = patched(old if isinstance(old, dict) else {}, value, node)
    elif isinstance(value, list):
        new[name] = _list(new.get(name) or [], value, node)
    else:
        new[name] = value


def _strategies(node: Node) -> list[str]:
    return str(schema.resolve(node).get("x-kubernetes-patch-strategy", "")).split(",")


def _is_replace(item: Any) -> bool:
    return isinstance(item, dict) and item.get("$patch") == "replace" and len(item) == 1


def _list(live: list[Any], patch: list[Any], node: Node) -> list[Any]:
    if any(_is_replace(item) for item in patch):
        return [item for item in patch if not _is_replace(item)]
    if "merge" not in _strategies(node):
        return patch
    key = schema.resolve(node).get("x-kubernetes-patch-merge-key")
    if key is None:
        return [*live, *(item for item in patch if item not in live)]
    new = list(live)
    for item in patch:
        new = _item(new, item, str(key), schema.item(node))
    return _interleaved(new, patch, live, str(key))


def _item(live: list[Any], item: Any, key: str, node: Node) -> list[Any]:
    if not isinstance(item, dict) or key not in item:
        raise BadPatch(f"map: {item} does not contain declared merge key: {key}")
    if item.get("$patch") == "delete":
        return [one for one in live if one.get(key) != item[key]]
    for index, one in enumerate(live):
        if one.get(key) == item[key]:
            return [*live[:index], patched(one, item, node), *live[index + 1 :]]
    return [*live, patched({}, item, node)]


def _ordered(new: Obj, live: Obj, patch: Obj, node: Node) -> Obj:
    for name in [one for one in patch if one.startswith(_ORDER)]:
        target, order = name.removeprefix(_ORDER), _directive(patch, name)
        if isinstance(new.get(target), list):
            key = schema.resolve(schema.field(node, target)).get("x-kubernetes-patch-merge-key")
            new[target] = _interleaved(new[target], order, live.get(target) or [], key)
    return new


def _interleaved(items: list[Any], order: list[Any], live: list[Any], key: str | None) -> list[Any]:
    """Items named by the patch in the patch's order, the server's own between them where the live list has them.

    An item that is new to the live list comes before the server's own: the live order says nothing about it.
    """
    wanted, before = _names(order, key), _names(live, key)
    first = sorted((one for one in items if _name(one, key) in wanted), key=lambda one: wanted.index(_name(one, key)))
    others = [one for one in items if _name(one, key) not in wanted]
    new: list[Any] = []
    for one in first:
        name = _name(one, key)
        while others and _precedes(_name(others[0], key), name, before):
            new.append(others.pop(0))
        new.append(one)
    return [*new, *others]


def _precedes(one: Any, other: Any, order: list[Any]) -> bool:
    return one in order and other in order and order.index(one) < order.index(other)


def _names(items: list[Any], key: str | None) -> list[Any]:
    return [_name(one, key) for one in items]


def _name(item: Any, key: str | None) -> Any:
    return item.get(key) if key and isinstance(item, dict) else item
