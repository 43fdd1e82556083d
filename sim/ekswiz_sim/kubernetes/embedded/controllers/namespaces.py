"""Namespace termination: everything in it is deleted, and when the last pod has gone, the namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ekswiz_sim.kubernetes.embedded.controllers.deletion import delete
from ekswiz_sim.kubernetes.embedded.controllers.objects import Key, is_deleting, key_of, now
from ekswiz_sim.kubernetes.embedded.kinds import NAMESPACES
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store, StoreEvent

_FINALIZER = "kubernetes"


class NamespaceController:
    """Reconciles namespaces that are being deleted."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keys(self, event: StoreEvent) -> Iterable[Key]:
        """The namespace itself, or that of an object that changed in one that is being deleted."""
        if event.kind == NAMESPACES:
            return [("", event.object["metadata"]["name"])]
        name = event.object["metadata"].get("namespace")
        return [("", name)] if name and self._terminating(name) else []

    def reconcile(self, key: Key) -> float | None:
        """Delete what is left; remove the namespace once nothing is."""
        namespace = self._terminating(key[1])
        if namespace is None:
            return None
        for kind, obj in self._contents(key[1]):
            delete(self._store, kind, obj)
        left = list(self._contents(key[1]))
        if not left and self._is_released(namespace):
            self._store.remove(NAMESPACES, None, key[1])
        elif left:
            self._store.put(NAMESPACES, {**namespace, "status": _status(namespace, left)})
        return None

    def _terminating(self, name: str) -> Obj | None:
        found = self._store.get(NAMESPACES, None, name)
        return found if found is not None and is_deleting(found) else None

    def _contents(self, name: str) -> Iterator[tuple[Kind, Obj]]:
        for kind in self._store.kinds():
            if kind.namespaced:
                for obj in self._store.all(kind, name):
                    if self._store.get(kind, *key_of(obj)) is not None:
                        yield kind, obj

    @staticmethod
    def _is_released(namespace: Obj) -> bool:
        own = (namespace.get("spec") or {}).get("finalizers") or []
        return not namespace["metadata"].get("finalizers") and set(own) <= {_FINALIZER}


def _status(namespace: Obj, left: list[tuple[Kind, Obj]]) -> Obj:
    kinds = sorted({kind.plural for kind, _ in left})
    counted = ", ".join(
        f"{plural}. has {sum(k.plural == plural for k, _ in left)} resource instances" for plural in kinds
    )
    before = (namespace.get("status") or {}).get("conditions") or []
    since = before[0]["lastTransitionTime"] if before else now()
    remaining = {
        "type": "NamespaceContentRemaining",
        "status": "True",
        "reason": "SomeResourcesRemain",
        "message": f"Some resources are remaining: {counted}",
        "lastTransitionTime": since,
    }
    return {"phase": "Terminating", "conditions": [remaining]}
