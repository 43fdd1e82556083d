"""Services: their addresses and ports, a proxy on each, and the ready pods behind them.

Not every place can be listened on: ports below 1024 are root's on most systems, and macOS has 127.0.0.1 alone. The
proxy then takes a free port of 127.0.0.1, and the Service says where: by an event and by an annotation.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ekswiz_sim.kubernetes.embedded.controllers.objects import Key, key_of, uid_of, with_metadata, with_status
from ekswiz_sim.kubernetes.embedded.controllers.recorder import Recorder
from ekswiz_sim.kubernetes.embedded.kinds import ENDPOINTS, SERVICES
from ekswiz_sim.kubernetes.embedded.network.addresses import Addresses
from ekswiz_sim.kubernetes.embedded.network.proxy import Choose, Proxy
from ekswiz_sim.kubernetes.embedded.store import Obj, Store, StoreEvent

_NODE_PORTS = range(30000, 32768)
_OPEN = ("NodePort", "LoadBalancer")
_COMPONENT = "service-controller"
_HOST = "127.0.0.1"
LISTENS_AT = "ekswiz.dev/listens-at"
"""Annotation of a Service: `PORT=HOST:PORT` for each port that is not reached at the Service's own address."""

Locate = Callable[[str, str, int], tuple[str, int]]
"""From a pod's uid, address and port to where it is reached; raises LookupError."""

_Place = tuple[str, str, int]
"""A Service's uid, and the address and port of one of its listeners."""


