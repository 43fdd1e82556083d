"""`as=Table`: the columns that `kubectl get` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ekswiz_sim.kubernetes.embedded.api import cells
from ekswiz_sim.kubernetes.embedded.api.cells import age
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj

Row = Callable[[Obj], list[Any]]

# A column's name starts with * when only `-o wide` shows it.
_COLUMNS: dict[str, tuple[str, Row]] = {
    "Pod": ("Ready Status Restarts Age *IP *Node *Nominated_Node *Readiness_Gates", cells.pod),
    "Deployment": ("Ready Up-to-date Available Age *Containers *Images *Selector", cells.deployment),
    "ReplicaSet": ("Desired Current Ready Age *Containers *Images *Selector", cells.replica_set),
    "Service": ("Type Cluster-IP External-IP Port(s) Age *Selector", cells.service),
    "Namespace": ("Status Age", lambda o: [o.get("status", {}).get("phase", ""), age(o)]),
    "Node": ("Status Roles Age Version", cells.node),
    "Endpoints": ("Endpoints Age", cells.endpoints),
    "EndpointSlice": ("AddressType Ports Endpoints Age", cells.endpoint_slice),
    "ConfigMap": ("Data Age", lambda o: [len(o.get("data") or {}) + len(o.get("binaryData") or {}), age(o)]),
    "Secret": ("Type Data Age", lambda o: [o.get("type", ""), len(o.get("data") or {}), age(o)]),
    "ServiceAccount": ("Secrets Age", lambda o: [len(o.get("secrets") or []), age(o)]),
    "Event": ("Last_Seen Type Reason Object Message *Subobject *Source *First_Seen *Count *Name", cells.event),
    "Role": ("Created_At", lambda o: [o["metadata"].get("creationTimestamp")]),
    "ClusterRole": ("Created_At", lambda o: [o["metadata"].get("creationTimestamp")]),
    "RoleBinding": ("Role Age *Users *Groups *ServiceAccounts", cells.binding),
    "ClusterRoleBinding": ("Role Age *Users *Groups *ServiceAccounts", cells.binding),
    "HorizontalPodAutoscaler": ("Reference Targets MinPods MaxPods Replicas Age", cells.autoscaler),
    "Ingress": ("Class Hosts Address Ports Age", cells.ingress),
    "NetworkPolicy": ("Pod-Selector Age", lambda o: [cells.selector(o["spec"].get("podSelector")), age(o)]),
    "PodDisruptionBudget": ("Min_Available Max_Unavailable Allowed_Disruptions Age", cells.budget),
    "Lease": ("Holder Age", lambda o: [o.get("spec", {}).get("holderIdentity", ""), age(o)]),
}
_NUMBERS = frozenset({"Up-to-date", "Available", "Desired", "Current", "Data", "MinPods", "MaxPods", "Replicas"})


def table(kind: Kind, items: Sequence[Obj], version: str, include: str = "Metadata", more: Obj | None = None) -> Obj:
    """The Table of some objects. `include` is Metadata, Object or None; `more` goes into the list metadata."""
    names, row = _COLUMNS.get(kind.kind, ("Age", lambda o: [age(o)]))
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version, **(more or {})},
        "columnDefinitions": [_column("Name"), *(_column(name) for name in names.split())],
        "rows": [_row(obj, row, include) for obj in items],
    }


def _column(name: str) -> Obj:
    wide = name.startswith("*")
    plain = name.removeprefix("*").replace("_", " ")
    kind = "integer" if plain in _NUMBERS else "string"
    form = "name" if plain == "Name" and not wide else ""
    return {"name": plain, "type": kind, "format": form, "description": plain, "priority": 1 if wide else 0}


def _row(obj: Obj, row: Row, include: str) -> Obj:
    found: Obj = {"cells": [obj["metadata"]["name"], *row(obj)]}
    if include == "Object":
        found["object"] = obj
    elif include != "None":
        found["object"] = partial(obj)
    return found


def partial(obj: Obj) -> Obj:
    """The PartialObjectMetadata of an object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
