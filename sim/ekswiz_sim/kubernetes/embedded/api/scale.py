"""The scale subresource of workloads: autoscaling/v1 Scale, made from the object and written back to it."""

from __future__ import annotations

from ekswiz_sim.kubernetes.embedded.api.cells import selector
from ekswiz_sim.kubernetes.embedded.store import Obj

_META = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def of(obj: Obj) -> Obj:
    """The Scale of a Deployment or ReplicaSet."""
    meta = obj["metadata"]
    status: Obj = {"replicas": (obj.get("status") or {}).get("replicas", 0)}
    chosen = selector(obj["spec"].get("selector"))
    if chosen != "<none>":
        status["selector"] = chosen
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: meta[name] for name in _META if name in meta},
        "spec": {"replicas": obj["spec"].get("replicas", 1)},
        "status": status,
    }


def onto(obj: Obj, scale: Obj) -> Obj:
    """The object with the Scale's number of replicas."""
    return {**obj, "spec": {**obj["spec"], "replicas": (scale.get("spec") or {}).get("replicas", 0)}}
