"""Deleting: at once, after a pod's grace period, or when finalizers and dependents let go."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from ekswiz_sim.kubernetes.embedded.api import bodies, reads, replies
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, bad_request, conflict, not_allowed
from ekswiz_sim.kubernetes.embedded.api.routing import Call, is_true
from ekswiz_sim.kubernetes.embedded.kinds import NAMESPACES, PODS, SERVICE_ACCOUNTS, SERVICES
from ekswiz_sim.kubernetes.embedded.objects import admission
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store

_POLICIES = {"Orphan": "orphan", "Background": "", "Foreground": "foregroundDeletion", "": ""}
_RETURNED = (PODS, SERVICES, SERVICE_ACCOUNTS)
_GRACE = 30


@dataclass(frozen=True, slots=True)
class Options:
    """DeleteOptions: seconds of grace (None: the pod's own), the finalizer of the propagation policy, preconditions."""

    grace: int | None = None
    finalizer: str = ""
    preconditions: Obj = field(default_factory=dict)
    dry_run: bool = False


async def options(call: Call) -> Options:
    """From the body or the query.

    Raises:
        ApiError: 400 or 422 for values that are not accepted.
    """
    body = await bodies.read(call) if call.request.can_read_body else {}
    if not isinstance(body, dict) or body.get("kind") not in (None, "DeleteOptions"):
        raise bad_request("the body of a delete must be DeleteOptions")
    preconditions = body.get("preconditions") or {}
    if not isinstance(preconditions, dict):
        got = "preconditions of type v1.Preconditions"
        raise bad_request(f"json: cannot unmarshal {type(preconditions).__name__} into Go struct field {got}")
    query = call.request.query
    grace: Any = body.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
    if isinstance(grace, str):
        grace = int(grace) if grace.isdecimal() else -1
    if grace is not None and (not isinstance(grace, int) or grace < 0):
        raise _invalid(f"gracePeriodSeconds: Invalid value: {grace}: must be greater than or equal to 0")
    policy = body.get("propagationPolicy") or query.get("propagationPolicy") or ""
    if body.get("orphanDependents") is True or is_true(call.request, "orphanDependents"):
        policy = "Orphan"
    if policy not in _POLICIES:
        supported = '"Foreground", "Background", "Orphan", "nil"'
        raise _invalid(f'propagationPolicy: Unsupported value: "{policy}": supported values: {supported}')
    dry_run = bool(body.get("dryRun")) or call.dry_run
    return Options(grace, _POLICIES[policy], preconditions, dry_run)


def _invalid(text: str) -> ApiError:
    return ApiError(422, "Invalid", f'DeleteOptions.meta.k8s.io "" is invalid: {text}', {})


async def delete(store: Store, call: Call) -> web.Response:
    """`DELETE` of one object."""
    chosen = await options(call)
    old = reads.stored(store, call)
    if call.kind == NAMESPACES:
        admission.namespace_deletable(call.name)
    _check(call.kind, old, chosen.preconditions)
    left = old if chosen.dry_run else begin(store, call.kind, old, chosen)
    if left is not None and (call.kind in _RETURNED or not chosen.dry_run):
        return replies.one(call, left)
    if call.kind in _RETURNED:
        return replies.one(call, old)
    return replies.success(call, old["metadata"].get("uid", ""))


async def collection(store: Store, call: Call) -> web.Response:
    """`DELETE` of a collection: everything that the selectors select."""
    if call.kind == NAMESPACES:
        raise not_allowed()
    chosen = await options(call)
    matches = reads.chosen(call)
    found = [obj for obj in store.all(call.kind, call.namespace) if matches(obj)]
    if not chosen.dry_run:
        for obj in found:
            begin(store, call.kind, obj, chosen)
    return replies.many(call, found, {"resourceVersion": str(store.version)})


def _check(kind: Kind, old: Obj, preconditions: Obj) -> None:
    meta = old["metadata"]
    for field_name, title in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        wanted, have = preconditions.get(field_name), meta.get(field_name)
        if wanted is not None and wanted != have:
            text = f"{title} in precondition: {wanted}, {title} in object meta: {have}"
            raise conflict(kind, meta["name"], f"Precondition failed: {text}")


def begin(store: Store, kind: Kind, old: Obj, chosen: Options) -> Obj | None:
    """Start a deletion; None if the object is gone already, else what waits for its end."""
    grace = _grace(kind, old, chosen)
    finalizers = list(old["metadata"].get("finalizers") or [])
    if chosen.finalizer and chosen.finalizer not in finalizers:
        finalizers.append(chosen.finalizer)
    if not finalizers and not grace and kind != NAMESPACES:
        store.remove(kind, old["metadata"].get("namespace"), old["metadata"]["name"])
        return None
    return store.put(kind, _marked(kind, old, grace, finalizers))


def _marked(kind: Kind, old: Obj, grace: int, finalizers: list[str]) -> Obj:
    meta = dict(old["metadata"])
    if finalizers:
        meta["finalizers"] = finalizers
    if "deletionTimestamp" not in meta or grace < meta.get("deletionGracePeriodSeconds", 0):
        end = datetime.now(UTC) + timedelta(seconds=grace)
        meta["deletionTimestamp"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        meta["deletionGracePeriodSeconds"] = grace
        if "generation" in meta:
            meta["generation"] += 1
    new = {**old, "metadata": meta}
    if kind == NAMESPACES:
        meta.pop("deletionGracePeriodSeconds", None)
        new["status"] = {**(old.get("status") or {}), "phase": "Terminating"}
    return new


def _grace(kind: Kind, old: Obj, chosen: Options) -> int:
    """Seconds until a pod is killed; a pod that runs nowhere needs none."""
    if kind != PODS or not old["spec"].get("nodeName"):
        return 0
    if (old.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    if chosen.grace is not None:
        return chosen.grace
    return int(old["spec"].get("terminationGracePeriodSeconds", _GRACE))
