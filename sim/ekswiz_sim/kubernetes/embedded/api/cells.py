"""What stands in the cells of `kubectl get`, per kind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ekswiz_sim.kubernetes.embedded.store import Obj

_NONE = "<none>"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def seconds_since(moment: str) -> int:
    """Seconds since an API time; never negative."""
    then = datetime.fromisoformat(moment)
    return max(0, int((datetime.now(UTC) - then).total_seconds()))


def human(seconds: int) -> str:
    """A duration as kubectl writes it: 45s, 3m20s, 25m, 5h10m, 30h, 3d4h, 30d."""
    minutes, hours, days = seconds // _MINUTE, seconds // _HOUR, seconds // _DAY
    for limit, text in (
        (2 * _MINUTE, f"{seconds}s"),
        (10 * _MINUTE, f"{minutes}m{_rest(seconds % _MINUTE, 's')}"),
        (3 * _HOUR, f"{minutes}m"),
        (8 * _HOUR, f"{hours}h{_rest(minutes % 60, 'm')}"),
        (2 * _DAY, f"{hours}h"),
        (8 * _DAY, f"{days}d{_rest(hours % 24, 'h')}"),
    ):
        if seconds < limit:
            return text
    return f"{days}d"


def _rest(value: int, unit: str) -> str:
    return f"{value}{unit}" if value else ""


def age(obj: Obj) -> str:
    """Of an object, since its creation."""
    created = obj["metadata"].get("creationTimestamp")
    return human(seconds_since(created)) if created else "<unknown>"


def selector(value: Obj | None) -> str:
    """A label selector in the command line's form."""
    value = value or {}
    parts = [f"{key}={one}" for key, one in sorted((value.get("matchLabels") or {}).items())]
    for one in value.get("matchExpressions") or []:
        listed = ",".join(one.get("values") or [])
        forms = {"In": f"{one['key']} in ({listed})", "NotIn": f"{one['key']} notin ({listed})"}
        parts.append(forms.get(one["operator"], one["key"] if one["operator"] == "Exists" else f"!{one['key']}"))
    return ",".join(parts) or _NONE


def pod(obj: Obj) -> list[Any]:
    """Ready, status, restarts, age and where it runs."""
    spec, status = obj["spec"], obj.get("status") or {}
    states = status.get("containerStatuses") or []
    ready = sum(1 for one in states if one.get("ready"))
    gates = spec.get("readinessGates")
    return [
        f"{ready}/{len(spec.get('containers') or [])}",
        _pod_status(obj, states),
        _restarts(states),
        age(obj),
        status.get("podIP") or _NONE,
        spec.get("nodeName") or _NONE,
        status.get("nominatedNodeName") or _NONE,
        f"0/{len(gates)}" if gates else _NONE,
    ]


def _pod_status(obj: Obj, states: list[Obj]) -> str:
    status = obj.get("status") or {}
    reason = str(status.get("reason") or status.get("phase") or "Unknown")
    for one in reversed(states):
        waiting = (one.get("state") or {}).get("waiting") or {}
        ended = (one.get("state") or {}).get("terminated") or {}
        if waiting.get("reason"):
            reason = waiting["reason"]
        elif ended.get("reason"):
            reason = ended["reason"]
        elif ended:
            reason = f"ExitCode:{ended.get('exitCode', 0)}"
    return "Terminating" if "deletionTimestamp" in obj["metadata"] else reason


def _restarts(states: list[Obj]) -> str:
    count = sum(int(one.get("restartCount", 0)) for one in states)
    ends = [((one.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for one in states]
    last = max((end for end in ends if end), default=None)
    return f"{count} ({human(seconds_since(last))} ago)" if count and last else str(count)


def _template(spec: Obj) -> list[str]:
    containers = spec.get("template", {}).get("spec", {}).get("containers") or []
    names = ",".join(str(one.get("name", "")) for one in containers)
    return [names, ",".join(str(one.get("image", "")) for one in containers), selector(spec.get("selector"))]


def deployment(obj: Obj) -> list[Any]:
    """Ready of desired, up-to-date, available."""
    spec, status = obj["spec"], obj.get("status") or {}
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}"
    counts = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [ready, *counts, age(obj), *_template(spec)]


def replica_set(obj: Obj) -> list[Any]:
    """Desired, current, ready."""
    spec, status = obj["spec"], obj.get("status") or {}
    counts = [spec.get("replicas", 1), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [counts[0], counts[1], str(counts[2]), age(obj), *_template(spec)]


def service(obj: Obj) -> list[Any]:
    """Type, addresses and ports."""
    spec = obj["spec"]
    points = obj.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    external = ",".join(str(one.get("ip") or one.get("hostname")) for one in points)
    if spec.get("type") == "ExternalName":
        external = spec.get("externalName", "")
    elif spec.get("type") == "LoadBalancer":
        external = external or "<pending>"
    ports = ",".join(_service_port(port) for port in spec.get("ports") or [])
    chosen = ",".join(f"{key}={value}" for key, value in sorted((spec.get("selector") or {}).items()))
    address = spec.get("clusterIP") or _NONE
    return [spec.get("type", ""), address, external or _NONE, ports or _NONE, age(obj), chosen or _NONE]


def _service_port(port: Obj) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port.get('protocol', 'TCP')}"


def node(obj: Obj) -> list[Any]:
    """Status, roles, kubelet version."""
    conditions = (obj.get("status") or {}).get("conditions") or []
    ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
    label = "node-role.kubernetes.io/"
    labels = obj["metadata"].get("labels") or {}
    roles = ",".join(sorted(name.removeprefix(label) for name in labels if name.startswith(label)))
    version = (obj.get("status") or {}).get("nodeInfo", {}).get("kubeletVersion", "")
    return ["Ready" if ready else "NotReady", roles or _NONE, age(obj), version]


def endpoints(obj: Obj) -> list[Any]:
    """Addresses with ports."""
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or []
        for address in subset.get("addresses") or []
        for port in subset.get("ports") or []
    ]
    return [_some(found), age(obj)]


