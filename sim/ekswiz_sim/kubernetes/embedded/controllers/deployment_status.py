"""The status of a Deployment: counts, and the conditions that `kubectl rollout status` waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ekswiz_sim.kubernetes.embedded.controllers import rolling
from ekswiz_sim.kubernetes.embedded.controllers.objects import age, condition, now
from ekswiz_sim.kubernetes.embedded.store import Obj

NO_DEADLINE = 2**31 - 1
"""progressDeadlineSeconds that Kubernetes reads as "never"."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a condition says."""

    status: str
    reason: str
    message: str


def counts(deployment: Obj, newest: Obj | None, sets: Sequence[Obj]) -> Obj:
    """The numbers of the status; zeros are left out, as the API leaves them out."""
    available = rolling.total(sets, "availableReplicas")
    numbers = {
        "replicas": rolling.total(sets, "replicas"),
        "updatedReplicas": rolling.total([newest] if newest else [], "replicas"),
        "readyReplicas": rolling.total(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, sum(map(rolling.wanted, sets)) - available),
    }
    status: Obj = {"observedGeneration": int(deployment["metadata"].get("generation", 1))}
    return status | {name: number for name, number in numbers.items() if number}


def complete(deployment: Obj, status: Obj) -> bool:
    """True if the newest ReplicaSet is all there is, and available."""
    replicas = deployment["spec"]["replicas"]
    fields = ("updatedReplicas", "replicas", "availableReplicas")
    return all(status.get(field, 0) == replicas for field in fields)


def set_condition(conditions: Sequence[Obj], kind: str, verdict: Verdict, *, touch: bool = False) -> list[Obj]:
    """Conditions with one of them set; unchanged (same times) if it says the same and `touch` is not asked for."""
    old = next((one for one in conditions if one["type"] == kind), None)
    new = {"status": verdict.status, "reason": verdict.reason, "message": verdict.message}
    if old is not None and not touch and {key: old.get(key) for key in new} == new:
        return list(conditions)
    stamp = now()
    moved = stamp if old is None or old["status"] != verdict.status else old["lastTransitionTime"]
    made = {"type": kind, **new, "lastUpdateTime": stamp, "lastTransitionTime": moved}
    return [one for one in conditions if one["type"] != kind] + [made]


def availability(deployment: Obj, status: Obj) -> Verdict:
    """The Available condition."""
    least = deployment["spec"]["replicas"] - rolling.unavailable(deployment)
    if status.get("availableReplicas", 0) >= least:
        return Verdict("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    return Verdict("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")


def deadline(deployment: Obj) -> int | None:
    """Seconds without progress after which a rollout failed; None for never."""
    seconds = deployment["spec"].get("progressDeadlineSeconds")
    return None if seconds is None or seconds == NO_DEADLINE else int(seconds)


def progressed(deployment: Obj, status: Obj) -> bool:
    """True if more pods are new, ready or available, or fewer are old, than the stored status says."""
    before = deployment.get("status") or {}

    def old(counts: Obj) -> int:
        return int(counts.get("replicas", 0)) - int(counts.get("updatedReplicas", 0))

    grown = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return old(status) < old(before) or any(status.get(one, 0) > before.get(one, 0) for one in grown)


def overdue(deployment: Obj) -> bool:
    """True if the rollout made no progress for longer than its deadline."""
    current, limit = condition(deployment, "Progressing"), deadline(deployment)
    if current is None or limit is None or current["reason"] == "NewReplicaSetAvailable":
        return False
    return current["reason"] == "ProgressDeadlineExceeded" or age(current["lastUpdateTime"]) > limit


def next_look(deployment: Obj) -> float | None:
    """Seconds until the deadline may strike; None if nothing is being waited for."""
    current, limit = condition(deployment, "Progressing"), deadline(deployment)
    settled = ("NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused")
    if current is None or limit is None or current["reason"] in settled:
        return None
    return max(0.0, limit - age(current["lastUpdateTime"])) + 0.05


def progress(deployment: Obj, newest: Obj | None, status: Obj) -> Verdict | None:
    """The Progressing condition, if there is news of it."""
    subject = f'ReplicaSet "{newest["metadata"]["name"]}"' if newest else f'Deployment "{_name(deployment)}"'
    if complete(deployment, status):
        return Verdict("True", "NewReplicaSetAvailable", f"{subject} has successfully progressed.")
    if progressed(deployment, status):
        return Verdict("True", "ReplicaSetUpdated", f"{subject} is progressing.")
    if overdue(deployment):
        return Verdict("False", "ProgressDeadlineExceeded", f"{subject} has timed out progressing.")
    return None


def settled(deployment: Obj, status: Obj) -> bool:
    """True if the last rollout had finished: pods that come and go later are no rollout."""
    current = condition(deployment, "Progressing")
    same = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    return same and current is not None and current["reason"] == "NewReplicaSetAvailable"


def failure(sets: Sequence[Obj]) -> Verdict | None:
    """The ReplicaFailure condition of a ReplicaSet whose pods are refused, newest first."""
    found = [one for one in (condition(each, "ReplicaFailure") for each in reversed(sets)) if one]
    return Verdict(found[0]["status"], found[0]["reason"], found[0]["message"]) if found else None


def _name(deployment: Obj) -> str:
    return str(deployment["metadata"]["name"])
