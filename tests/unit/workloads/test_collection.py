from __future__ import annotations

from typing import Any

from ekswiz_sim.kubernetes.embedded.controllers.objects import now, with_metadata
from ekswiz_sim.kubernetes.embedded.kinds import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    SERVICES,
)


async def test_what_a_deployment_owned_goes_with_it(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"))
    await cluster.until(cluster.rolled_out)

    cluster.store.remove(DEPLOYMENTS, "web", "web")

    await cluster.until(lambda: not cluster.pods() and not cluster.store.all(REPLICA_SETS))


async def test_foreground_deletion_removes_dependents_first(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"))
    await cluster.until(cluster.rolled_out)

    one = cluster.get(REPLICA_SETS, cluster.store.all(REPLICA_SETS)[0]["metadata"]["name"])
    cluster.store.put(REPLICA_SETS, with_metadata(one, deletionTimestamp=now(), finalizers=["foregroundDeletion"]))
    top = cluster.get(DEPLOYMENTS, "web")
    cluster.store.put(DEPLOYMENTS, with_metadata(top, deletionTimestamp=now(), finalizers=["foregroundDeletion"]))

    await cluster.until(lambda: cluster.store.get(DEPLOYMENTS, "web", "web") is None)
    assert not cluster.pods()
    assert not cluster.store.all(REPLICA_SETS)


async def test_orphaned_dependents_stay_and_are_adopted_again(cluster: Any) -> None:
    made = cluster.deployment(cluster.registry.server("1"))
    await cluster.until(cluster.rolled_out)
    [pod] = cluster.pods()

    cluster.store.put(
        DEPLOYMENTS, with_metadata(cluster.get(DEPLOYMENTS, "web"), deletionTimestamp=now(), finalizers=["orphan"])
    )
    await cluster.until(lambda: cluster.store.get(DEPLOYMENTS, "web", "web") is None)
    [orphan] = cluster.store.all(REPLICA_SETS)
    assert not orphan["metadata"]["ownerReferences"]

    again = cluster.put(DEPLOYMENTS, "web", spec=made["spec"])
    await cluster.until(cluster.rolled_out)
    [adopted] = cluster.store.all(REPLICA_SETS)
    assert adopted["metadata"]["ownerReferences"][0]["uid"] == again["metadata"]["uid"]
    assert [one["metadata"]["name"] for one in cluster.pods()] == [pod["metadata"]["name"]]


async def test_a_namespace_goes_with_all_that_is_in_it(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"), replicas=2)
    cluster.service()
    cluster.put(CONFIG_MAPS, "c", data={"a": "b"})
    cluster.put(CONFIG_MAPS, "c", namespace="other", data={"a": "b"})
    await cluster.until(cluster.rolled_out)

    one = cluster.store.get(NAMESPACES, None, "web")
    status = {"phase": "Terminating"}
    cluster.store.put(NAMESPACES, {**with_metadata(one, deletionTimestamp=now()), "status": status})
    await cluster.until(lambda: cluster.store.get(NAMESPACES, None, "web") is None)

    left = [kind.plural for kind in cluster.store.kinds() if kind.namespaced and cluster.store.all(kind, "web")]
    assert left == []
    assert cluster.store.get(CONFIG_MAPS, "other", "c") is not None


async def test_services_follow_ready_pods(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"), ports=[{"name": "http", "containerPort": 8000}])
    cluster.service(ports=[{"name": "web", "port": 80, "targetPort": "http"}])
    await cluster.until(cluster.rolled_out)
    [pod] = cluster.pods()

    [subset] = await cluster.until(lambda: cluster.get(ENDPOINTS, "web").get("subsets"))
    assert subset["ports"] == [{"name": "web", "port": 8000, "protocol": "TCP"}]
    assert subset["addresses"][0]["ip"] == pod["status"]["podIP"]
    assert subset["addresses"][0]["targetRef"]["name"] == pod["metadata"]["name"]
    [piece] = cluster.store.all(ENDPOINT_SLICES, "web")
    assert piece["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert piece["endpoints"][0]["conditions"] == {"ready": True, "serving": True, "terminating": False}

    cluster.store.remove(SERVICES, "web", "web")
    await cluster.until(lambda: not cluster.store.all(ENDPOINT_SLICES) and not cluster.store.all(ENDPOINTS))


async def test_the_node_is_there_and_ready(cluster: Any) -> None:
    [node] = cluster.store.all(NODES)
    ready = [one["status"] for one in node["status"]["conditions"] if one["type"] == "Ready"]
    assert ready == ["True"]
    assert node["spec"]["providerID"].startswith("aws:///us-east-1a/i-")
    assert len(node["spec"]["providerID"].rpartition("/")[2]) == 19


async def test_a_replica_set_replaces_a_pod_that_was_deleted(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"))
    await cluster.until(cluster.rolled_out)
    [pod] = cluster.pods()

    cluster.delete(PODS, pod["metadata"]["name"])

    await cluster.until(lambda: pod["metadata"]["name"] not in {one["metadata"]["name"] for one in cluster.pods()})
    await cluster.until(cluster.rolled_out)
