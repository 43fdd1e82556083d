"""What may not change once an object exists."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from ekswiz_sim.kubernetes.embedded.api.errors import Cause, invalid, invalid_object, prohibited
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj

_POD_TEXT = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def check(kind: Kind, old: Obj, new: Obj) -> None:
    """Refuse a change to a field that is fixed.

    Raises:
        ApiError: 422.
    """
    found = [*_metadata(old, new)]
    rules = _BY_KIND.get(kind.kind)
    if rules is not None:
        found += rules(old, new)
    if found:
        raise invalid_object(kind, new["metadata"]["name"], found)


def _metadata(old: Obj, new: Obj) -> Iterator[Cause]:
    for name in ("name", "namespace"):
        before, after = old["metadata"].get(name), new["metadata"].get(name)
        if before != after:
            yield invalid(f"metadata.{name}", after, "field is immutable")


def _selector(old: Obj, new: Obj) -> Iterator[Cause]:
    before, after = old["spec"].get("selector"), new["spec"].get("selector")
    if before != after:
        yield invalid("spec.selector", after, "field is immutable")


def _pod(old: Obj, new: Obj) -> Iterator[Cause]:
    if _fixed(old["spec"]) != _fixed(new["spec"]):
        yield prohibited("spec", _POD_TEXT)


def _fixed(spec: Obj) -> Obj:
    fixed = copy.deepcopy(spec)
    for name in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"):
        fixed.pop(name, None)
    for container in [*(fixed.get("initContainers") or []), *(fixed.get("containers") or [])]:
        container.pop("image", None)
    return fixed


def _service(old: Obj, new: Obj) -> Iterator[Cause]:
    before, after = old["spec"], new["spec"]
    external = "ExternalName" in (before.get("type"), after.get("type"))
    had = before.get("clusterIP")
    if not external and had and after.get("clusterIP") not in (None, "", had):
        yield invalid("spec.clusterIPs[0]", [after["clusterIP"]], "may not change once set")


def _config(old: Obj, new: Obj) -> Iterator[Cause]:
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield prohibited("immutable", "field is immutable when `immutable` is set")
    for name in ("data", "binaryData"):
        if (old.get(name) or {}) != (new.get(name) or {}):
            yield prohibited(name, "field is immutable when `immutable` is set")


def _secret(old: Obj, new: Obj) -> Iterator[Cause]:
    yield from _config(old, new)
    if old.get("type") != new.get("type"):
        yield invalid("type", new.get("type"), "field is immutable")


def _binding(old: Obj, new: Obj) -> Iterator[Cause]:
    before: Any = old.get("roleRef")
    if before != new.get("roleRef"):
        yield invalid("roleRef", new.get("roleRef"), "cannot change roleRef")


_BY_KIND: dict[str, Callable[[Obj, Obj], Iterator[Cause]]] = {
    "ClusterRoleBinding": _binding,
    "ConfigMap": _config,
    "Deployment": _selector,
    "Pod": _pod,
    "ReplicaSet": _selector,
    "RoleBinding": _binding,
    "Secret": _secret,
    "Service": _service,
}
