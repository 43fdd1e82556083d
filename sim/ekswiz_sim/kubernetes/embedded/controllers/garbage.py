"""Garbage collection: what belonged to an owner that is gone goes too, in the background or before its owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ekswiz_sim.kubernetes.embedded.controllers.deletion import delete, drop_finalizer
from ekswiz_sim.kubernetes.embedded.controllers.objects import Key, is_deleting, key_of, uid_of, with_metadata
from ekswiz_sim.kubernetes.embedded.kinds import SERVED
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store, StoreEvent

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
_KINDS = {(kind.group_version, kind.kind): kind for kind in SERVED}
_Owned = tuple[Kind, Obj]


class GarbageCollector:
    """Follows ownerReferences. Its keys are ("", uid) of an owner that went, or of an object that names owners."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keys(self, event: StoreEvent) -> Iterable[Key]:
        """Owners that went or are going, and dependents that came (their owner may be gone already)."""
        obj, references = event.object, event.object["metadata"].get("ownerReferences") or []
        if event.type == "DELETED":
            return [("", uid_of(obj)), *[("", one["uid"]) for one in references]]
        if is_deleting(obj):
            return [("", uid_of(obj))]
        return [("", one["uid"]) for one in references] if event.type == "ADDED" else []

    def reconcile(self, key: Key) -> float | None:
        """Settle the dependents of one owner."""
        uid = key[1]
        dependents = list(self._dependents(uid))
        owner = self._by_uid(uid)
        if owner is None:
            for kind, obj in dependents:
                self._collect(kind, obj)
        elif is_deleting(owner[1]):
            self._going(owner, uid, dependents)
        return None

    def _going(self, owner: _Owned, uid: str, dependents: list[_Owned]) -> None:
        kind, obj = owner
        finalizers = obj["metadata"].get("finalizers") or []
        if ORPHAN in finalizers:
            for each, dependent in dependents:
                self._store.put(each, _without(dependent, {uid}))
            drop_finalizer(self._store, kind, obj, ORPHAN)
        elif FOREGROUND in finalizers:
            for each, dependent in dependents:
                delete(self._store, each, dependent)
            if not any(True for _ in self._dependents(uid)):
                drop_finalizer(self._store, kind, obj, FOREGROUND)

    def _collect(self, kind: Kind, obj: Obj) -> None:
        gone = {one["uid"] for one in obj["metadata"]["ownerReferences"] if self._is_gone(obj, one)}
        if len(gone) == len(obj["metadata"]["ownerReferences"]):
            delete(self._store, kind, obj)
        elif gone:
            self._store.put(kind, _without(obj, gone))

    def _is_gone(self, dependent: Obj, reference: Obj) -> bool:
        """True if the owner surely does not exist; an owner of a kind that is not served may."""
        kind = _KINDS.get((reference["apiVersion"], reference["kind"]))
        if kind is None:
            return False
        owner = self._store.get(kind, key_of(dependent)[0], reference["name"])
        return owner is None or uid_of(owner) != reference["uid"]

    def _dependents(self, uid: str) -> Iterator[_Owned]:
        for kind in self._store.kinds():
            for obj in self._store.all(kind):
                if any(one["uid"] == uid for one in obj["metadata"].get("ownerReferences") or []):
                    yield kind, obj

    def _by_uid(self, uid: str) -> _Owned | None:
        for kind in self._store.kinds():
            for obj in self._store.all(kind):
                if uid_of(obj) == uid:
                    return kind, obj
        return None


def _without(obj: Obj, uids: set[str]) -> Obj:
    left = [one for one in obj["metadata"]["ownerReferences"] if one["uid"] not in uids]
    return with_metadata(obj, ownerReferences=left)
