"""Admission: what is filled in and what is refused between validation and storage."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from ekswiz_sim.kubernetes.embedded.api.catalog import WITHOUT_BEHAVIOUR
from ekswiz_sim.kubernetes.embedded.api.errors import Cause, conflict, forbidden, not_found
from ekswiz_sim.kubernetes.embedded.kinds import NAMESPACES, PODS, SERVICE_ACCOUNTS
from ekswiz_sim.kubernetes.embedded.objects import pod_security
from ekswiz_sim.kubernetes.embedded.objects.defaults import apply_defaults
from ekswiz_sim.kubernetes.embedded.objects.pod_security_subject import Finding
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store

_NOT_READY_SECONDS = 300
_PRIORITIES = {"": 0, "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


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
    if spec.get("runtimeClassName"):
        raise forbidden(PODS, name, f'pod rejected: RuntimeClass "{spec["runtimeClassName"]}" not found')
    _prioritize(spec, name)
    spec["tolerations"] = _tolerations(spec.get("tolerations") or [])
    new.setdefault("status", {}).setdefault("phase", "Pending")
    new["status"].setdefault("qosClass", _quality(spec))
    enforce(store, new)
    return new


def _prioritize(spec: Obj, name: str | None) -> None:
    """The priority of the pod's class; only the two classes of the system exist here."""
    chosen = spec.get("priorityClassName") or ""
    if chosen not in _PRIORITIES:
        raise forbidden(PODS, name, f"no PriorityClass with name {chosen} was found")
    computed = {"priority": _PRIORITIES[chosen], "preemptionPolicy": "PreemptLowerPriority"}
    for field, title in (
        ("priority", "integer value of priority"),
        ("preemptionPolicy", "string value of PreemptionPolicy"),
    ):
        if spec.get(field) not in (None, computed[field]):
            what = f"the {title} ({spec[field]}) must not be provided in pod spec"
            why = f"priority admission controller computed {computed[field]} from the given PriorityClass name"
            raise forbidden(PODS, name, f"{what}; {why}")
    spec |= computed


def enforce(store: Store, pod: Obj) -> None:
    """Pod Security of the pod's namespace.

    Raises:
        ApiError: 403 with every violation.
    """
    labels = _labels(store, pod["metadata"]["namespace"])
    standard = pod_security.level(labels, "enforce")
    found = _violations(pod, standard)
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


def warnings(store: Store, obj: Obj, old: Obj | None = None) -> list[str]:
    """Sentences for the `Warning:` header of a write that is accepted; `old` is what it replaces."""
    kind = obj["kind"]
    if kind in WITHOUT_BEHAVIOUR:
        return [f"{kind} is stored, but nothing acts on it in this cluster: its effect is not rehearsed"]
    if kind == "Namespace" and old is not None:
        return _about_pods(store, obj, old)
    if kind in ("Deployment", "ReplicaSet"):
        template = (obj.get("spec") or {}).get("template") or {}
        return _would_violate(store, obj["metadata"]["namespace"], template)
    return _would_violate(store, obj["metadata"]["namespace"], obj) if kind == "Pod" else []


def _would_violate(store: Store, namespace: str, pod: Obj) -> list[str]:
    labels = _labels(store, namespace)
    standard = pod_security.level(labels, "warn")
    found = _violations(pod, standard)
    which = f"{standard}:{pod_security.version(labels, 'warn')}"
    return [f'would violate PodSecurity "{which}": {", ".join(str(one) for one in found)}'] if found else []


def _violations(pod: Obj, standard: str) -> list[Finding]:
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    return pod_security.violations(pod.get("spec") or {}, standard, annotations)


def _about_pods(store: Store, namespace: Obj, old: Obj) -> list[str]:
    """Pods that run already and would not be let in by what the namespace enforces from now on."""
    before, after = (one["metadata"].get("labels") or {} for one in (old, namespace))
    standard, name = pod_security.level(after, "enforce"), namespace["metadata"]["name"]
    if pod_security.LEVELS.index(standard) <= pod_security.LEVELS.index(pod_security.level(before, "enforce")):
        return []
    pods: dict[str, list[str]] = {}
    for pod in store.all(PODS, name):
        if reasons := ", ".join(one.reason for one in _violations(pod, standard)):
            pods.setdefault(reasons, []).append(pod["metadata"]["name"])
    if not pods:
        return []
    which = f"{standard}:{pod_security.version(after, 'enforce')}"
    first = f'existing pods in namespace "{name}" violate the new PodSecurity enforce level "{which}"'
    return [first, *sorted(f"{_first_of(names)}: {reasons}" for reasons, names in pods.items())]


def _first_of(names: Sequence[str]) -> str:
    others = len(names) - 1
    return min(names) + (f" (and {others} other pod{'s' if others > 1 else ''})" if others else "")


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
