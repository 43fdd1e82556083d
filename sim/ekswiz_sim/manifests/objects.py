"""One object as the API server would judge it: kind, fields, types, values, and Pod Security."""

from __future__ import annotations

import re
from typing import Any

from ekswiz_sim.kubernetes.embedded import kinds
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.embedded.fields import decoding, schema
from ekswiz_sim.kubernetes.embedded.objects import pod_security, system, validation
from ekswiz_sim.kubernetes.embedded.objects.defaults import apply_defaults
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj
from ekswiz_sim.manifests.documents import Document

STANDARD = "restricted"
"""The Pod Security level of the namespace that ekswiz makes."""
_FIELD = re.compile(r"Go struct field \w+\.(\S+) of type")


def check(document: Document, namespace: str) -> Obj:
    """The object, if the API server would take it into this namespace.

    Raises:
        InputError: It would not; with file, line, field and reason.
    """
    kind, obj = _kind(document), document.value
    node = schema.type_of(kind.group_version, kind.kind)
    kept, unknown = decoding.pruned(obj, node)
    if unknown:
        raise document.refusal(f"{kind.kind} has no field {unknown[0]}", unknown[0])
    try:
        decoding.check_types(kept, node, owner=kind.kind)
    except decoding.WrongType as problem:
        field = match[1] if (match := _FIELD.search(str(problem))) else ""
        raise document.refusal(f"{kind.kind}: {problem}", field) from problem
    said = _metadata(document, kept).get("namespace")
    if kind.namespaced and said not in (None, "", namespace):
        why = f"it is for namespace {said}, and the deployment goes to {namespace}"
        raise document.refusal(why, "metadata.namespace")
    _validate(document, kind, kept)
    made: Obj = kept
    return made


def secure(document: Document, obj: Obj) -> None:
    """Refuse pods that the namespace's Pod Security level would not let start.

    Raises:
        InputError: With everything that the level forbids.
    """
    at, spec = "spec", obj.get("spec") or {}
    if isinstance(spec.get("template"), dict):
        at, spec = "spec.template.spec", spec["template"].get("spec") or {}
    if not spec.get("containers"):
        return
    found = pod_security.violations(spec, STANDARD)
    if found:
        forbidden = ", ".join(str(one) for one in found)
        name = f"{obj['kind']} {obj['metadata'].get('name')}"
        raise document.refusal(f"{name}: {at} violates PodSecurity {STANDARD}: {forbidden}", at)


def _kind(document: Document) -> Kind:
    value = document.value
    if not isinstance(value, dict):
        raise document.refusal("it is no Kubernetes object")
    for field in ("apiVersion", "kind"):
        if not isinstance(value.get(field), str):
            raise document.refusal(f"it has no {field}")
    for kind in kinds.SERVED:
        if (kind.group_version, kind.kind) == (value["apiVersion"], value["kind"]):
            return kind
    raise document.refusal(f"{value['kind']} of {value['apiVersion']} is not modelled in a rehearsal", "kind")


def _metadata(document: Document, obj: Obj) -> dict[str, Any]:
    found = obj.setdefault("metadata", {})
    if not isinstance(found, dict):
        raise document.refusal("metadata is no mapping", "metadata")
    return found


def _validate(document: Document, kind: Kind, obj: Obj) -> None:
    try:
        validation.check(kind, apply_defaults(system.begun(kind, obj)))
    except ApiError as refused:
        causes = (refused.details or {}).get("causes") or []
        field = str(causes[0].get("field", "")) if causes else ""
        raise document.refusal(refused.message, field) from refused
