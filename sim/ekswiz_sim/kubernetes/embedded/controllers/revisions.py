"""Revisions of a Deployment: the annotations that `kubectl rollout history` and `undo` read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ekswiz_sim.kubernetes.embedded.controllers import templates
from ekswiz_sim.kubernetes.embedded.controllers.objects import annotations_of, new_object, owner_reference
from ekswiz_sim.kubernetes.embedded.controllers.rolling import surge
from ekswiz_sim.kubernetes.embedded.kinds import REPLICA_SETS
from ekswiz_sim.kubernetes.embedded.store import Obj

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
_OWN = {REVISION, HISTORY, DESIRED, MAXIMUM, "kubectl.kubernetes.io/last-applied-configuration"}


def revision_of(obj: Obj) -> int:
    """The revision annotation as a number; 0 if there is none."""
    text = annotations_of(obj).get(REVISION, "0")
    return int(text) if text.isdecimal() else 0


def by_age(sets: Iterable[Obj]) -> list[Obj]:
    """Oldest first."""
    return sorted(sets, key=lambda one: (one["metadata"]["creationTimestamp"], revision_of(one)))


def newest(deployment: Obj, sets: Iterable[Obj]) -> Obj | None:
    """The ReplicaSet of the Deployment's present template."""
    template = deployment["spec"]["template"]
    return next((one for one in by_age(sets) if templates.same(one["spec"]["template"], template)), None)


def size_annotations(deployment: Obj) -> Mapping[str, str]:
    """What a ReplicaSet remembers of the Deployment's size, so that a scaling is told from a rollout."""
    replicas = deployment["spec"]["replicas"]
    return {DESIRED: str(replicas), MAXIMUM: str(replicas + surge(deployment))}


def revised(deployment: Obj, replica_set: Obj, revision: int) -> Mapping[str, str]:
    """Annotations of the newest ReplicaSet: those of the Deployment, and the revision it now is."""
    annotations = dict(annotations_of(replica_set))
    annotations |= {key: value for key, value in annotations_of(deployment).items() if key not in _OWN}
    before = revision_of(replica_set)
    if before < revision:
        annotations[REVISION] = str(revision)
        if before:
            annotations[HISTORY] = ",".join(filter(None, [annotations.get(HISTORY), str(before)]))
    return annotations


def new_replica_set(deployment: Obj, revision: int, replicas: int) -> Obj:
    """A ReplicaSet for the Deployment's present template."""
    meta, spec = deployment["metadata"], deployment["spec"]
    status = deployment.get("status") or {}
    template_hash = templates.hash_of(spec["template"], int(status.get("collisionCount", 0)))
    template = templates.labelled(spec["template"], template_hash)
    selector = spec["selector"]
    match = {**(selector.get("matchLabels") or {}), templates.HASH_LABEL: template_hash}
    made = new_object(
        REPLICA_SETS,
        meta["namespace"],
        f"{meta['name']}-{template_hash}",
        generation=1,
        labels=dict(template["metadata"]["labels"]),
        ownerReferences=[owner_reference(deployment)],
    )
    made["metadata"]["annotations"] = {**revised(deployment, made, revision), **size_annotations(deployment)}
    made["spec"] = {"replicas": replicas, "selector": {**selector, "matchLabels": match}, "template": template}
    if spec.get("minReadySeconds"):
        made["spec"]["minReadySeconds"] = spec["minReadySeconds"]
    made["status"] = {"replicas": 0}
    return made
