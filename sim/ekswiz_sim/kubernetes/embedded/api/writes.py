"""Writing: create, update, patch and server-side apply, through one path of typing, defaults, checks and storage."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ekswiz_sim.kubernetes.embedded.access import escalation
from ekswiz_sim.kubernetes.embedded.api import bodies, reads, replies, scale
from ekswiz_sim.kubernetes.embedded.api.errors import (
    ApiError,
    Cause,
    already_exists,
    bad_request,
    conflict,
    invalid_object,
    modified,
    not_allowed,
    not_found,
)
from ekswiz_sim.kubernetes.embedded.api.namespaces import furnish
from ekswiz_sim.kubernetes.embedded.api.routing import Call
from ekswiz_sim.kubernetes.embedded.fields import apply, decoding, managed, patches, schema
from ekswiz_sim.kubernetes.embedded.fields.managed import Manager
from ekswiz_sim.kubernetes.embedded.kinds import PODS, SERVICES
from ekswiz_sim.kubernetes.embedded.objects import admission, immutability, system, validation
from ekswiz_sim.kubernetes.embedded.objects.defaults import apply_defaults
from ekswiz_sim.kubernetes.embedded.seams import Network
from ekswiz_sim.kubernetes.embedded.store import Obj, Store


class Writer:
    """Every change that a client makes to an object."""

    def __init__(self, store: Store, network: Network, ca_pem: bytes = b"") -> None:
        self._store = store
        self._network = network
        self._ca_pem = ca_pem

    async def create(self, call: Call) -> web.Response:
        """`POST` to a collection."""
        if call.name:
            raise not_allowed()
        obj, warnings = bodies.typed(call, await bodies.read(call))
        new = self._new(call, obj)
        new = managed.updated(None, new, self._node(call), Manager(call.manager, "Update"))
        new = self._keep(call, new)
        return replies.one(call, new, 201, [*warnings, *admission.warnings(self._store, new)])

    async def update(self, call: Call) -> web.Response:
        """`PUT` of an object or one of its subresources."""
        old = reads.stored(self._store, call)
        body = await bodies.read(call)
        if call.route.subresource == "scale":
            return self._scaled(call, old, body)
        obj, warnings = bodies.typed(call, body)
        return self._replaced(call, old, obj, warnings)

    async def patch(self, call: Call) -> web.Response:
        """`PATCH` by any of the four media types."""
        body = await bodies.read(call)
        media = call.request.content_type
        if media == patches.APPLY:
            return self._applied(call, body)
        old = reads.stored(self._store, call)
        if call.route.subresource == "scale":
            node = schema.type_of("autoscaling/v1", "Scale")
            return self._scaled(call, old, patches.patched(scale.of(old), body, media, node))
        patched = patches.patched(old, body, media, self._node(call))
        obj, warnings = self._typed_patch(call, patched, body)
        return self._replaced(call, old, obj, warnings)

    # ---- the steps

    @staticmethod
    def _node(call: Call) -> schema.Node:
        return schema.type_of(call.kind.group_version, call.kind.kind)

    @staticmethod
    def _typed_patch(call: Call, patched: Obj, patch: Any) -> tuple[Obj, list[str]]:
        try:
            return bodies.typed(call, patched)
        except ApiError as refused:
            why = refused.message.partition(f"cannot be handled as a {call.kind.kind}: ")[2]
            if not why:
                raise
            raise patches.refused_patch(patch, why) from refused

    def _new(self, call: Call, obj: Obj) -> Obj:
        admission.namespace_open(self._store, call.kind, obj)
        if obj["metadata"].get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        new = apply_defaults(system.begun(call.kind, obj))
        validation.check(call.kind, new)
        name = new["metadata"]["name"]
        if self._store.get(call.kind, call.namespace, name) is not None:
            raise already_exists(call.kind, name)
        escalation.check(self._store, call.user, call.grants, call.kind, new)
        if call.kind == PODS:
            new = admission.admit_pod(self._store, new)
        return new

    def _scaled(self, call: Call, old: Obj, body: Any) -> web.Response:
        if not isinstance(body, dict) or not isinstance((body.get("spec") or {}).get("replicas", 0), int):
            raise bad_request("json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32")
        self._same_version(call, old, body)
        new = self._next(call, old, scale.onto(old, body), managers=True)
        new = self._keep(call, new)
        return replies.one(call, scale.of(new))

    def _replaced(self, call: Call, old: Obj, obj: Obj, warnings: list[str]) -> web.Response:
        self._same_version(call, old, obj)
        new = self._keep(call, self._next(call, old, obj, managers=True), old)
        return replies.one(call, new, 200, [*warnings, *admission.warnings(self._store, new, old)])

    @staticmethod
    def _same_name(call: Call, obj: Obj) -> None:
        name = (obj.get("metadata") or {}).get("name", call.name)
        if name != call.name:
            raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({call.name})")

    def _same_version(self, call: Call, old: Obj, obj: Obj) -> None:
        self._same_name(call, obj)
        meta, name = obj.get("metadata") or {}, call.name
        if meta.get("resourceVersion") not in (None, "", old["metadata"]["resourceVersion"]):
            raise modified(call.kind, name)
        if meta.get("uid") not in (None, "", old["metadata"].get("uid")):
            uids = f"UID in precondition: {meta['uid']}, UID in object meta: {old['metadata'].get('uid')}"
            raise conflict(call.kind, name, f"Precondition failed: {uids}")

    def _next(self, call: Call, old: Obj, obj: Obj, *, managers: bool) -> Obj:
        """The object's next version: system fields kept, defaulted, checked, owned."""
        subresource = call.route.subresource
        owners = obj["metadata"].get("managedFields")
        new = system.continued(call.kind, old, obj, subresource)
        if subresource != "status":
            new = self._settled(call, old, new)
        if managers:
            manager = Manager(call.manager, "Update", subresource)
            return managed.updated(_with_owners(old, obj), new, self._node(call), manager)
        return {**new, "metadata": {**new["metadata"], "managedFields": owners}}

    def _settled(self, call: Call, old: Obj, new: Obj) -> Obj:
        if call.kind == SERVICES:
            new = _with_addresses(old, new)
        new = apply_defaults(new)
        validation.check(call.kind, new)
        immutability.check(call.kind, old, new)
        admission.not_terminating(call.kind, old, new)
        if call.kind == PODS and new["spec"] != old["spec"]:
            admission.enforce(self._store, new)
        if any(old.get(part) != new.get(part) for part in ("rules", "subjects", "roleRef")):
            escalation.check(self._store, call.user, call.grants, call.kind, new)
        return system.counted(call.kind, old, new)

    def _applied(self, call: Call, body: Any) -> web.Response:
        """Server-side apply."""
        manager = Manager(self._applier(call), "Apply", call.route.subresource)
        declared, warnings = self._declared(call, body)
        live = self._store.get(call.kind, call.namespace, call.name)
        if live is None and call.route.subresource:
            raise not_found(call.kind, call.name)
        uid = declared["metadata"].get("uid")
        if live is None and uid:
            why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise conflict(call.kind, call.name, why)
        self._same_name(call, declared)
        if live is not None:
            self._same_version(call, live, declared)
        force = call.request.query.get("force") == "true"
        owned = apply.applied(live, _plain(declared), self._node(call), manager, force=force)
        if live is None:
            made = self._new(call, owned)
            # Who declares no field owns none.
            owners = {name: one for name, one in owned["metadata"].items() if name == "managedFields"}
            new = {**made, "metadata": {**made["metadata"], **owners}}
        else:
            new = self._next(call, live, owned, managers=False)
        new = self._keep(call, new, live)
        status = 201 if live is None else 200
        return replies.one(call, new, status, [*warnings, *admission.warnings(self._store, new, live)])

    @staticmethod
    def _applier(call: Call) -> str:
        name = call.request.query.get("fieldManager")
        if not name:
            text = 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
            cause = {"reason": "FieldValueRequired", "message": "Required value: is required for apply patch"}
            raise ApiError(422, "Invalid", text, {"causes": [{**cause, "field": "fieldManager"}]})
        return name

    def _declared(self, call: Call, body: Any) -> tuple[Obj, list[str]]:
        if not isinstance(body, dict):
            raise bad_request("error decoding YAML: the body is not an object")
        for part in ("apiVersion", "kind"):
            if not body.get(part):
                raise bad_request(f"{part} must be set in an apply patch")
        _, unknown = decoding.pruned(body, self._node(call))
        if unknown:
            meta = body.get("metadata") or {}
            where = f"{meta.get('namespace') or call.namespace or ''}/{meta.get('name', '')}"
            subject = f"({where}; {call.kind.group_version}, Kind={call.kind.kind})"
            text = f"failed to create typed patch object {subject}: .{unknown[0]}: field not declared in schema"
            raise ApiError(500, "", text)
        if (body.get("metadata") or {}).get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        declared, warnings = bodies.typed(call, body)
        declared["metadata"].setdefault("name", call.name)
        return declared, warnings

    def _keep(self, call: Call, new: Obj, old: Obj | None = None) -> Obj:
        """Store it, unless this is a rehearsal (`dryRun`); a released object that waited for it goes."""
        if call.kind == SERVICES:
            new = self._allocated(call, new)
        if call.dry_run:
            return new
        if old is not None and _released(call, old, new):
            self._store.remove(call.kind, call.namespace, call.name)
            return new
        stored = self._store.put(call.kind, new)
        if call.kind.kind == "Namespace" and old is None:
            furnish(self._store, stored["metadata"]["name"], self._ca_pem)
        return stored

    def _allocated(self, call: Call, service: Obj) -> Obj:
        try:
            return self._network.allocate(service)
        except ValueError as refused:
            field = "spec.clusterIPs"
            cause = Cause(field, "FieldValueInvalid", str(refused).removeprefix(f"{field}: "))
            raise invalid_object(call.kind, service["metadata"]["name"], [cause]) from refused


