"""Validation of whole objects, after defaulting: what a real API server answers 422 for."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

from ekswiz_sim.kubernetes.embedded.api.errors import (
    Cause,
    duplicate,
    invalid,
    invalid_object,
    prohibited,
    required,
    unsupported,
)
from ekswiz_sim.kubernetes.embedded.fields import schema
from ekswiz_sim.kubernetes.embedded.fields.schema import Node
from ekswiz_sim.kubernetes.embedded.objects import names, pod_security, secrets
from ekswiz_sim.kubernetes.embedded.objects.network_validation import ingress, network_policy, service_choices
from ekswiz_sim.kubernetes.embedded.objects.pod_validation import pod_spec
from ekswiz_sim.kubernetes.embedded.objects.rbac_validation import binding, role
from ekswiz_sim.kubernetes.embedded.objects.scaling_validation import autoscaler, budget, share
from ekswiz_sim.kubernetes.embedded.objects.selection import selector, selects
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj

_SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
_MEBIBYTE = 1 << 20
_RBAC_KINDS = frozenset({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})


def check(kind: Kind, obj: Obj) -> None:
    """Refuse an object that is not valid.

    Raises:
        ApiError: 422 with every field that is wrong.
    """
    found = [*_metadata(kind, obj["metadata"]), *_required(obj, schema.type_of(kind.group_version, kind.kind), "")]
    rules = _BY_KIND.get(kind.kind)
    if rules is not None:
        taken = {cause.field for cause in found}
        found += [cause for cause in rules(obj) if cause.field not in taken]
    if found:
        raise invalid_object(kind, obj["metadata"].get("name", ""), found)


def _metadata(kind: Kind, meta: Obj) -> Iterator[Cause]:
    name = str(meta.get("name") or "")
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif kind.kind in ("Namespace", "Node"):
        yield from (names.label if kind.kind == "Namespace" else names.subdomain)("metadata.name", name)
    elif kind.kind == "Service":
        yield from names.label_1035("metadata.name", name)
    elif kind.kind in _RBAC_KINDS:
        yield from names.path_segment("metadata.name", name)
    else:
        yield from names.subdomain("metadata.name", name)
    yield from names.labels("metadata.labels", meta.get("labels"))
    for key in meta.get("annotations") or {}:
        yield from names.qualified("metadata.annotations", key.lower())


def _required(value: Any, node: Node, at: str) -> Iterator[Cause]:
    resolved = schema.resolve(node)
    if isinstance(value, dict):
        for name in resolved.get("required") or []:
            if value.get(name) is None:
                yield required(f"{at}.{name}".lstrip("."))
        for name, one in value.items():
            # Status and system metadata are written by the system itself.
            if at or name not in ("status", "metadata"):
                yield from _required(one, schema.field(node, name), f"{at}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _required(one, schema.item(node), f"{at}[{index}]")


def _namespace(obj: Obj) -> Iterator[Cause]:
    for label, value, why in pod_security.bad_labels(obj["metadata"].get("labels") or {}):
        yield invalid(f"metadata.labels[{label}]", value, why)
    for name in (obj.get("spec") or {}).get("finalizers") or []:
        if "/" not in name and name not in _FINALIZERS:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid("spec.finalizers", name, why)


def _pod(obj: Obj) -> Iterator[Cause]:
    yield from pod_spec(obj["spec"], "spec")


def _workload(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    if spec.get("replicas", 0) < 0:
        yield invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    chosen, template = spec.get("selector"), spec.get("template") or {}
    if chosen is not None:
        yield from selector(chosen, "spec.selector")
        if not chosen.get("matchLabels") and not chosen.get("matchExpressions"):
            yield invalid("spec.selector", chosen, "empty selector is invalid for deployment")
    labels = (template.get("metadata") or {}).get("labels") or {}
    yield from names.labels("spec.template.metadata.labels", labels)
    if chosen is None or not selects(chosen, labels):
        why = "`selector` does not match template `labels`"
        yield invalid("spec.template.metadata.labels", labels or None, why)
    yield from pod_spec(template.get("spec") or {}, "spec.template.spec")
    policy = (template.get("spec") or {}).get("restartPolicy")
    if policy in ("OnFailure", "Never"):
        yield unsupported("spec.template.spec.restartPolicy", policy, ("Always",))


def _deployment(obj: Obj) -> Iterator[Cause]:
    yield from _workload(obj)
    spec = obj["spec"]
    strategy, at = spec["strategy"], "spec.strategy"
    if strategy["type"] not in ("Recreate", "RollingUpdate"):
        yield unsupported(f"{at}.type", strategy["type"], ("Recreate", "RollingUpdate"))
    elif strategy["type"] == "Recreate" and strategy.get("rollingUpdate") is not None:
        why = "may not be specified when strategy `type` is 'Recreate'"
        yield prohibited(f"{at}.rollingUpdate", why)
    elif strategy["type"] == "RollingUpdate":
        yield from _rolling(strategy["rollingUpdate"], f"{at}.rollingUpdate")
    if spec["progressDeadlineSeconds"] <= (spec.get("minReadySeconds") or 0):
        why = "must be greater than minReadySeconds"
        yield invalid("spec.progressDeadlineSeconds", spec["progressDeadlineSeconds"], why)


def _rolling(rolling: Obj, at: str) -> Iterator[Cause]:
    for name in ("maxUnavailable", "maxSurge"):
        yield from share(f"{at}.{name}", rolling.get(name))
    if all(str(rolling.get(name)).rstrip("%") == "0" for name in ("maxUnavailable", "maxSurge")):
        yield invalid(f"{at}.maxUnavailable", rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0")


def _service(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    kind, ports = spec.get("type"), spec.get("ports") or []
    if kind not in _SERVICE_TYPES:
        yield unsupported("spec.type", kind, _SERVICE_TYPES)
    if kind == "ExternalName" and not spec.get("externalName"):
        yield required("spec.externalName")
    address = spec.get("clusterIP")
    if not ports and kind != "ExternalName" and address != "None":
        yield required("spec.ports")
    if address not in (None, "", "None") and not _is_ip(address):
        yield invalid("spec.clusterIPs[0]", address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
    yield from names.labels("spec.selector", spec.get("selector"))
    yield from service_choices(spec)
    seen: set[str] = set()
    for index, port in enumerate(ports):
        yield from _service_port(port, f"spec.ports[{index}]", several=len(ports) > 1)
        name = str(port.get("name") or "")
        if name and name in seen:
            yield duplicate(f"spec.ports[{index}].name", name)
        seen.add(name)


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _service_port(port: Obj, at: str, *, several: bool) -> Iterator[Cause]:
    if several and not port.get("name"):
        yield required(f"{at}.name")
    if port.get("name"):
        yield from names.label(f"{at}.name", port["name"])
    yield from names.port_number(f"{at}.port", port.get("port", 0))
    if port.get("protocol") not in ("SCTP", "TCP", "UDP"):
        yield unsupported(f"{at}.protocol", port.get("protocol"), ("SCTP", "TCP", "UDP"))
    yield from names.port_reference(f"{at}.targetPort", port.get("targetPort", 0))


def _data(obj: Obj) -> Iterator[Cause]:
    total = 0
    for key in sorted(set(obj.get("data") or {}) & set(obj.get("binaryData") or {})):
        yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    for field in ("data", "binaryData"):
        for key, value in (obj.get(field) or {}).items():
            yield from names.data_key(f"{field}[{key}]", key)
            total += len(str(value).encode())
    if total > _MEBIBYTE:
        yield Cause("", "FieldValueTooLong", f"Too long: may not be more than {_MEBIBYTE} bytes")


def _secret(obj: Obj) -> Iterator[Cause]:
    yield from _data(obj)
    yield from secrets.check(obj)


_BY_KIND: dict[str, Callable[[Obj], Iterator[Cause]]] = {
    "ClusterRole": role,
    "ClusterRoleBinding": binding,
    "ConfigMap": _data,
    "Deployment": _deployment,
    "HorizontalPodAutoscaler": autoscaler,
    "Ingress": ingress,
    "Namespace": _namespace,
    "NetworkPolicy": network_policy,
    "Pod": _pod,
    "PodDisruptionBudget": budget,
    "ReplicaSet": _workload,
    "Role": role,
    "RoleBinding": binding,
    "Secret": _secret,
    "Service": _service,
}
