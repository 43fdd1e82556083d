"""Deployments: one ReplicaSet per template, grown and shrunk so that enough pods serve all the time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ekswiz_sim.kubernetes.embedded.controllers import deployment_status as conditions
from ekswiz_sim.kubernetes.embedded.controllers import revisions, rolling
from ekswiz_sim.kubernetes.embedded.controllers.objects import (
    Key,
    annotations_of,
    condition,
    controlled_by,
    controller_of,
    is_deleting,
    key_of,
    labels_of,
    owner_reference,
    selects,
    with_metadata,
    with_spec,
    with_status,
)
from ekswiz_sim.kubernetes.embedded.controllers.recorder import Recorder
from ekswiz_sim.kubernetes.embedded.kinds import DEPLOYMENTS, PODS, REPLICA_SETS
from ekswiz_sim.kubernetes.embedded.store import Obj, Store, StoreEvent

_COMPONENT = "deployment-controller"


class DeploymentController:
    """Reconciles Deployments."""

    def __init__(self, store: Store, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder

    def keys(self, event: StoreEvent) -> Iterable[Key]:
        """Its own key; for a ReplicaSet its owner's; for a pod that went, those that may wait for it (Recreate)."""
        if event.kind == DEPLOYMENTS:
            return [key_of(event.object)]
        if event.kind == REPLICA_SETS:
            owner = controller_of(event.object)
            if owner is not None:
                return [(key_of(event.object)[0], owner["name"])] if owner["kind"] == DEPLOYMENTS.kind else []
            return self._selecting(event.object)
        if event.kind == PODS and event.type == "DELETED":
            return self._selecting(event.object)
        return []

    def _selecting(self, obj: Obj) -> list[Key]:
        deployments = self._store.all(DEPLOYMENTS, key_of(obj)[0])
        return [key_of(one) for one in deployments if selects(one["spec"]["selector"], labels_of(obj))]

    def reconcile(self, key: Key) -> float | None:
        """One step of the rollout; the ReplicaSets' changes bring the next."""
        deployment = self._store.get(DEPLOYMENTS, *key)
        if deployment is None:
            return None
        if not is_deleting(deployment):
            self._adopt(deployment)
            deployment = self._note_pause(deployment)
            deployment = self._step(deployment)
        return self._publish(deployment)

    # ---- ReplicaSets

    def _sets(self, deployment: Obj) -> list[Obj]:
        sets = self._store.all(REPLICA_SETS, key_of(deployment)[0])
        return revisions.by_age(one for one in sets if controlled_by(one, deployment))

    def _adopt(self, deployment: Obj) -> None:
        for one in self._store.all(REPLICA_SETS, key_of(deployment)[0]):
            orphan = controller_of(one) is None and not is_deleting(one)
            if orphan and selects(deployment["spec"]["selector"], labels_of(one)):
                owners = [*(one["metadata"].get("ownerReferences") or []), owner_reference(deployment)]
                self._store.put(REPLICA_SETS, with_metadata(one, ownerReferences=owners))

    def _step(self, deployment: Obj) -> Obj:
        paused = bool(deployment["spec"].get("paused"))
        if paused or self._was_scaled(deployment):
            deployment = self._revise(deployment)
            self._resize(deployment)
        elif deployment["spec"]["strategy"]["type"] == "Recreate":
            deployment = self._recreate(deployment)
        else:
            deployment = self._roll(deployment)
        if paused or self._is_complete(deployment):
            self._forget_old(deployment)
        return deployment

    def _roll(self, deployment: Obj) -> Obj:
        deployment = self._revise(deployment, create=True)
        sets = self._sets(deployment)
        newest = revisions.newest(deployment, sets)
        if newest is None:
            return deployment
        size = rolling.new_size(deployment, sets, rolling.wanted(newest))
        if self._scale(deployment, newest, size):
            return deployment
        olds = [one for one in sets if one is not newest]
        sizes = rolling.old_sizes(deployment, newest, olds)
        for one in olds:
            self._scale(deployment, one, sizes[one["metadata"]["name"]])
        return deployment

    def _recreate(self, deployment: Obj) -> Obj:
        deployment = self._revise(deployment)
        sets = self._sets(deployment)
        newest = revisions.newest(deployment, sets)
        olds = [one for one in sets if one is not newest]
        shrunk = sum(self._scale(deployment, one, 0) for one in olds)
        if shrunk or self._has_pods(olds):
            return deployment
        deployment = self._revise(deployment, create=True)
        newest = revisions.newest(deployment, self._sets(deployment))
        if newest is not None:
            self._scale(deployment, newest, deployment["spec"]["replicas"])
        return deployment

    def _has_pods(self, sets: Sequence[Obj]) -> bool:
        pods = self._store.all(PODS, key_of(sets[0])[0]) if sets else []
        running = [one for one in pods if (one.get("status") or {}).get("phase") not in ("Succeeded", "Failed")]
        return any(controlled_by(pod, one) for pod in running for one in sets)

    # ---- revisions

    def _revise(self, deployment: Obj, *, create: bool = False) -> Obj:
        """Give the present template its ReplicaSet and the highest revision."""
        sets = self._sets(deployment)
        newest = revisions.newest(deployment, sets)
        revision = max((revisions.revision_of(one) for one in sets if one is not newest), default=0) + 1
        if newest is not None:
            newest = self._annotate(newest, revisions.revised(deployment, newest, revision))
            return self._found(deployment, newest, "FoundNewReplicaSet", "Found new replica set")
        if not create:
            return deployment
        size = rolling.new_size(deployment, sets, 0)
        made = revisions.new_replica_set(deployment, revision, size)
        if self._store.get(REPLICA_SETS, *key_of(made)) is not None:
            return self._collide(deployment)
        newest = self._store.put(REPLICA_SETS, made)
        if size:
            self._tell(deployment, newest, 0, size)
        return self._found(deployment, newest, "NewReplicaSetCreated", "Created new replica set")

    def _collide(self, deployment: Obj) -> Obj:
        """Another object has the name: count it, which changes the hash, and look again."""
        status = deployment.get("status") or {}
        counted = {**status, "collisionCount": int(status.get("collisionCount", 0)) + 1}
        return self._store.put(DEPLOYMENTS, with_status(deployment, counted))

    def _annotate(self, replica_set: Obj, annotations: Mapping[str, str]) -> Obj:
        return self._store.put(REPLICA_SETS, with_metadata(replica_set, annotations=dict(annotations)))

    def _found(self, deployment: Obj, newest: Obj, reason: str, what: str) -> Obj:
        revision = str(revisions.revision_of(newest))
        known = annotations_of(deployment)
        moved = known.get(revisions.REVISION) != revision
        if moved:
            annotations = {**known, revisions.REVISION: revision}
            deployment = self._store.put(DEPLOYMENTS, with_metadata(deployment, annotations=annotations))
        if conditions.deadline(deployment) is None:
            return deployment
        if condition(deployment, "Progressing") is not None and not moved:
            return deployment
        verdict = conditions.Verdict("True", reason, f'{what} "{newest["metadata"]["name"]}"')
        return self._set_condition(deployment, "Progressing", verdict)

    def _set_condition(self, deployment: Obj, kind: str, verdict: conditions.Verdict) -> Obj:
        status = deployment.get("status") or {}
        changed = conditions.set_condition(status.get("conditions") or [], kind, verdict, touch=True)
        return self._store.put(DEPLOYMENTS, with_status(deployment, {**status, "conditions": changed}))

    def _note_pause(self, deployment: Obj) -> Obj:
        current = condition(deployment, "Progressing")
        if conditions.deadline(deployment) is None or (current and current["reason"] == "ProgressDeadlineExceeded"):
            return deployment
        was, is_now = (current or {}).get("reason") == "DeploymentPaused", bool(deployment["spec"].get("paused"))
        if was == is_now:
            return deployment
        reason, word = ("DeploymentPaused", "paused") if is_now else ("DeploymentResumed", "resumed")
        verdict = conditions.Verdict("Unknown", reason, f"Deployment is {word}")
        return self._set_condition(deployment, "Progressing", verdict)

    # ---- sizes

    def _was_scaled(self, deployment: Obj) -> bool:
        desired = str(deployment["spec"]["replicas"])
        active = [one for one in self._sets(deployment) if rolling.wanted(one) > 0]
        return any(annotations_of(one).get(revisions.DESIRED, desired) != desired for one in active)

    def _resize(self, deployment: Obj) -> None:
        """Apply a changed number of replicas without going on with the rollout."""
        sets = self._sets(deployment)
        replicas = int(deployment["spec"]["replicas"])
        newest = revisions.newest(deployment, sets)
        active = [one for one in sets if rolling.wanted(one) > 0] or ([newest] if newest else sets[-1:])
        if len(active) == 1:
            self._scale(deployment, active[0], replicas)
        elif newest is not None and rolling.wanted(newest) == rolling.available(newest) == replicas:
            for one in active:
                self._scale(deployment, one, replicas if one is newest else 0)
        elif self._was_scaled(deployment):
            sizes = rolling.proportional(deployment, active) if replicas else {}
            for one in active:
                self._scale(deployment, one, sizes.get(_name(one), 0))

    def _scale(self, deployment: Obj, replica_set: Obj, size: int) -> bool:
        before = rolling.wanted(replica_set)
        annotations = {**annotations_of(replica_set), **revisions.size_annotations(deployment)}
        noted = with_metadata(replica_set, annotations=annotations)
        if before == size:
            self._store.put(REPLICA_SETS, noted)
            return False
        self._store.put(REPLICA_SETS, with_spec(noted, replicas=size))
        self._tell(deployment, replica_set, before, size)
        return True

    def _tell(self, deployment: Obj, replica_set: Obj, before: int, size: int) -> None:
        way = "up" if size > before else "down"
        message = f"Scaled {way} replica set {_name(replica_set)} from {before} to {size}"
        self._recorder.normal(deployment, _COMPONENT, "ScalingReplicaSet", message)

    def _is_complete(self, deployment: Obj) -> bool:
        sets = self._sets(deployment)
        newest = revisions.newest(deployment, sets)
        return conditions.complete(deployment, conditions.counts(deployment, newest, sets))

    def _forget_old(self, deployment: Obj) -> None:
        limit = deployment["spec"].get("revisionHistoryLimit", 10)
        sets = [one for one in self._sets(deployment) if not is_deleting(one)]
        newest = revisions.newest(deployment, sets)
        olds = sorted((one for one in sets if one is not newest), key=revisions.revision_of)
        for one in olds[: max(0, len(olds) - limit)]:
            if not rolling.wanted(one) and not one["status"].get("replicas"):
                self._store.remove(REPLICA_SETS, *key_of(one))

    # ---- status

    def _publish(self, deployment: Obj) -> float | None:
        sets = self._sets(deployment)
        newest = revisions.newest(deployment, sets)
        status = conditions.counts(deployment, newest, sets)
        before = deployment.get("status") or {}
        said: list[Obj] = before.get("conditions") or []
        said = conditions.set_condition(said, "Available", conditions.availability(deployment, status))
        said = self._progress(deployment, newest, status, said)
        refused = conditions.failure(sets)
        said = [one for one in said if one["type"] != "ReplicaFailure"]
        said = conditions.set_condition(said, "ReplicaFailure", refused) if refused else said
        kept = {key: before[key] for key in ("collisionCount",) if key in before}
        deployment = self._store.put(DEPLOYMENTS, with_status(deployment, {**status, **kept, "conditions": said}))
        return conditions.next_look(deployment)

    @staticmethod
    def _progress(deployment: Obj, newest: Obj | None, status: Obj, said: list[Obj]) -> list[Obj]:
        if conditions.deadline(deployment) is None:
            return [one for one in said if one["type"] != "Progressing"]
        if deployment["spec"].get("paused") or conditions.settled(deployment, status):
            return said
        verdict = conditions.progress(deployment, newest, status)
        if verdict is None:
            return said
        news = verdict.reason == "ReplicaSetUpdated"
        return conditions.set_condition(said, "Progressing", verdict, touch=news)


def _name(obj: Obj) -> str:
    return str(obj["metadata"]["name"])
