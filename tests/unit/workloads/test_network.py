from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from ekswiz_sim.kubernetes.embedded.kinds import SERVICES
from ekswiz_sim.kubernetes.embedded.network import proxy
from ekswiz_sim.kubernetes.embedded.network.services import LISTENS_AT


async def test_a_service_takes_turns_over_ready_pods(cluster: Any) -> None:
    env = [{"name": "SAYS", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    cluster.deployment(cluster.registry.server("1"), replicas=2, env=env)
    service = cluster.service()
    await cluster.until(cluster.rolled_out)
    address = (service["spec"]["clusterIP"], 8080)

    said = {await cluster.fetch(address) for _ in range(4)}

    assert said == {pod["metadata"]["name"] for pod in cluster.pods()}
    assert len({pod["status"]["podIP"] for pod in cluster.pods()}) == 2


async def test_node_port_and_load_balancer(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"))
    service = cluster.service(type="LoadBalancer")
    await cluster.until(cluster.rolled_out)

    ingress = await cluster.until(lambda: cluster.get(SERVICES, "web")["status"]["loadBalancer"].get("ingress"))

    assert await cluster.fetch((ingress[0]["ip"], 8080)) == "1"
    assert 30000 <= service["spec"]["ports"][0]["nodePort"] < 32768
    assert await cluster.fetch(("127.0.0.1", service["spec"]["ports"][0]["nodePort"])) == "1"


async def test_allocation_keeps_what_a_service_has(cluster: Any) -> None:
    first = cluster.service(type="NodePort")
    spec = {key: value for key, value in first["spec"].items() if key not in ("clusterIP", "clusterIPs")}
    bare = [{key: value for key, value in one.items() if key != "nodePort"} for one in spec["ports"]]

    again = cluster.workloads.allocate({**first, "spec": {**spec, "ports": bare}})

    assert again["spec"]["clusterIP"] == first["spec"]["clusterIP"]
    assert again["spec"]["ports"] == first["spec"]["ports"]
    headless = cluster.service("headless", clusterIP="None")
    assert headless["spec"]["clusterIPs"] == ["None"]
    assert cluster.service("other")["spec"]["clusterIP"] != first["spec"]["clusterIP"]
    with pytest.raises(ValueError, match="the provided IP is not in the valid range"):
        cluster.service("wrong", clusterIP="10.1.2.3")


async def test_a_port_that_cannot_be_had_is_an_event_and_the_rest_works(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"))
    service = cluster.workloads.allocate(cluster.service())
    cluster.store.remove(SERVICES, "web", "web")
    with socket.socket() as taken:
        taken.bind((service["spec"]["clusterIP"], 8081))
        taken.listen()
        changed = {**service["spec"], "ports": [{"port": 8081, "targetPort": 8000, "protocol": "TCP"}]}
        service = cluster.store.put(SERVICES, {**service, "spec": changed})
        [message] = await cluster.until(lambda: cluster.messages("FailedToListen"))
        await cluster.until(cluster.rolled_out)
        stored = cluster.get(SERVICES, "web")
        port, _, elsewhere = stored["metadata"]["annotations"][LISTENS_AT].partition("=")
        host, _, number = elsewhere.partition(":")

        assert message.startswith(f"Error listening on {service['spec']['clusterIP']}:8081: address already in use")
        assert message.endswith(f"it is reached at {elsewhere}")
        assert (port, host) == ("8081", "127.0.0.1")
        assert await cluster.fetch((host, int(number))) == "1"
    assert await cluster.fetch(cluster.workloads.service_address(service, "8081")) == "1"
    with pytest.raises(LookupError, match='no service port "99" found for service "web"'):
        cluster.workloads.service_address(service, "99")


async def test_a_balancer_that_cannot_have_its_port_says_where_it_is_reached(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a user who may not listen on ports below 1024
    real = proxy.Proxy.__init__

    def refused(self: Any, address: str, port: int, choose: Any) -> None:
        if 0 < port < 1024:
            raise PermissionError(13, "Permission denied")
        real(self, address, port, choose)

    monkeypatch.setattr(proxy.Proxy, "__init__", refused)
    cluster.deployment(cluster.registry.server("1"))
    # when a balancer is asked for on one of them
    cluster.service(type="LoadBalancer", ports=[{"port": 80, "targetPort": 8000}])
    await cluster.until(cluster.rolled_out)
    # then its status names an address that is there, the port's fault, and the annotation the port instead
    stored = await cluster.until(lambda: (one := cluster.get(SERVICES, "web"))["status"].get("loadBalancer") and one)
    [ingress] = stored["status"]["loadBalancer"]["ingress"]
    assert (ingress["ip"], ingress["ports"][0]["error"]) == ("127.0.0.1", "ListenFailed")
    elsewhere = stored["metadata"]["annotations"][LISTENS_AT].removeprefix("80=127.0.0.1:")
    assert await cluster.fetch(("127.0.0.1", int(elsewhere))) == "1"
    # when it asks for a port that can be had, nothing of that is left
    stored = cluster.get(SERVICES, "web")
    ports = [{**stored["spec"]["ports"][0], "port": 8080}]
    cluster.store.put(SERVICES, {**stored, "spec": {**stored["spec"], "ports": ports}})
    await cluster.until(lambda: LISTENS_AT not in (cluster.get(SERVICES, "web")["metadata"].get("annotations") or {}))
    assert await cluster.fetch((stored["spec"]["clusterIP"], 8080)) == "1"


@pytest.fixture
async def shared(make_cluster: Callable[..., Any]) -> AsyncIterator[Any]:
    """A system that has 127.0.0.1 alone."""
    made = make_cluster(shared_address=True)
    await made.workloads.start()
    try:
        yield made
    finally:
        await made.workloads.stop()


async def test_pods_of_a_shared_address_get_ports_of_their_own(shared: Any) -> None:
    env = [{"name": "SAYS", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    shared.deployment(shared.registry.server("1"), replicas=2, env=env)
    service = shared.service(type="NodePort")
    await shared.until(shared.rolled_out)

    assert {pod["status"]["podIP"] for pod in shared.pods()} == {"127.0.0.1"}
    said = {await shared.fetch(("127.0.0.1", service["spec"]["ports"][0]["nodePort"])) for _ in range(4)}
    assert said == {pod["metadata"]["name"] for pod in shared.pods()}
    for pod in shared.pods():
        assert await shared.fetch(shared.workloads.pod_address(pod, "8000")) == pod["metadata"]["name"]
