"""The structure of every served type: what fields there are, which lists are maps, which keys merge.

The file behind it is loaded on first use (about 0.1 MB of JSON). A node is a JSON Schema fragment; a node with `$ref`
points at a named type. Unknown fields have the empty node.
"""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

Node = dict[str, Any]

_EMPTY: Node = {}


@dataclass(frozen=True, slots=True)
class ListShape:
    """How a list merges: as a map by `keys`, as a set, or replaced as a whole."""

    kind: Literal["map", "set", "atomic"]
    keys: tuple[str, ...] = ()


def load(name: str) -> Any:
    """One of the data files of this package, parsed; not kept."""
    raw = files("ekswiz_sim.kubernetes.embedded").joinpath("data", name).read_bytes()
    return json.loads(gzip.decompress(raw))


@functools.cache
def _document() -> dict[str, dict[str, Any]]:
    document: dict[str, dict[str, Any]] = load("schemas.json.gz")
    return document


def types() -> Mapping[str, Node]:
    """All named types, e.g. `io.k8s.api.core.v1.PodSpec`."""
    return _document()["types"]


def kinds() -> Mapping[str, str]:
    """Type names by `GROUP/VERSION/KIND` (`VERSION/KIND` in the core group)."""
    return _document()["kinds"]


def type_name(group_version: str, kind: str) -> str | None:
    """The name of a kind's type; None for a kind that is not served."""
    return kinds().get(f"{group_version}/{kind}")


def type_of(group_version: str, kind: str) -> Node:
    """The node of a kind.

    Raises:
        KeyError: The kind is not served.
    """
    node: Node = types()[kinds()[f"{group_version}/{kind}"]]
    return node


def resolve(node: Node) -> Node:
    """The node with its reference followed; what stands beside the reference wins."""
    reference = node.get("$ref")
    if reference is None:
        return node
    target = types()[reference]
    if len(node) == 1:
        return target
    return {**target, **{name: value for name, value in node.items() if name != "$ref"}}


def field(node: Node, name: str) -> Node:
    """The node of a field, or of a map's value."""
    resolved = resolve(node)
    found = (resolved.get("properties") or _EMPTY).get(name)
    if found is None:
        found = resolved.get("additionalProperties") or _EMPTY
    return found if isinstance(found, dict) else _EMPTY


def item(node: Node) -> Node:
    """The node of a list's items."""
    found: Node = resolve(node).get("items") or _EMPTY
    return found


def list_shape(node: Node) -> ListShape:
    """How a list merges in server-side apply."""
    resolved = resolve(node)
    kind = resolved.get("x-kubernetes-list-type")
    if kind == "map":
        return ListShape("map", tuple(sorted(resolved.get("x-kubernetes-list-map-keys") or ())))
    return ListShape("set") if kind == "set" else ListShape("atomic")


def is_atomic_map(node: Node) -> bool:
    """Whether a map is replaced as a whole (selectors, resource references)."""
    return resolve(node).get("x-kubernetes-map-type") == "atomic"


def is_free(node: Node) -> bool:
    """Whether nothing is known about what stands here (raw JSON)."""
    resolved = resolve(node)
    return not any(name in resolved for name in ("properties", "additionalProperties", "items", "type", "oneOf"))


def item_key(value: Mapping[str, Any], keys: Sequence[str], node: Node) -> dict[str, Any]:
    """The keys of one item of a map-like list; a key that is absent has its default."""
    found = {key: value.get(key, resolve(field(node, key)).get("default")) for key in sorted(keys)}
    return {key: one for key, one in found.items() if one is not None}
