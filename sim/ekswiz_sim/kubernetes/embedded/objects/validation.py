"""Validation of whole objects, after defaulting: what a real API server answers 422 for."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
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
from ekswiz_sim.kubernetes.embedded.objects import names
from ekswiz_sim.kubernetes.embedded.objects.pod_validation import pod_spec
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj

_SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_OPERATORS = ("DoesNotExist", "Exists", "In", "NotIn")
_SUBJECTS = ("Group", "ServiceAccount", "User")
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


def _pod(obj: Obj) -> Iterator[Cause]:
    yield from pod_spec(obj["spec"], "spec")


def selects(selector: Obj, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector matches labels."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression(one, labels) for one in selector.get("matchExpressions") or [])


def _expression(one: Obj, labels: Mapping[str, str]) -> bool:
    key, operator = one.get("key", ""), one.get("operator")
    if operator in ("Exists", "DoesNotExist"):
        return (key in labels) is (operator == "Exists")
    inside = key in labels and labels[key] in (one.get("values") or [])
    return inside is (operator == "In")


def _selector(selector: Obj, at: str) -> Iterator[Cause]:
    yield from names.labels(f"{at}.matchLabels", selector.get("matchLabels"))
    for index, one in enumerate(selector.get("matchExpressions") or []):
        where, operator = f"{at}.matchExpressions[{index}]", one.get("operator")
        if operator not in _OPERATORS:
            yield invalid(f"{where}.operator", operator, "not a valid selector operator")
        elif operator in ("In", "NotIn") and not one.get("values"):
            yield required(f"{where}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Exists", "DoesNotExist") and one.get("values"):
            yield prohibited(f"{where}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")


def _workload(obj: Obj) -> Iterator[Cause]:
    spec, word = obj["spec"], "deployment" if obj["kind"] == "Deployment" else "replicaset"
    if spec.get("replicas", 0) < 0:
        yield invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    selector, template = spec.get("selector"), spec.get("template") or {}
    if selector is not None:
        yield from _selector(selector, "spec.selector")
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            yield invalid("spec.selector", selector, f"empty selector is invalid for {word}")
    labels = (template.get("metadata") or {}).get("labels") or {}
    yield from names.labels("spec.template.metadata.labels", labels)
    if selector is None or not selects(selector, labels):
        why = "`selector` does not match template `labels`"
        yield invalid("spec.template.metadata.labels", labels, why)
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
        value = rolling.get(name)
        percent = isinstance(value, str) and value.endswith("%") and value[:-1].isdecimal()
        if isinstance(value, str) and not percent:
            yield invalid(f"{at}.{name}", value, "a valid percent string must be a numeric string followed by an "
                          "ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")  # fmt: skip
        elif isinstance(value, int) and value < 0:
            yield invalid(f"{at}.{name}", value, "must be greater than or equal to 0")
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
    for field in ("data", "binaryData"):
        for key, value in (obj.get(field) or {}).items():
            yield from names.data_key(f"{field}[{key}]", key)
            total += len(str(value).encode())
    if total > _MEBIBYTE:
        yield Cause("", "FieldValueTooLong", f"Too long: may not be more than {_MEBIBYTE} bytes")


def _role(obj: Obj) -> Iterator[Cause]:
    for index, rule in enumerate(obj.get("rules") or []):
        at = f"rules[{index}]"
        if not rule.get("verbs"):
            yield required(f"{at}.verbs", "verbs must contain at least one value")
        if rule.get("nonResourceURLs"):
            if obj["kind"] == "Role":
                why = "namespaced rules cannot apply to non-resource URLs"
                yield invalid(f"{at}.nonResourceURLs", rule["nonResourceURLs"], why)
            continue
        if not rule.get("apiGroups"):
            yield required(f"{at}.apiGroups", "resource rules must supply at least one api group")
        if not rule.get("resources"):
            yield required(f"{at}.resources", "resource rules must supply at least one resource")


def _binding(obj: Obj) -> Iterator[Cause]:
    ref = obj.get("roleRef") or {}
    kinds = ("ClusterRole",) if obj["kind"] == "ClusterRoleBinding" else ("Role", "ClusterRole")
    if ref.get("apiGroup") != "rbac.authorization.k8s.io":
        yield unsupported("roleRef.apiGroup", ref.get("apiGroup", ""), ("rbac.authorization.k8s.io",))
    if ref.get("kind") not in kinds:
        yield unsupported("roleRef.kind", ref.get("kind", ""), kinds)
    for index, subject in enumerate(obj.get("subjects") or []):
        at = f"subjects[{index}]"
        if subject.get("kind") not in _SUBJECTS:
            yield unsupported(f"{at}.kind", subject.get("kind", ""), _SUBJECTS)
        if subject.get("kind") == "ServiceAccount" and not subject.get("namespace") and obj["kind"] != "RoleBinding":
            yield required(f"{at}.namespace")


def _autoscaler(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    low, high = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if low < 1:
        yield invalid("spec.minReplicas", low, "must be greater than or equal to 1")
    if high < 1:
        yield invalid("spec.maxReplicas", high, "must be greater than 0")
    elif high < low:
        yield invalid("spec.maxReplicas", high, "must be greater than or equal to `minReplicas`")


def _budget(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        yield invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")


_BY_KIND: dict[str, Callable[[Obj], Iterator[Cause]]] = {
    "ClusterRole": _role,
    "ClusterRoleBinding": _binding,
    "ConfigMap": _data,
    "Deployment": _deployment,
    "HorizontalPodAutoscaler": _autoscaler,
    "Pod": _pod,
    "PodDisruptionBudget": _budget,
    "ReplicaSet": _workload,
    "Role": _role,
    "RoleBinding": _binding,
    "Secret": _data,
    "Service": _service,
}
