"""Admission: what is filled in and what is refused between validation and storage."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from ekswiz_sim.kubernetes.embedded.api.catalog import WITHOUT_BEHAVIOUR
from ekswiz_sim.kubernetes.embedded.api.errors import Cause, conflict, forbidden, not_found
from ekswiz_sim.kubernetes.embedded.kinds import NAMESPACES, PODS, SERVICE_ACCOUNTS
from ekswiz_sim.kubernetes.embedded.objects import pod_security
from ekswiz_sim.kubernetes.embedded.objects.defaults import apply_defaults
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store

_NOT_READY_SECONDS = 300


def namespace_open(store: Store, kind: Kind, obj: Obj) -> None:
    """Refuse to create in a namespace that is absent or being emptied.

    Raises:
        ApiError: 404 or 403.
    """
    if not kind.namespaced:
        return
    name = obj["metadata"]["namespace"]
    found = store.get(NAMESPACES, None, name)
    if found is None:
        raise not_found(NAMESPACES, name)
    if "deletionTimestamp" in found["metadata"]:
        why = f"unable to create new content in namespace {name} because it is being terminated"
        text = f"namespace {name} is being terminated"
        raise forbidden(
            kind, obj["metadata"].get("name"), why, [Cause("metadata.namespace", "FieldValueForbidden", text)]
        )


def namespace_deletable(name: str) -> None:
    """Refuse to delete the namespaces that a cluster cannot be without.

    Raises:
        ApiError: 403.
    """
    if name in ("default", "kube-system", "kube-public"):
        raise forbidden(NAMESPACES, name, "this namespace may not be deleted")


def admit_pod(store: Store, pod: Obj) -> Obj:
    """A new pod as it will be stored: defaults, service account and tolerations filled in, Pod Security enforced.

    Controllers that make pods go through here too.

    Raises:
        ApiError: 403, with the text that a ReplicaSet's FailedCreate event shows.
    """
    new = apply_defaults(pod)
    spec, namespace = new["spec"], new["metadata"]["namespace"]
    account = spec.get("serviceAccountName") or "default"
    name = new["metadata"].get("name")
    if store.get(SERVICE_ACCOUNTS, namespace, account) is None:
        why = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
        raise forbidden(PODS, name, why)
    spec |= {"serviceAccountName": account, "serviceAccount": account}
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec["tolerations"] = _tolerations(spec.get("tolerations") or [])
    new.setdefault("status", {}).setdefault("phase", "Pending")
    new["status"].setdefault("qosClass", _quality(spec))
    enforce(store, new)
    return new


def enforce(store: Store, pod: Obj) -> None:
    """Pod Security of the pod's namespace.

    Raises:
        ApiError: 403 with every violation.
    """
    labels = _labels(store, pod["metadata"]["namespace"])
    standard = pod_security.level(labels, "enforce")
    found = pod_security.violations(pod["spec"], standard)
    if found:
        which = f"{standard}:{pod_security.version(labels, 'enforce')}"
        listed = ", ".join(str(one) for one in found)
        raise forbidden(PODS, pod["metadata"].get("name"), f'violates PodSecurity "{which}": {listed}')


def _labels(store: Store, namespace: str) -> dict[str, str]:
    found = store.get(NAMESPACES, None, namespace) or {"metadata": {}}
    labels: dict[str, str] = found["metadata"].get("labels") or {}
    return labels


def _tolerations(given: Sequence[Obj]) -> list[Obj]:
    new = list(copy.deepcopy(given))
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(one.get("key") in (key, None) and one.get("effect") in ("NoExecute", None) for one in new):
            toleration = {"key": key, "operator": "Exists", "effect": "NoExecute"}
            new.append({**toleration, "tolerationSeconds": _NOT_READY_SECONDS})
    return new


def _quality(spec: Obj) -> str:
    resources = [one.get("resources") or {} for one in spec.get("containers") or []]
    if not any(one.get("requests") or one.get("limits") for one in resources):
        return "BestEffort"
    for one in resources:
        limits = one.get("limits") or {}
        if not {"cpu", "memory"} <= set(limits) or (one.get("requests") or limits) != limits:
            return "Burstable"
    return "Guaranteed"


def warnings(store: Store, obj: Obj) -> list[str]:
    """Sentences for the `Warning:` header of a write that is accepted."""
    kind = obj["kind"]
    found = []
    if kind in WITHOUT_BEHAVIOUR:
        found.append(f"{kind} is stored, but nothing acts on it in this cluster: its effect is not rehearsed")
    template = (obj.get("spec") or {}).get("template") if kind in ("Deployment", "ReplicaSet") else None
    spec = obj.get("spec") if kind == "Pod" else (template or {}).get("spec")
    if spec:
        labels = _labels(store, obj["metadata"]["namespace"])
        standard = pod_security.level(labels, "warn")
        problems = pod_security.violations(spec, standard)
        if problems:
            which = f"{standard}:{pod_security.version(labels, 'warn')}"
            listed = ", ".join(str(one) for one in problems)
            found.append(f'would violate PodSecurity "{which}": {listed}')
    return found


def not_terminating(kind: Kind, old: Obj, new: Obj) -> None:
    """Refuse new finalizers on an object that is being deleted.

    Raises:
        ApiError: 409.
    """
    if "deletionTimestamp" not in old["metadata"]:
        return
    before = set(old["metadata"].get("finalizers") or [])
    if set(new["metadata"].get("finalizers") or []) - before:
        why = "no new finalizers can be added if the object is being deleted"
        raise conflict(kind, old["metadata"]["name"], why)
