"""Events, as `kubectl describe` shows them: a repeated one is counted, not written again."""

from __future__ import annotations

import time

from ekswiz_sim.kubernetes.embedded.controllers.objects import is_deleting, key_of, new_object, now, uid_of
from ekswiz_sim.kubernetes.embedded.kinds import EVENTS, NAMESPACES
from ekswiz_sim.kubernetes.embedded.store import Obj, Store

_Identity = tuple[str, ...]


class Recorder:
    """Writes Event objects next to the objects that they are about."""

    def __init__(self, store: Store, host: str) -> None:
        self._store = store
        self._host = host
        self._known: dict[_Identity, tuple[str, str]] = {}

    def normal(self, about: Obj, component: str, reason: str, message: str, field_path: str = "") -> None:
        """Something happened as it should."""
        self._record(about, component, field_path, type="Normal", reason=reason, message=message)

    def warning(self, about: Obj, component: str, reason: str, message: str, field_path: str = "") -> None:
        """Something is wrong."""
        self._record(about, component, field_path, type="Warning", reason=reason, message=message)

    def _record(self, about: Obj, component: str, field_path: str, **said: str) -> None:
        namespace = self._store.get(NAMESPACES, None, key_of(about)[0])
        if namespace is not None and is_deleting(namespace):
            return
        identity = (uid_of(about), component, field_path, *said.values())
        at = self._known.get(identity)
        known = self._store.get(EVENTS, *at) if at else None
        if known is not None:
            self._store.put(EVENTS, {**known, "count": known["count"] + 1, "lastTimestamp": now()})
            return
        event = self._event(about, component, field_path) | said
        self._known[identity] = key_of(self._store.put(EVENTS, event))

    def _event(self, about: Obj, component: str, field_path: str) -> Obj:
        namespace, name = key_of(about)
        involved: Obj = {
            "kind": about["kind"],
            "apiVersion": about["apiVersion"],
            "namespace": namespace,
            "name": name,
            "uid": uid_of(about),
            "resourceVersion": about["metadata"].get("resourceVersion", ""),
            "fieldPath": field_path,
        }
        source = {"component": component, "host": self._host if component == "kubelet" else ""}
        stamp = now()
        return new_object(EVENTS, namespace or "default", f"{name}.{time.time_ns():016x}") | {
            "involvedObject": {key: value for key, value in involved.items() if value},
            "source": {key: value for key, value in source.items() if value},
            "firstTimestamp": stamp,
            "lastTimestamp": stamp,
            "count": 1,
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": source["host"],
        }
