"""A pod's status from what its containers do: phase, conditions, container statuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ekswiz_sim.kubernetes.embedded.controllers.objects import now
from ekswiz_sim.kubernetes.embedded.kubelet.record import Record
from ekswiz_sim.kubernetes.embedded.store import Obj

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Picture:
    """All of a pod at one moment. `initialized` is true once its init containers are through."""

    inits: Sequence[Record]
    containers: Sequence[Record]
    address: str
    started_at: str
    initialized: bool


def status(pod: Obj, picture: Picture) -> Obj:
    """The whole status; conditions that say the same keep their times."""
    before = pod.get("status") or {}
    state = phase(pod, picture)
    made: Obj = {**before, "phase": state, "hostIP": HOST, "hostIPs": [{"ip": HOST}], "startTime": picture.started_at}
    made["qosClass"] = before.get("qosClass") or qos_class(pod)
    if picture.address:
        made |= {"podIP": picture.address, "podIPs": [{"ip": picture.address}]}
    made["conditions"] = _conditions(before.get("conditions") or [], picture, state)
    if "observedGeneration" in before or pod["metadata"].get("generation"):
        made["observedGeneration"] = int(pod["metadata"].get("generation", 1))
    if picture.inits:
        made["initContainerStatuses"] = [one.status() for one in picture.inits]
    made["containerStatuses"] = [one.status() for one in sorted(picture.containers, key=lambda one: one.name)]
    return made


def phase(pod: Obj, picture: Picture) -> str:
    """The kubelet's rule: Pending until all have started once, then Running until all are over for good."""
    policy = pod["spec"].get("restartPolicy", "Always")
    codes = [one.exit_code for one in picture.containers]
    failed_inits = [one for one in picture.inits if one.exit_code]
    if failed_inits and policy == "Never" and not picture.initialized:
        return "Failed"
    if not picture.initialized or any("waiting" in one.state and not one.last for one in picture.containers):
        return "Pending"
    if policy == "Always" or any(code is None for code in codes):
        return "Running"
    if not any(codes):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def _conditions(before: Sequence[Obj], picture: Picture, state: str) -> list[Obj]:
    over = state in ("Succeeded", "Failed")
    waiting = [one.name for one in picture.inits if one.exit_code != 0 and not one.running]
    unready = [one.name for one in picture.containers if not one.ready]
    ready = _unready("PodCompleted" if state == "Succeeded" else "PodFailed") if over else None
    if ready is None:
        said = f"containers with unready status: [{' '.join(unready)}]"
        ready = _unready("ContainersNotReady", said) if unready else _TRUE
    said = f"containers with incomplete status: [{' '.join(waiting)}]"
    initialized = _TRUE if picture.initialized else _unready("ContainersNotInitialized", said)
    wanted = {
        "PodReadyToStartContainers": _TRUE if picture.address and not over else _unready(),
        "Initialized": initialized,
        "Ready": ready,
        "ContainersReady": ready,
        "PodScheduled": _TRUE,
    }
    return [_condition(kind, said, before) for kind, said in wanted.items()]


_TRUE: Obj = {"status": "True"}


def _unready(reason: str = "", message: str = "") -> Obj:
    said = {"reason": reason, "message": message}
    return {"status": "False", **{key: value for key, value in said.items() if value}}


def _condition(kind: str, said: Obj, before: Sequence[Obj]) -> Obj:
    old = next((one for one in before if one["type"] == kind), None)
    moved = old["lastTransitionTime"] if old and old["status"] == said["status"] else now()
    return {"type": kind, "lastProbeTime": None, "lastTransitionTime": moved, **said}


def qos_class(pod: Obj) -> str:
    """Guaranteed, Burstable or BestEffort (https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/)."""
    found = [one.get("resources") or {} for one in pod["spec"]["containers"]]
    if not any(one.get("limits") or one.get("requests") for one in found):
        return "BestEffort"
    for one in found:
        limits = one.get("limits") or {}
        if not {"cpu", "memory"} <= limits.keys() or (one.get("requests") or limits) != limits:
            return "Burstable"
    return "Guaranteed"
