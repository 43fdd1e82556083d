"""Defaulting: what the API server adds to an object before validation and storage.

Defaults are a pure function of the object, so a template that was defaulted once compares equal to itself for ever;
controllers rely on that when they compare Pod templates.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable

from ekswiz_sim.kubernetes.embedded.objects.pod_defaults import default_pod_spec, default_requests, fill
from ekswiz_sim.kubernetes.embedded.store import Obj

_HPA_CPU_PERCENT = 80


def apply_defaults(obj: Obj) -> Obj:
    """A copy of `obj` with Kubernetes' defaults for its kind; kinds without defaults come back unchanged."""
    new = copy.deepcopy(obj)
    default = _BY_KIND.get(str(new.get("kind")))
    if default is not None:
        default(new)
    return new


def _spec(obj: Obj) -> Obj:
    spec: Obj = obj.setdefault("spec", {})
    return spec


def _pod(obj: Obj) -> None:
    default_pod_spec(_spec(obj))
    default_requests(obj["spec"])
    fill(obj["spec"], enableServiceLinks=True)


def _template(spec: Obj) -> None:
    template = spec.get("template")
    if isinstance(template, dict):
        template.setdefault("metadata", {})
        default_pod_spec(template.setdefault("spec", {}))


def _deployment(obj: Obj) -> None:
    spec = _spec(obj)
    fill(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600, strategy={})
    strategy = spec["strategy"]
    fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        fill(strategy, rollingUpdate={})
        fill(strategy["rollingUpdate"], maxSurge="25%", maxUnavailable="25%")
    _template(spec)


def _replica_set(obj: Obj) -> None:
    fill(_spec(obj), replicas=1)
    _template(obj["spec"])


def _service(obj: Obj) -> None:
    spec = _spec(obj)
    fill(spec, type="ClusterIP", sessionAffinity="None")
    kind = spec["type"]
    if spec["sessionAffinity"] == "ClientIP":
        fill(spec, sessionAffinityConfig={"clientIP": {"timeoutSeconds": 10800}})
    if kind in ("NodePort", "LoadBalancer"):
        fill(spec, externalTrafficPolicy="Cluster")
    if kind == "LoadBalancer":
        fill(spec, allocateLoadBalancerNodePorts=True)
    if kind != "ExternalName":
        fill(spec, internalTrafficPolicy="Cluster", ipFamilyPolicy="SingleStack", ipFamilies=["IPv4"])
    for port in spec.get("ports") or []:
        fill(port, protocol="TCP")
        fill(port, targetPort=port.get("port"))
    _drop_nulls(spec)


def _drop_nulls(spec: Obj) -> None:
    for name in [name for name, value in spec.items() if value is None]:
        del spec[name]


def _network_policy(obj: Obj) -> None:
    spec = _spec(obj)
    fill(spec, podSelector={})
    fill(spec, policyTypes=["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    for rule in [*(spec.get("ingress") or []), *(spec.get("egress") or [])]:
        for port in rule.get("ports") or []:
            fill(port, protocol="TCP")


def _secret(obj: Obj) -> None:
    fill(obj, type="Opaque")
    plain = obj.pop("stringData", None) or {}
    for name, value in plain.items():
        obj.setdefault("data", {})[name] = base64.b64encode(str(value).encode()).decode()


def _namespace(obj: Obj) -> None:
    obj["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = obj["metadata"].get("name", "")


def _hpa(obj: Obj) -> None:
    spec = _spec(obj)
    fill(spec, minReplicas=1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": _HPA_CPU_PERCENT}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if behavior is not None:
        _hpa_rules(behavior)


def _hpa_rules(behavior: Obj) -> None:
    percent = {"type": "Percent", "value": 100, "periodSeconds": 15}
    down = behavior.setdefault("scaleDown", {})
    fill(down, selectPolicy="Max", policies=[percent])
    up = behavior.setdefault("scaleUp", {})
    pods = {"type": "Pods", "value": 4, "periodSeconds": 15}
    fill(up, selectPolicy="Max", stabilizationWindowSeconds=0, policies=[pods, dict(percent)])


def _ingress(obj: Obj) -> None:
    for rule in _spec(obj).get("rules") or []:
        for path in (rule.get("http") or {}).get("paths") or []:
            fill(path, pathType="ImplementationSpecific")


def _role_binding(obj: Obj) -> None:
    group = "rbac.authorization.k8s.io"
    if isinstance(obj.get("roleRef"), dict) and not obj["roleRef"].get("apiGroup"):
        obj["roleRef"]["apiGroup"] = group
    for subject in obj.get("subjects") or []:
        if subject.get("kind") in ("User", "Group") and not subject.get("apiGroup"):
            subject["apiGroup"] = group


def _endpoint_slice(obj: Obj) -> None:
    fill(obj, endpoints=[])
    for port in obj.get("ports") or []:
        fill(port, protocol="TCP", name="")


def _endpoints(obj: Obj) -> None:
    for subset in obj.get("subsets") or []:
        for port in subset.get("ports") or []:
            fill(port, protocol="TCP")


_BY_KIND: dict[str, Callable[[Obj], None]] = {
    "Deployment": _deployment,
    "EndpointSlice": _endpoint_slice,
    "Endpoints": _endpoints,
    "HorizontalPodAutoscaler": _hpa,
    "Ingress": _ingress,
    "Namespace": _namespace,
    "NetworkPolicy": _network_policy,
    "Pod": _pod,
    "ClusterRoleBinding": _role_binding,
    "ReplicaSet": _replica_set,
    "RoleBinding": _role_binding,
    "Secret": _secret,
    "Service": _service,
}
