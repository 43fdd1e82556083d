"""What the system itself writes into objects: names, identities, generations, first statuses."""

from __future__ import annotations

import random
import uuid
from typing import Any

from ekswiz_sim.kubernetes.embedded.fields.managed import now
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_PREFIX_MAX = 58
_WITH_GENERATION = frozenset(
    {
        "Deployment",
        "EndpointSlice",
        "HorizontalPodAutoscaler",
        "Ingress",
        "NetworkPolicy",
        "Pod",
        "PodDisruptionBudget",
        "ReplicaSet",
    }
)
_SYSTEM = ("uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")


def generated_name(prefix: str) -> str:
    """A name that begins with `generateName`."""
    return prefix[:_PREFIX_MAX] + "".join(random.choices(_ALPHABET, k=5))  # noqa: S311 - a name, not a secret


def begun(kind: Kind, obj: Obj) -> Obj:
    """A new object with its identity; what a client may not set is dropped."""
    meta = {name: value for name, value in obj["metadata"].items() if name not in (*_SYSTEM, "resourceVersion")}
    meta.pop("managedFields", None)
    if not meta.get("name") and meta.get("generateName"):
        meta["name"] = generated_name(meta["generateName"])
    meta |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}
    if kind.kind in _WITH_GENERATION:
        meta["generation"] = 1
    return {**_without_status(kind, obj), "metadata": meta}


def _without_status(kind: Kind, obj: Obj) -> Obj:
    if "status" not in kind.subresources:
        return obj
    new = {name: value for name, value in obj.items() if name != "status"}
    first = _FIRST_STATUS.get(kind.kind)
    if first is not None:
        new["status"] = first
    if kind.kind == "Namespace":
        new["spec"] = {"finalizers": ["kubernetes"]}
    return new


_FIRST_STATUS: dict[str, Obj] = {
    "Deployment": {},
    "HorizontalPodAutoscaler": {"currentMetrics": None, "desiredReplicas": 0},
    "Ingress": {"loadBalancer": {}},
    "Namespace": {"phase": "Active"},
    "Node": {},
    "Pod": {"phase": "Pending"},
    "PodDisruptionBudget": {
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "disruptionsAllowed": 0,
        "expectedPods": 0,
    },
    "ReplicaSet": {"replicas": 0},
    "Service": {"loadBalancer": {}},
}


def continued(kind: Kind, old: Obj, new: Obj, subresource: str) -> Obj:
    """`new` as the next version of `old`: identity kept, and only the part changed that the URL stands for."""
    if subresource == "status":
        new = {**old, "status": new.get("status") or {}}
    elif "status" in kind.subresources:
        new = {name: value for name, value in new.items() if name != "status"}
        if "status" in old:
            new["status"] = old["status"]
    meta: dict[str, Any] = dict(old["metadata"] if subresource == "status" else new["metadata"])
    for name in (*_SYSTEM, "resourceVersion", "managedFields"):
        meta.pop(name, None)
        if name in old["metadata"]:
            meta[name] = old["metadata"][name]
    return {**new, "metadata": meta}


def counted(kind: Kind, old: Obj, new: Obj) -> Obj:
    """`new` with its generation raised if what was asked for changed."""
    if kind.kind not in _WITH_GENERATION or _wanted(old) == _wanted(new):
        return new
    generation = int(old["metadata"].get("generation", 1)) + 1
    return {**new, "metadata": {**new["metadata"], "generation": generation}}


def _wanted(obj: Obj) -> Obj:
    """What was asked for; a Deployment's annotations are part of it."""
    spec = {name: value for name, value in obj.items() if name not in ("metadata", "status")}
    return {**spec, "": obj["metadata"].get("annotations") or {}} if obj["kind"] == "Deployment" else spec