def _released(call: Call, old: Obj, new: Obj) -> bool:
    """Whether this write took the last finalizer from an object that only waited for that."""
    if call.kind == PODS or call.kind.kind == "Namespace" or "deletionTimestamp" not in old["metadata"]:
        return False
    return bool(old["metadata"].get("finalizers")) and not new["metadata"].get("finalizers")


def _with_owners(old: Obj, obj: Obj) -> Obj:
    """`old`, with the owners that a client hands in: an empty list forgets them all."""
    given = obj["metadata"].get("managedFields")
    if not isinstance(given, list) or given == old["metadata"].get("managedFields"):
        return old
    return {**old, "metadata": {**old["metadata"], "managedFields": given}}


def _plain(declared: Obj) -> Obj:
    """What was declared, without what nobody can declare."""
    system = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation")
    meta = {name: value for name, value in declared["metadata"].items() if name not in system}
    return {**declared, "metadata": meta}


def _with_addresses(old: Obj, new: Obj) -> Obj:
    """A Service that keeps what was allocated for it: clients do not send it back."""
    before, after = old["spec"], dict(new["spec"])
    if "ExternalName" in (before.get("type"), after.get("type", "ClusterIP")):
        return new
    for name in ("clusterIP", "clusterIPs"):
        if not after.get(name) and before.get(name):
            after[name] = before[name]
    return {**new, "spec": after}
