"""Deleting, as the API server does it on behalf of a controller."""

from __future__ import annotations

from ekswiz_sim.kubernetes.embedded.controllers.objects import is_deleting, key_of, now, with_metadata
from ekswiz_sim.kubernetes.embedded.kinds import PODS
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store


def delete(store: Store, kind: Kind, obj: Obj) -> None:
    """Begin or complete a deletion: pods on a node get their grace period, finalizers are waited for."""
    if is_deleting(obj):
        if kind != PODS:
            finish(store, kind, obj)
        return
    grace = _grace(obj) if kind == PODS else 0
    if grace or obj["metadata"].get("finalizers"):
        store.put(kind, with_metadata(obj, deletionTimestamp=now(), deletionGracePeriodSeconds=grace))
        return
    store.remove(kind, *key_of(obj))


def finish(store: Store, kind: Kind, obj: Obj) -> bool:
    """Take the object out unless a finalizer still holds it; True if it is gone."""
    if obj["metadata"].get("finalizers"):
        return False
    store.remove(kind, *key_of(obj))
    return True


def drop_finalizer(store: Store, kind: Kind, obj: Obj, name: str) -> None:
    """Remove one finalizer; the last one of an object that is being deleted takes the object with it."""
    left = [one for one in obj["metadata"].get("finalizers") or [] if one != name]
    if left or not is_deleting(obj):
        store.put(kind, with_metadata(obj, finalizers=left))
        return
    store.remove(kind, *key_of(obj))


def _grace(pod: Obj) -> int:
    spec = pod.get("spec") or {}
    finished = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    if not spec.get("nodeName") or finished:
        return 0
    return int(spec.get("terminationGracePeriodSeconds", 30))