class ServiceNetwork:
    """Gives Services addresses (called by the API server) and keeps their proxies (as a controller)."""

    def __init__(self, store: Store, recorder: Recorder, addresses: Addresses, locate: Locate) -> None:
        self._store = store
        self._recorder = recorder
        self._addresses = addresses
        self._locate = locate
        self._proxies: dict[_Place, Proxy] = {}
        self._failed: dict[_Place, str] = {}
        self._elsewhere: dict[_Place, int] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._turn = itertools.count()

    # ---- addresses

    def allocate(self, service: Obj) -> Obj:
        """The Service with cluster address and node ports; those that it had stay.

        Raises:
            ValueError: It asks for a cluster address that this cluster does not have; the text is the API server's.
        """
        spec = dict(service["spec"])
        before = self._store.get(SERVICES, *key_of(service))
        old: Mapping[str, object] = before["spec"] if before is not None else {}
        if spec.get("type", "ClusterIP") != "ExternalName":
            self._give_address(spec, old)
            spec["ports"] = self._give_ports(spec, old)
        status = service.get("status") or {"loadBalancer": {}}
        return {**service, "spec": spec, "status": status}

    def _give_address(self, spec: Obj, old: Mapping[str, object]) -> None:
        address = spec.get("clusterIP") or old.get("clusterIP")
        if not address:
            address = self._addresses.service()
        elif address not in ("None", old.get("clusterIP")) and not self._addresses.hold(str(address)):
            raise ValueError(
                f'spec.clusterIPs: Invalid value: ["{address}"]: failed to allocate IP {address}: '
                "the provided IP is not in the valid range"
            )
        spec["clusterIP"], spec["clusterIPs"] = address, [address]

    def _give_ports(self, spec: Obj, old: Mapping[str, object]) -> list[Obj]:
        ports: list[Obj] = spec.get("ports") or []
        if spec.get("type") not in _OPEN or spec.get("allocateLoadBalancerNodePorts") is False:
            return [{key: value for key, value in one.items() if key != "nodePort"} for one in ports]
        kept = {_title(one): one["nodePort"] for one in _ports(old) if one.get("nodePort")}
        used = {
            one["nodePort"] for each in self._store.all(SERVICES) for one in _ports(each["spec"]) if "nodePort" in one
        }
        made: list[Obj] = []
        for one in ports:
            number = one.get("nodePort") or kept.get(_title(one)) or _free_port(used)
            used.add(number)
            made.append({**one, "nodePort": number})
        return made

    # ---- the way to pods

    def service_address(self, service: Obj, port: str) -> tuple[str, int]:
        """Where a ready endpoint is reached; they take turns. `port` is a number, a name, or "" for the only one.

        Raises:
            LookupError: No such port, or no ready endpoint.
        """
        name = service["metadata"]["name"]
        ports = _ports(service["spec"])
        chosen = [one for one in ports if port in (str(one["port"]), one.get("name"))] if port else ports[:1]
        if not chosen:
            raise LookupError(f'no service port "{port}" found for service "{name}"')
        ready = list(self._ready(service, str(chosen[0].get("name") or "")))
        turn = next(self._turn)
        for index in range(len(ready)):
            uid, address, number = ready[(turn + index) % len(ready)]
            try:
                return self._locate(uid, address, number)
            except LookupError:
                continue
        raise LookupError(f'no endpoints available for service "{name}"')

    def _ready(self, service: Obj, port: str) -> Iterator[_Place]:
        endpoints = self._store.get(ENDPOINTS, *key_of(service))
        for subset in (endpoints or {}).get("subsets") or []:
            numbers = [one["port"] for one in subset.get("ports") or [] if (one.get("name") or "") == port]
            for one in subset.get("addresses") or []:
                for number in numbers[:1]:
                    yield (one.get("targetRef") or {}).get("uid", ""), one["ip"], number

    # ---- proxies

    def keys(self, event: StoreEvent) -> Iterable[Key]:
        """Services."""
        return [key_of(event.object)] if event.kind == SERVICES else []

    def reconcile(self, key: Key) -> float | None:
        """Open and close listeners so that they are those of the Service as it is now."""
        service = self._store.get(SERVICES, *key)
        wanted = dict(self._wanted(service)) if service is not None else {}
        uid = uid_of(service) if service is not None else ""
        for place in [one for one in self._proxies if one not in wanted and self._is_of(one, key, uid)]:
            self._close(place)
        for place in [one for one in self._failed if one not in wanted and self._is_of(one, key, uid)]:
            del self._failed[place]
        for place, port in wanted.items():
            if service is not None and place not in self._proxies:
                self._open(service, place, port)
        if service is not None:
            self._balance(self._note(service))
        return None

    def _is_of(self, place: _Place, key: Key, uid: str) -> bool:
        """True if a listener belongs to this Service or to one that is gone."""
        if place[0] == uid:
            return True
        return not any(uid_of(one) == place[0] for one in self._store.all(SERVICES, key[0] or None))

    def _wanted(self, service: Obj) -> Iterator[tuple[_Place, Obj]]:
        uid, spec = uid_of(service), service["spec"]
        for port in _ports(spec):
            if port.get("protocol", "TCP") != "TCP":
                continue
            if spec.get("clusterIP") not in (None, "None"):
                yield (uid, spec["clusterIP"], port["port"]), port
            if port.get("nodePort"):
                yield (uid, "127.0.0.1", port["nodePort"]), port

    def _open(self, service: Obj, place: _Place, port: Obj) -> None:
        key, name = key_of(service), str(port["port"])

        def choose() -> tuple[str, int]:
            current = self._store.get(SERVICES, *key)
            if current is None:
                raise LookupError(key[1])
            return self.service_address(current, name)

        try:
            self._proxies[place] = Proxy(place[1], place[2], choose)
            self._failed.pop(place, None)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            self._listen_elsewhere(service, place, choose, why)

    def _listen_elsewhere(self, service: Obj, place: _Place, choose: Choose, why: str) -> None:
        try:
            proxy = self._proxies[place] = Proxy(_HOST, 0, choose)
        except OSError:
            instead = "the API server's proxy still reaches it"
        else:
            self._elsewhere[place] = proxy.port
            instead = f"it is reached at {_HOST}:{proxy.port}"
        if self._failed.get(place) != why:
            self._failed[place] = why
            message = f"Error listening on {place[1]}:{place[2]}: {why}; {instead}"
            self._recorder.warning(service, _COMPONENT, "FailedToListen", message)

    def _note(self, service: Obj) -> Obj:
        """The Service with the annotation that says where its ports are reached instead."""
        uid, notes = uid_of(service), service["metadata"].get("annotations") or {}
        found = ",".join(
            f"{port}={_HOST}:{other}" for (owner, _, port), other in sorted(self._elsewhere.items()) if owner == uid
        )
        if found == notes.get(LISTENS_AT, ""):
            return service
        after = {name: value for name, value in notes.items() if name != LISTENS_AT}
        return self._store.put(
            SERVICES, with_metadata(service, annotations=after | ({LISTENS_AT: found} if found else {}))
        )

    def _close(self, place: _Place) -> None:
        self._elsewhere.pop(place, None)
        task = asyncio.create_task(self._proxies.pop(place).close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        if not any(one[1] == place[1] for one in self._proxies):
            self._addresses.release(place[1])

    def _balance(self, service: Obj) -> None:
        """A load balancer's status: the address that listens for it, and ports that could not be had."""
        before = (service.get("status") or {}).get("loadBalancer") or {}
        after: Obj = {}
        if service["spec"].get("type") == "LoadBalancer":
            after = {"ingress": [self._ingress(service)]}
        if before == after:
            return
        if after and not before:
            self._recorder.normal(service, _COMPONENT, "EnsuringLoadBalancer", "Ensuring load balancer")
            self._recorder.normal(service, _COMPONENT, "EnsuredLoadBalancer", "Ensured load balancer")
        self._store.put(SERVICES, with_status(service, {**(service.get("status") or {}), "loadBalancer": after}))

    def _ingress(self, service: Obj) -> Obj:
        uid, address = uid_of(service), service["spec"]["clusterIP"]
        refused: Sequence[Obj] = [
            {"port": one["port"], "protocol": "TCP", "error": "ListenFailed"}
            for one in _ports(service["spec"])
            if (uid, address, one["port"]) in self._failed
        ]
        if refused and all((uid, address, one["port"]) in self._elsewhere for one in refused):
            address = _HOST
        return {"ip": address, "ipMode": "VIP", **({"ports": list(refused)} if refused else {})}

    async def stop(self) -> None:
        """Close all listeners and connections."""
        for place in list(self._proxies):
            self._close(place)
        await asyncio.gather(*self._closing)


def _ports(spec: Mapping[str, object]) -> list[Obj]:
    found = spec.get("ports") or []
    assert isinstance(found, list)
    return found


def _title(port: Obj) -> tuple[str, str]:
    return str(port.get("name") or port["port"]), port.get("protocol", "TCP")


def _free_port(used: set[int]) -> int:
    """A node port that no Service has and nobody listens on: other clusters share 127.0.0.1."""
    for number in random.sample(_NODE_PORTS, len(_NODE_PORTS)):
        if number not in used and _is_free(number):
            return number
    raise ValueError("failed to allocate a nodePort: range is full")


def _is_free(number: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
        return True
