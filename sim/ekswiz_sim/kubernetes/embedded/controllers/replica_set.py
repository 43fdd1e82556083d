"""ReplicaSets: as many active pods as asked for, adopted if they are orphans, made if they are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ekswiz_sim.kubernetes.embedded.controllers.deletion import delete
from ekswiz_sim.kubernetes.embedded.controllers.objects import (
    Key,
    age,
    condition,
    controlled_by,
    controller_of,
    is_active,
    is_deleting,
    is_ready,
    key_of,
    labels_of,
    new_object,
    now,
    owner_reference,
    selects,
    suffix,
    with_metadata,
    with_status,
)
from ekswiz_sim.kubernetes.embedded.controllers.recorder import Recorder
from ekswiz_sim.kubernetes.embedded.kinds import NAMESPACES, PODS, REPLICA_SETS
from ekswiz_sim.kubernetes.embedded.store import Obj, Store, StoreEvent

_COMPONENT = "replicaset-controller"
_NAME_LIMIT = 58
"""Characters of a ReplicaSet's name that a pod's name keeps, before the random end."""

Admission = Callable[[Obj], Obj]
"""Defaults and admits a new pod; raises PodRefused with Kubernetes' text."""


class PodRefused(Exception):
    """A pod may not be created; the text is the API server's."""


class ReplicaSetController:
    """Reconciles ReplicaSets."""

    def __init__(self, store: Store, recorder: Recorder, admit: Admission) -> None:
        self._store = store
        self._recorder = recorder
        self._admit = admit

    def keys(self, event: StoreEvent) -> Iterable[Key]:
        """Its own key; for a pod its controller's, or those that may adopt it."""
        if event.kind == REPLICA_SETS:
            return [key_of(event.object)]
        if event.kind != PODS:
            return []
        owner, namespace = controller_of(event.object), key_of(event.object)[0]
        if owner is not None:
            return [(namespace, owner["name"])] if owner["kind"] == REPLICA_SETS.kind else []
        sets = self._store.all(REPLICA_SETS, namespace)
        return [key_of(one) for one in sets if selects(one["spec"]["selector"], labels_of(event.object))]

    def reconcile(self, key: Key) -> float | None:
        """Make or delete pods, then say what there is."""
        replica_set = self._store.get(REPLICA_SETS, *key)
        if replica_set is None:
            return None
        refusal = ""
        if not is_deleting(replica_set):
            self._adopt(replica_set)
            refusal = self._resize(replica_set)
        return self._publish(replica_set, refusal)

    def _pods(self, replica_set: Obj) -> list[Obj]:
        pods = self._store.all(PODS, key_of(replica_set)[0])
        return [one for one in pods if controlled_by(one, replica_set) and is_active(one)]

    def _adopt(self, replica_set: Obj) -> None:
        for pod in self._store.all(PODS, key_of(replica_set)[0]):
            free = controller_of(pod) is None and is_active(pod)
            if free and selects(replica_set["spec"]["selector"], labels_of(pod)):
                owners = [*(pod["metadata"].get("ownerReferences") or []), owner_reference(replica_set)]
                self._store.put(PODS, with_metadata(pod, ownerReferences=owners))

    def _resize(self, replica_set: Obj) -> str:
        pods = self._pods(replica_set)
        missing = int(replica_set["spec"]["replicas"]) - len(pods)
        if missing > 0 and self._is_closing(key_of(replica_set)[0]):
            return ""
        try:
            for _ in range(missing):
                self._create(replica_set)
        except PodRefused as refused:
            text = str(refused)
            self._recorder.warning(replica_set, _COMPONENT, "FailedCreate", f"Error creating: {text}")
            return text
        for pod in sorted(pods, key=_least_missed)[: max(0, -missing)]:
            delete(self._store, PODS, pod)
            self._tell(replica_set, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
        return ""

    def _is_closing(self, namespace: str) -> bool:
        found = self._store.get(NAMESPACES, None, namespace)
        return found is not None and is_deleting(found)

    def _create(self, replica_set: Obj) -> None:
        namespace, owner = key_of(replica_set)
        template = replica_set["spec"]["template"]
        meta = {key: value for key, value in (template.get("metadata") or {}).items() if key != "creationTimestamp"}
        prefix = f"{owner[:_NAME_LIMIT]}-"
        meta |= {"generateName": prefix, "ownerReferences": [owner_reference(replica_set)], "generation": 1}
        pod = new_object(PODS, namespace, self._free_name(namespace, prefix), **meta)
        pod |= {"spec": template["spec"], "status": {"phase": "Pending"}}
        made = self._store.put(PODS, self._admit(pod))
        self._tell(replica_set, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    def _free_name(self, namespace: str, prefix: str) -> str:
        name = prefix + suffix()
        while self._store.get(PODS, namespace, name) is not None:
            name = prefix + suffix()
        return name

    def _tell(self, replica_set: Obj, reason: str, message: str) -> None:
        self._recorder.normal(replica_set, _COMPONENT, reason, message)

    # ---- status

    def _publish(self, replica_set: Obj, refusal: str) -> float | None:
        current = self._store.get(REPLICA_SETS, *key_of(replica_set)) or replica_set
        pods = self._pods(current)
        patience = float(current["spec"].get("minReadySeconds") or 0)
        waits = [_until_available(pod, patience) for pod in pods if is_ready(pod)]
        labels = labels_of(current["spec"]["template"]) if current["spec"]["template"].get("metadata") else {}
        numbers = {
            "fullyLabeledReplicas": sum(labels.items() <= labels_of(pod).items() for pod in pods),
            "readyReplicas": len(waits),
            "availableReplicas": sum(wait <= 0 for wait in waits),
        }
        status: Obj = {"replicas": len(pods), **{name: number for name, number in numbers.items() if number}}
        status["observedGeneration"] = int(current["metadata"].get("generation", 1))
        if refusal:
            status["conditions"] = [_failure(current, refusal)]
        self._store.put(REPLICA_SETS, with_status(current, status))
        soon = [wait for wait in waits if wait > 0]
        return min(soon) + 0.05 if soon else 1.0 if refusal else None


def _until_available(pod: Obj, patience: float) -> float:
    """Seconds until a ready pod counts as available."""
    ready = condition(pod, "Ready")
    assert ready is not None
    return patience - age(ready["lastTransitionTime"]) if patience else 0.0


def _failure(replica_set: Obj, message: str) -> Obj:
    before = condition(replica_set, "ReplicaFailure")
    moved = before["lastTransitionTime"] if before else now()
    kind = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
    return {**kind, "message": message, "lastTransitionTime": moved}


def _least_missed(pod: Obj) -> tuple[float, ...]:
    """Which pod to delete first: unscheduled, pending, not ready, then the youngest (Kubernetes' order)."""
    status = pod.get("status") or {}
    placed = bool((pod.get("spec") or {}).get("nodeName"))
    restarts = sum(int(one.get("restartCount", 0)) for one in status.get("containerStatuses") or [])
    born = int(pod["metadata"]["resourceVersion"])
    return (
        placed,
        status.get("phase") != "Pending",
        is_ready(pod),
        -restarts,
        age(pod["metadata"]["creationTimestamp"]),
        -born,
    )
