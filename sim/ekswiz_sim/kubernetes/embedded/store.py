"""The store: every Kubernetes object, its resource version, and the stream of what changed.

Objects are plain dicts and are never mutated once they are in: a writer puts a new one. All of it runs on one loop,
so there are no locks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Obj = dict[str, Any]
"""A Kubernetes object: JSON values only."""

HISTORY = 5000
"""Changes kept for watches that resume; older resource versions answer 410."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource type as the API knows it, e.g. `Kind("apps", "v1", "deployments", "Deployment")`."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def group_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """`deployments.apps`, or `pods`: how error messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


@dataclass(frozen=True, slots=True)
class StoreEvent:
    """One change, in the order of `version`."""

    version: int
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    kind: Kind
    object: Obj


class Gone(Exception):
    """A resource version is older than the history."""


class Store:
    """All objects of one cluster."""

    def __init__(self) -> None:
        self.version = 1
        self._objects: dict[Kind, dict[tuple[str, str], Obj]] = {}
        self._history: deque[StoreEvent] = deque(maxlen=HISTORY)
        self._subscribers: set[asyncio.Queue[StoreEvent]] = set()

    def get(self, kind: Kind, namespace: str | None, name: str) -> Obj | None:
        """The object, or None. `namespace` is ignored for cluster-scoped kinds."""
        return self._objects.get(kind, {}).get(self._key(kind, namespace, name))

    def all(self, kind: Kind, namespace: str | None = None) -> list[Obj]:
        """All objects of a kind (in a namespace), by namespace and name."""
        objects = self._objects.get(kind, {})
        return [objects[key] for key in sorted(objects) if namespace is None or key[0] == namespace]

    def put(self, kind: Kind, obj: Obj) -> Obj:
        """Create or replace; sets `metadata.resourceVersion`. An unchanged object is returned as it is, no event."""
        meta = obj["metadata"]
        key = self._key(kind, meta.get("namespace"), meta["name"])
        table = self._objects.setdefault(kind, {})
        old = table.get(key)
        if old is not None and _same(old, obj):
            return old
        self.version += 1
        new = {**obj, "metadata": {**meta, "resourceVersion": str(self.version)}}
        table[key] = new
        self._emit(StoreEvent(self.version, "ADDED" if old is None else "MODIFIED", kind, new))
        return new

    def remove(self, kind: Kind, namespace: str | None, name: str) -> Obj | None:
        """Take an object out; None if it was not there."""
        old = self._objects.get(kind, {}).pop(self._key(kind, namespace, name), None)
        if old is None:
            return None
        self.version += 1
        last = {**old, "metadata": {**old["metadata"], "resourceVersion": str(self.version)}}
        self._emit(StoreEvent(self.version, "DELETED", kind, last))
        return last

    def since(self, version: int) -> Iterator[StoreEvent]:
        """Changes after `version`.

        Raises:
            Gone: The history does not reach back that far.
        """
        if self._history and len(self._history) == HISTORY and version < self._history[0].version - 1:
            raise Gone(str(version))
        return (event for event in list(self._history) if event.version > version)

    def subscribe(self) -> asyncio.Queue[StoreEvent]:
        """A queue of all changes from now on; give it back with `unsubscribe`."""
        queue: asyncio.Queue[StoreEvent] = asyncio.Queue()
        self._subscribers.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[StoreEvent]) -> None:
        """Stop a subscription."""
        self._subscribers.discard(queue)

    def kinds(self) -> list[Kind]:
        """Kinds that hold or held an object."""
        return list(self._objects)

    def _emit(self, event: StoreEvent) -> None:
        self._history.append(event)
        for queue in self._subscribers:
            queue.put_nowait(event)

    @staticmethod
    def _key(kind: Kind, namespace: str | None, name: str) -> tuple[str, str]:
        return ((namespace or "") if kind.namespaced else "", name)


def _same(old: Obj, new: Obj) -> bool:
    def bare(obj: Obj) -> Obj:
        meta = {k: v for k, v in obj["metadata"].items() if k not in ("resourceVersion", "managedFields")}
        # A field's owner is a fact of its own; when it was owned is not.
        owners = [
            {k: v for k, v in entry.items() if k != "time"} for entry in obj["metadata"].get("managedFields") or []
        ]
        return {**obj, "metadata": {**meta, "managedFields": owners}}

    return bare(old) == bare(new)
