from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from ekswiz_sim.kubernetes.embedded.kinds import SERVICES


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

    assert message.startswith(f"Error listening on {service['spec']['clusterIP']}:8081: address already in use")
    assert await cluster.fetch(cluster.workloads.service_address(service, "8081")) == "1"
    with pytest.raises(LookupError, match='no service port "99" found for service "web"'):
        cluster.workloads.service_address(service, "99")


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
