"""Validation of what routes traffic: Ingresses, NetworkPolicies, and the choices of a Service.

Texts were compared with those of kube-apiserver 1.36.2.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from ekswiz_sim.kubernetes.embedded.api.errors import Cause, invalid, prohibited, required, unsupported
from ekswiz_sim.kubernetes.embedded.objects import names
from ekswiz_sim.kubernetes.embedded.objects.selection import selector
from ekswiz_sim.kubernetes.embedded.store import Obj

_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_FAMILIES = ("IPv4", "IPv6")
_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_TRAFFIC = ("Cluster", "Local")
_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
_CHOICES = {
    "ipFamilyPolicy": _POLICIES, "internalTrafficPolicy": _TRAFFIC, "externalTrafficPolicy": _TRAFFIC,
    "sessionAffinity": ("ClientIP", "None"), "trafficDistribution": _DISTRIBUTIONS,
}  # fmt: skip


def service_choices(spec: Obj) -> Iterator[Cause]:
    """Words of a Service that have to be one of a list, and fields that only some types have."""
    kind = spec.get("type")
    for name, choices in _CHOICES.items():
        if spec.get(name) and spec[name] not in choices:
            yield unsupported(f"spec.{name}", spec[name], choices)
    for index, family in enumerate(spec.get("ipFamilies") or []):
        if family not in _FAMILIES:
            yield unsupported(f"spec.ipFamilies[{index}]", family, _FAMILIES)
    if spec.get("loadBalancerClass") and kind != "LoadBalancer":
        yield prohibited("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'")
    policy = spec.get("externalTrafficPolicy")
    if policy and kind not in ("LoadBalancer", "NodePort"):
        yield invalid("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services")
    port = spec.get("healthCheckNodePort")
    if port and not (kind == "LoadBalancer" and policy == "Local"):
        why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        yield invalid("spec.healthCheckNodePort", port, why)


def ingress(obj: Obj) -> Iterator[Cause]:
    """An Ingress."""
    spec = obj.get("spec") or {}
    if spec.get("defaultBackend") is None and not spec.get("rules"):
        yield invalid("spec", None, "either `defaultBackend` or `rules` must be specified")
    if spec.get("defaultBackend") is not None:
        yield from _backend(spec["defaultBackend"], "spec.defaultBackend")
    for index, rule in enumerate(spec.get("rules") or []):
        at = f"spec.rules[{index}]"
        host = str(rule.get("host") or "")
        if host:
            yield from names.subdomain(f"{at}.host", host.removeprefix("*."))
        for number, path in enumerate((rule.get("http") or {}).get("paths") or []):
            yield from _path(path, f"{at}.http.paths[{number}]")


def _path(path: Obj, at: str) -> Iterator[Cause]:
    kind, value = path.get("pathType"), str(path.get("path") or "")
    if kind not in _PATH_TYPES:
        yield unsupported(f"{at}.pathType", kind, _PATH_TYPES)
    elif kind != "ImplementationSpecific" and not value.startswith("/"):
        yield invalid(f"{at}.path", value, "must be an absolute path")
    yield from _backend(path.get("backend") or {}, f"{at}.backend")


def _backend(backend: Obj, at: str) -> Iterator[Cause]:
    service = backend.get("service")
    if backend.get("resource") is not None and service is not None:
        yield invalid(at, "", "cannot set both resource and service backends")
    elif service is None and backend.get("resource") is None:
        yield invalid(at, "", "resource or service backend is required")
    elif service is not None:
        if not service.get("name"):
            yield required(f"{at}.service.name")
        port = service.get("port") or {}
        if not port.get("name") and not port.get("number"):
            yield required(at, "port name or number is required")
        elif port.get("name") and port.get("number"):
            yield invalid(at, "", "cannot set both port name & port number")


def network_policy(obj: Obj) -> Iterator[Cause]:
    """A NetworkPolicy."""
    spec = obj.get("spec") or {}
    yield from selector(spec.get("podSelector") or {}, "spec.podSelector")
    for field, side in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(field) or []):
            at = f"spec.{field}[{index}]"
            yield from _ports(rule.get("ports") or [], f"{at}.ports")
            for number, peer in enumerate(rule.get(side) or []):
                yield from _peer(peer, f"{at}.{side}[{number}]")
    for index, kind in enumerate(spec.get("policyTypes") or []):
        if kind not in ("Ingress", "Egress"):
            yield unsupported(f"spec.policyTypes[{index}]", kind, ("Egress", "Ingress"))


def _ports(ports: Sequence[Obj], at: str) -> Iterator[Cause]:
    for index, port in enumerate(ports):
        if port.get("port") is not None:
            yield from names.port_reference(f"{at}[{index}].port", port["port"])
        if port.get("protocol") not in (None, "SCTP", "TCP", "UDP"):
            yield unsupported(f"{at}[{index}].protocol", port["protocol"], ("SCTP", "TCP", "UDP"))


def _peer(peer: Obj, at: str) -> Iterator[Cause]:
    given = [name for name in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(name) is not None]
    if not given:
        yield required(at, "must specify a peer")
    if "ipBlock" in given and len(given) > 1:
        yield prohibited(at, "may not specify both ipBlock and another peer")
    for name in given:
        if name == "ipBlock":
            yield from _block(peer[name], f"{at}.ipBlock")
        else:
            yield from selector(peer[name], f"{at}.{name}")


def _block(block: Obj, at: str) -> Iterator[Cause]:
    if not block.get("cidr"):
        yield required(f"{at}.cidr")
    elif not _is_network(str(block["cidr"])):
        why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
        yield invalid(f"{at}.cidr", block["cidr"], why)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text
