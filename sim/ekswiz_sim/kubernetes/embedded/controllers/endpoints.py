"""Services to Endpoints and EndpointSlices: which pod addresses stand behind a Service now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ekswiz_sim.kubernetes.embedded.controllers.objects import (
    Key,
    is_deleting,
    is_ready,
    key_of,
    labels_of,
    new_object,
    owner_reference,
    suffix,
    uid_of,
)
from ekswiz_sim.kubernetes.embedded.kinds import ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICES
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store, StoreEvent

SERVICE_NAME = "kubernetes.io/service-name"


class EndpointsController:
    """Reconciles Services that have a selector."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keys(self, event: StoreEvent) -> Iterable[Key]:
        """Its own key; for a pod those of the namespace's Services that select it (or did: labels may have moved)."""
        if event.kind in (SERVICES, ENDPOINTS):
            return [key_of(event.object)]
        if event.kind == ENDPOINT_SLICES:
            service = labels_of(event.object).get(SERVICE_NAME)
            return [(key_of(event.object)[0], service)] if service else []
        if event.kind != PODS:
            return []
        return [key_of(one) for one in self._store.all(SERVICES, key_of(event.object)[0])]

    def reconcile(self, key: Key) -> float | None:
        """Write both objects, or remove the Endpoints of a Service that is gone (its slices are owned by it)."""
        service = self._store.get(SERVICES, *key)
        if service is None:
            self._store.remove(ENDPOINTS, *key)
            return None
        if not service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
            return None
        pods = self._selected(service)
        self._write(ENDPOINTS, self._store.get(ENDPOINTS, *key), _endpoints(service, pods))
        self._write(ENDPOINT_SLICES, self._slice(service), _slice(service, pods))
        return None

    def _selected(self, service: Obj) -> list[Obj]:
        wanted = service["spec"]["selector"].items()
        pods = self._store.all(PODS, key_of(service)[0])
        return [one for one in pods if wanted <= labels_of(one).items() and _is_placed(one)]

    def _slice(self, service: Obj) -> Obj | None:
        slices = self._store.all(ENDPOINT_SLICES, key_of(service)[0])
        return next((one for one in slices if _belongs(one, service)), None)

    def _write(self, kind: Kind, before: Obj | None, after: Obj) -> None:
        if before is not None:
            kept = ("name", "uid", "creationTimestamp", "generateName", "managedFields", "resourceVersion")
            meta = {key: before["metadata"][key] for key in kept if key in before["metadata"]}
            after = {**after, "metadata": {**after["metadata"], **meta}}
        self._store.put(kind, after)


def _belongs(one: Obj, service: Obj) -> bool:
    owners = one["metadata"].get("ownerReferences") or []
    return any(owner["uid"] == uid_of(service) for owner in owners)


def _is_placed(pod: Obj) -> bool:
    status = pod.get("status") or {}
    return bool(status.get("podIP")) and status.get("phase") not in ("Succeeded", "Failed")


def target_port(pod: Obj, port: Obj) -> int | None:
    """The container port that a Service port means in this pod; None if the pod has no port of that name."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for one in container.get("ports") or []:
            same = one.get("protocol", "TCP") == port.get("protocol", "TCP")
            if one.get("name") == target and same:
                return int(one["containerPort"])
    return None


def _ports(service: Obj, pod: Obj) -> list[Obj]:
    found: list[Obj] = []
    for port in service["spec"].get("ports") or []:
        number = target_port(pod, port)
        if number is not None:
            named = {"name": port["name"]} if port.get("name") else {}
            found.append({**named, "port": number, "protocol": port.get("protocol", "TCP")})
    return found


def _reference(pod: Obj) -> Obj:
    namespace, name = key_of(pod)
    return {"kind": "Pod", "namespace": namespace, "name": name, "uid": uid_of(pod)}


def _address(pod: Obj) -> Obj:
    return {"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": _reference(pod)}


def _endpoints(service: Obj, pods: Sequence[Obj]) -> Obj:
    publish = bool(service["spec"].get("publishNotReadyAddresses"))
    groups: dict[str, Obj] = {}
    for pod in pods:
        ports = _ports(service, pod)
        if is_deleting(pod) or not ports:
            continue
        group = groups.setdefault(repr(ports), {})
        field = "addresses" if publish or is_ready(pod) else "notReadyAddresses"
        group.setdefault(field, []).append(_address(pod))
        group["ports"] = ports
    namespace, name = key_of(service)
    made = new_object(ENDPOINTS, namespace, name, labels=dict(labels_of(service)))
    return made | ({"subsets": list(groups.values())} if groups else {})


def _slice(service: Obj, pods: Sequence[Obj]) -> Obj:
    namespace, name = key_of(service)
    labels = {
        **labels_of(service),
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        SERVICE_NAME: name,
    }
    if service["spec"].get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    made = new_object(
        ENDPOINT_SLICES,
        namespace,
        f"{name}-{suffix()}",
        generateName=f"{name}-",
        labels=labels,
        ownerReferences=[owner_reference(service)],
    )
    ports = [{"name": "", **port} for port in _ports(service, pods[0])] if pods else []
    return made | {"addressType": "IPv4", "ports": ports, "endpoints": [_endpoint(service, pod) for pod in pods]}


def _endpoint(service: Obj, pod: Obj) -> Obj:
    serving = bool(service["spec"].get("publishNotReadyAddresses")) or is_ready(pod)
    leaving = is_deleting(pod)
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": serving and not leaving, "serving": serving, "terminating": leaving},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": _reference(pod),
    }