def endpoint_slice(obj: Obj) -> list[Any]:
    """Address type, ports, addresses."""
    ports = [str(port.get("port", "*")) for port in obj.get("ports") or []]
    found = [address for one in obj.get("endpoints") or [] for address in one.get("addresses") or []]
    unset = "<unset>"
    return [obj.get("addressType", ""), ",".join(ports) or unset, ",".join(found[:3]) or unset, age(obj)]


def _some(values: list[str]) -> str:
    if not values:
        return _NONE
    more = f" + {len(values) - 3} more..." if len(values) > 3 else ""  # noqa: PLR2004 - kubectl shows three
    return ",".join(values[:3]) + more


def event(obj: Obj) -> list[Any]:
    """When, what, about what."""
    about = obj.get("involvedObject") or {}
    last = obj.get("lastTimestamp") or obj.get("eventTime") or obj["metadata"].get("creationTimestamp")
    first = obj.get("firstTimestamp") or obj.get("eventTime") or last
    source = obj.get("source") or {}
    return [
        human(seconds_since(last)) if last else "<unknown>",
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
        str(obj.get("message", "")).strip(),
        about.get("fieldPath", ""),
        ", ".join(str(source[name]) for name in ("component", "host") if source.get(name)),
        human(seconds_since(first)) if first else "<unknown>",
        obj.get("count", 1),
        obj["metadata"]["name"],
    ]


def binding(obj: Obj) -> list[Any]:
    """Role and subjects."""
    ref, subjects = obj.get("roleRef") or {}, obj.get("subjects") or []

    def names(kind: str) -> str:
        return ", ".join(_names(one for one in subjects if one.get("kind") == kind))

    return [f"{ref.get('kind')}/{ref.get('name')}", age(obj), names("User"), names("Group"), names("ServiceAccount")]


def _names(subjects: Iterable[Obj]) -> Iterable[str]:
    for one in subjects:
        namespace = one.get("namespace")
        yield f"{namespace}/{one['name']}" if namespace else str(one["name"])


def autoscaler(obj: Obj) -> list[Any]:
    """What scales, between which bounds."""
    spec = obj["spec"]
    ref = spec["scaleTargetRef"]
    targets = ", ".join(_metric(one) for one in spec.get("metrics") or [])
    bounds = [spec.get("minReplicas", 1), spec.get("maxReplicas", 0)]
    replicas = (obj.get("status") or {}).get("currentReplicas", 0)
    return [f"{ref['kind']}/{ref['name']}", targets or _NONE, *bounds, replicas, age(obj)]


def _metric(metric: Obj) -> str:
    resource = metric.get("resource") or {}
    target = resource.get("target") or {}
    wanted = f"{target['averageUtilization']}%" if "averageUtilization" in target else target.get("averageValue", "?")
    return f"{resource.get('name', metric.get('type', ''))}: <unknown>/{wanted}"


def ingress(obj: Obj) -> list[Any]:
    """Class, hosts, ports."""
    spec = obj.get("spec") or {}
    hosts = ",".join(str(rule["host"]) for rule in spec.get("rules") or [] if rule.get("host"))
    return [spec.get("ingressClassName") or _NONE, hosts or "*", "", "80, 443" if spec.get("tls") else "80", age(obj)]


def budget(obj: Obj) -> list[Any]:
    """What may be disrupted."""
    spec = obj.get("spec") or {}
    allowed = (obj.get("status") or {}).get("disruptionsAllowed", 0)
    limits = [str(spec.get(name, "N/A")) for name in ("minAvailable", "maxUnavailable")]
    return [*limits, allowed, age(obj)]
