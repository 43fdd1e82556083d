"""Defaults of a PodSpec, as a real API server fills them in before it stores a Pod or a Pod template."""

from __future__ import annotations

from ekswiz_sim.kubernetes.embedded.store import Obj

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_FILE_MODE = 0o644
_TOKEN_SECONDS = 3600


def fill(target: Obj, **values: object) -> None:
    """Set each field that is absent or null."""
    for name, value in values.items():
        if target.get(name) is None:
            target[name] = value


def default_pod_spec(spec: Obj) -> None:
    """Fill a PodSpec in place. Source: `pkg/apis/core/v1/defaults.go` semantics of Kubernetes 1.37."""
    fill(
        spec,
        restartPolicy="Always",
        dnsPolicy="ClusterFirst",
        schedulerName="default-scheduler",
        securityContext={},
        terminationGracePeriodSeconds=30,
    )
    if spec.get("serviceAccountName"):
        fill(spec, serviceAccount=spec["serviceAccountName"])
    elif spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"]
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        _container(container, host_network=bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes") or []:
        _volume(volume)


def _container(container: Obj, *, host_network: bool) -> None:
    image = str(container.get("image", ""))
    fill(
        container,
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="Always" if _latest(image) else "IfNotPresent",
        resources={},
    )
    for port in container.get("ports") or []:
        fill(port, protocol="TCP")
        if host_network:
            fill(port, hostPort=port.get("containerPort"))
    for name in _PROBES:
        if container.get(name) is not None:
            _probe(container[name])
    for env in container.get("env") or []:
        field = (env.get("valueFrom") or {}).get("fieldRef")
        if field:
            fill(field, apiVersion="v1")
    for hook in (container.get("lifecycle") or {}).values():
        _http(hook)


def _latest(image: str) -> bool:
    if "@" in image:
        return False
    name = image.rsplit("/", 1)[-1]
    return ":" not in name or name.endswith(":latest")


def default_requests(spec: Obj) -> None:
    """Take limits as requests where none are given: for Pods only, templates stay as they were written."""
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        resources = container["resources"]
        for name, quantity in (resources.get("limits") or {}).items():
            resources.setdefault("requests", {}).setdefault(name, quantity)


def _probe(probe: Obj) -> None:
    fill(probe, **_PROBE)
    _http(probe)
    if probe.get("grpc"):
        fill(probe["grpc"], service="")


def _http(handler: Obj) -> None:
    if isinstance(handler, dict) and handler.get("httpGet"):
        fill(handler["httpGet"], path="/", scheme="HTTP")


def _volume(volume: Obj) -> None:
    if not any(value is not None for name, value in volume.items() if name != "name"):
        volume["emptyDir"] = {}
    for source in ("secret", "configMap", "downwardAPI", "projected"):
        if volume.get(source):
            fill(volume[source], defaultMode=_FILE_MODE)
    if volume.get("hostPath"):
        fill(volume["hostPath"], type="")
    for source in (volume.get("projected") or {}).get("sources") or []:
        if source.get("serviceAccountToken"):
            fill(source["serviceAccountToken"], expirationSeconds=_TOKEN_SECONDS)
    for holder in [volume, *((volume.get("projected") or {}).get("sources") or [])]:
        for item in (holder.get("downwardAPI") or {}).get("items") or []:
            if item.get("fieldRef"):
                fill(item["fieldRef"], apiVersion="v1")
