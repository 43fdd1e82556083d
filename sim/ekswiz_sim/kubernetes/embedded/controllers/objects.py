"""Small questions and small changes to Kubernetes objects, shared by controllers and kubelet.

Objects in the store are never mutated: every `with_…` function returns a new one.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ekswiz_sim.kubernetes.embedded.store import Kind, Obj

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes' letters for generated names: no vowels and no look-alikes, so no words appear by accident."""

Key = tuple[str, str]
"""Namespace ("" for cluster-scoped objects) and name."""


def now() -> str:
    """The time as the API writes it, to the second, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age(stamp: str) -> float:
    """Seconds since a time that `now` wrote."""
    return (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds()


def suffix(length: int = 5) -> str:
    """A random end for a generated name."""
    return "".join(random.choices(_ALPHABET, k=length))  # noqa: S311 - a name, not a secret


def encode_safely(number: int) -> str:
    """A number in the alphabet of generated names, as pod-template-hash is written."""
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(number))


def key_of(obj: Obj) -> Key:
    """The object's namespace and name."""
    return obj["metadata"].get("namespace") or "", obj["metadata"]["name"]


def uid_of(obj: Obj) -> str:
    """The object's uid; "" if it has none."""
    return str(obj["metadata"].get("uid", ""))


def new_object(kind: Kind, namespace: str | None, name: str, **metadata: Any) -> Obj:
    """The beginning of a new object: kind, name, uid and creation time."""
    meta: Obj = {"name": name, "uid": str(uuid.uuid4()), "creationTimestamp": now(), **metadata}
    if kind.namespaced:
        meta["namespace"] = namespace
    return {"apiVersion": kind.group_version, "kind": kind.kind, "metadata": meta}


def with_metadata(obj: Obj, **fields: Any) -> Obj:
    """The object with these metadata fields replaced."""
    return {**obj, "metadata": {**obj["metadata"], **fields}}


def with_spec(obj: Obj, **fields: Any) -> Obj:
    """The object with these spec fields replaced, one generation on."""
    generation = int(obj["metadata"].get("generation", 1)) + 1
    return {**with_metadata(obj, generation=generation), "spec": {**obj["spec"], **fields}}


def with_status(obj: Obj, status: Obj) -> Obj:
    """The object with another status."""
    return {**obj, "status": status}


def owner_reference(owner: Obj) -> Obj:
    """How a dependent names its controlling owner."""
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(obj: Obj) -> Obj | None:
    """The owner reference with `controller: true`, if any."""
    references: list[Obj] = obj["metadata"].get("ownerReferences") or []
    return next((one for one in references if one.get("controller")), None)


def controlled_by(obj: Obj, owner: Obj) -> bool:
    """True if this very owner controls the object."""
    reference = controller_of(obj)
    return reference is not None and reference.get("uid") == uid_of(owner)


def labels_of(obj: Obj) -> Mapping[str, str]:
    """Labels; empty if it has none."""
    labels: Mapping[str, str] = obj["metadata"].get("labels") or {}
    return labels


def annotations_of(obj: Obj) -> Mapping[str, str]:
    """Annotations; empty if it has none."""
    annotations: Mapping[str, str] = obj["metadata"].get("annotations") or {}
    return annotations


def selects(selector: Obj | None, labels: Mapping[str, str]) -> bool:
    """A LabelSelector's answer. None selects nothing, an empty one everything."""
    if selector is None:
        return False
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(one, labels) for one in selector.get("matchExpressions") or [])


def _holds(expression: Obj, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False


def is_deleting(obj: Obj) -> bool:
    """True once deletion was asked for."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def condition(obj: Obj, kind: str) -> Obj | None:
    """A status condition by type."""
    conditions: list[Obj] = (obj.get("status") or {}).get("conditions") or []
    return next((one for one in conditions if one["type"] == kind), None)


def is_ready(pod: Obj) -> bool:
    """A pod's Ready condition."""
    ready = condition(pod, "Ready")
    return ready is not None and ready["status"] == "True"


def is_active(pod: Obj) -> bool:
    """A pod that counts as a replica: neither finished nor being deleted."""
    phase = (pod.get("status") or {}).get("phase")
    return phase not in ("Succeeded", "Failed") and not is_deleting(pod)
