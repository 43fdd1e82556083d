"""The scheduler of a cluster with one node: binds a pod to it, or says why it does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ekswiz_sim.kubernetes.embedded.controllers.objects import (
    Key,
    condition,
    is_active,
    is_deleting,
    key_of,
    labels_of,
    now,
    selects,
    with_status,
)
from ekswiz_sim.kubernetes.embedded.controllers.quantity import amount
from ekswiz_sim.kubernetes.embedded.controllers.recorder import Recorder
from ekswiz_sim.kubernetes.embedded.kinds import NODES, PODS
from ekswiz_sim.kubernetes.embedded.store import Obj, Store, StoreEvent

_COMPONENT = "default-scheduler"
_ORDER = ("cpu", "memory", "ephemeral-storage")


class Scheduler:
    """Reconciles pods without a node."""

    def __init__(self, store: Store, recorder: Recorder, node: str) -> None:
        self._store = store
        self._recorder = recorder
        self._node = node

    def keys(self, event: StoreEvent) -> Iterable[Key]:
        """A pod without a node; when a pod goes or the node changes, all that wait."""
        if event.kind == NODES or (event.kind == PODS and event.type == "DELETED"):
            return [key_of(one) for one in self._store.all(PODS) if not one["spec"].get("nodeName")]
        if event.kind == PODS and not event.object["spec"].get("nodeName"):
            return [key_of(event.object)]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Bind one pod."""
        pod = self._store.get(PODS, *key)
        node = self._store.get(NODES, None, self._node)
        if pod is None or node is None or pod["spec"].get("nodeName") or is_deleting(pod):
            return None
        if pod["spec"].get("schedulerName", _COMPONENT) != _COMPONENT:
            return None
        reasons = self._reasons(pod, node)
        if reasons:
            self._refuse(pod, reasons)
            return None
        self._recorder.normal(pod, _COMPONENT, "Scheduled", f"Successfully assigned {'/'.join(key)} to {self._node}")
        bound = {**pod, "spec": {**pod["spec"], "nodeName": self._node}}
        self._store.put(PODS, with_status(bound, _scheduled(pod, "True")))
        return None

    def _reasons(self, pod: Obj, node: Obj) -> list[str]:
        if node["spec"].get("unschedulable"):
            return ["1 node(s) were unschedulable"]
        wanted: Mapping[str, str] = pod["spec"].get("nodeSelector") or {}
        if not wanted.items() <= labels_of(node).items() or not _attracted(pod, node):
            return ["1 node(s) didn't match Pod's node affinity/selector"]
        others = [one for one in self._store.all(PODS) if one["spec"].get("nodeName") and is_active(one)]
        room: Mapping[str, str] = node["status"]["allocatable"]
        if len(others) >= amount(room["pods"]):
            return ["1 Too many pods"]
        return [f"1 Insufficient {one}" for one in _lacking(pod, others, room)]

    def _refuse(self, pod: Obj, reasons: list[str]) -> None:
        why = f"0/1 nodes are available: {', '.join(reasons)}."
        message = f"{why} preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        before = condition(pod, "PodScheduled")
        if before is not None and before.get("message") == message:
            return
        self._recorder.warning(pod, _COMPONENT, "FailedScheduling", message)
        self._store.put(PODS, with_status(pod, _scheduled(pod, "False", "Unschedulable", message)))


def _attracted(pod: Obj, node: Obj) -> bool:
    """The required node affinity. Affinity between pods is not judged: this node stands for many."""
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    terms = affinity["nodeSelectorTerms"] if affinity else []
    return not terms or any(
        selects({"matchExpressions": one.get("matchExpressions")}, labels_of(node)) for one in terms
    )


def _lacking(pod: Obj, others: Iterable[Obj], room: Mapping[str, str]) -> list[str]:
    used: dict[str, Decimal] = {}
    for one in others:
        for resource, quantity in requests(one).items():
            used[resource] = used.get(resource, Decimal(0)) + quantity
    wanted = requests(pod)
    names = [*_ORDER, *sorted(set(wanted) - set(_ORDER))]
    zero = Decimal(0)
    return [
        name
        for name in names
        if wanted.get(name, zero) and wanted[name] + used.get(name, zero) > amount(room.get(name, "0"))
    ]


def requests(pod: Obj) -> dict[str, Decimal]:
    """What the pod asks for: the sum of its containers, or its greediest init container."""
    total: dict[str, Decimal] = {}
    for container in pod["spec"]["containers"]:
        for name, text in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] = total.get(name, Decimal(0)) + amount(text)
    for container in pod["spec"].get("initContainers") or []:
        for name, text in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] = max(total.get(name, Decimal(0)), amount(text))
    return total


def _scheduled(pod: Obj, status: str, reason: str = "", message: str = "") -> Obj:
    before = pod.get("status") or {}
    made: Obj = {"type": "PodScheduled", "status": status, "lastProbeTime": None, "lastTransitionTime": now()}
    made |= {key: value for key, value in (("reason", reason), ("message", message)) if value}
    others = [one for one in before.get("conditions") or [] if one["type"] != "PodScheduled"]
    return {**before, "phase": before.get("phase", "Pending"), "conditions": [*others, made]}
