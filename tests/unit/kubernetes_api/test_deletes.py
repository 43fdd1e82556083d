from __future__ import annotations

from typing import Any

from ekswiz_sim.kubernetes.embedded.kinds import PODS
from unit.kubernetes_api.stand_in import Cluster

PODS_PATH = "/api/v1/namespaces/default/pods"
MAPS = "/api/v1/namespaces/default/configmaps"
MERGE = "application/merge-patch+json"


async def pod(cluster: Cluster, name: str = "p", *, bound: bool) -> dict[str, Any]:
    body = {"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "c:1"}]}}
    made: dict[str, Any] = (await cluster.api("POST", PODS_PATH, body)).body
    if bound:
        made = cluster.store.put(PODS, {**made, "spec": {**made["spec"], "nodeName": "node"}})
    return made


async def test_an_unbound_pod_goes_at_once(cluster: Cluster) -> None:
    await pod(cluster, bound=False)
    answer = await cluster.api("DELETE", f"{PODS_PATH}/p")
    assert (answer.status, answer.body["kind"]) == (200, "Pod")
    assert (await cluster.api("GET", f"{PODS_PATH}/p")).status == 404


async def test_a_bound_pod_gets_its_grace_and_waits_for_the_kubelet(cluster: Cluster) -> None:
    await pod(cluster, bound=True)
    await cluster.api("DELETE", f"{PODS_PATH}/p")
    meta = (await cluster.api("GET", f"{PODS_PATH}/p")).body["metadata"]
    assert meta["deletionGracePeriodSeconds"] == 30
    assert meta["deletionTimestamp"] > meta["creationTimestamp"]
    # when somebody is in more of a hurry, then the period shrinks, and it never grows
    options = {"kind": "DeleteOptions", "apiVersion": "v1"}
    await cluster.api("DELETE", f"{PODS_PATH}/p", {**options, "gracePeriodSeconds": 5})
    await cluster.api("DELETE", f"{PODS_PATH}/p", {**options, "gracePeriodSeconds": 60})
    again = (await cluster.api("GET", f"{PODS_PATH}/p")).body["metadata"]
    assert again["deletionGracePeriodSeconds"] == 5
    await cluster.api("DELETE", f"{PODS_PATH}/p?gracePeriodSeconds=0")
    assert (await cluster.api("GET", f"{PODS_PATH}/p")).status == 404


async def test_finalizers_hold_an_object_until_they_are_taken(cluster: Cluster) -> None:
    await cluster.api("POST", MAPS, {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}})
    waiting = await cluster.api("DELETE", f"{MAPS}/held")
    assert "deletionTimestamp" in waiting.body["metadata"]
    more = {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}
    refused = await cluster.api("PATCH", f"{MAPS}/held", more, media=MERGE)
    assert refused.status == 409
    await cluster.api("PATCH", f"{MAPS}/held", {"metadata": {"finalizers": None}}, media=MERGE)
    assert (await cluster.api("GET", f"{MAPS}/held")).status == 404


async def test_propagation_policies_become_finalizers(cluster: Cluster) -> None:
    for policy, finalizer in (("Foreground", "foregroundDeletion"), ("Orphan", "orphan")):
        await cluster.api("POST", MAPS, {"metadata": {"name": policy.lower()}})
        path = f"{MAPS}/{policy.lower()}"
        answer = await cluster.api("DELETE", path, {"propagationPolicy": policy})
        assert answer.body["metadata"]["finalizers"] == [finalizer]
    refused = await cluster.api("DELETE", path, {"propagationPolicy": "Sideways"})
    assert (refused.status, 'Unsupported value: "Sideways"' in refused.message) == (422, True)


async def test_preconditions(cluster: Cluster) -> None:
    made = (await cluster.api("POST", MAPS, {"metadata": {"name": "x"}})).body["metadata"]
    wrong = await cluster.api("DELETE", f"{MAPS}/x", {"preconditions": {"uid": "other"}})
    assert wrong.status == 409
    assert f"UID in precondition: other, UID in object meta: {made['uid']}" in wrong.message
    stale = await cluster.api("DELETE", f"{MAPS}/x", {"preconditions": {"resourceVersion": "1"}})
    assert stale.status == 409
    right = await cluster.api("DELETE", f"{MAPS}/x", {"preconditions": {"uid": made["uid"]}})
    assert (right.status, right.body["status"], right.body["details"]["uid"]) == (200, "Success", made["uid"])


async def test_dry_runs_delete_nothing(cluster: Cluster) -> None:
    await cluster.api("POST", MAPS, {"metadata": {"name": "x"}})
    for answer in (
        await cluster.api("DELETE", f"{MAPS}/x?dryRun=All"),
        await cluster.api("DELETE", f"{MAPS}/x", {"dryRun": ["All"]}),
        await cluster.api("DELETE", f"{MAPS}?dryRun=All"),
    ):
        assert answer.status == 200
    assert (await cluster.api("GET", f"{MAPS}/x")).status == 200


async def test_a_collection_goes_by_its_selector(cluster: Cluster) -> None:
    for name, color in (("a", "red"), ("b", "red"), ("c", "blue")):
        await cluster.api("POST", MAPS, {"metadata": {"name": name, "labels": {"color": color}}})
    answer = await cluster.api("DELETE", f"{MAPS}?labelSelector=color%3Dred")
    assert [one["metadata"]["name"] for one in answer.body["items"]] == ["a", "b"]
    left = await cluster.api("GET", f"{MAPS}?labelSelector=color")
    assert [one["metadata"]["name"] for one in left.body["items"]] == ["c"]


async def test_system_namespaces_stay(cluster: Cluster) -> None:
    refused = await cluster.api("DELETE", "/api/v1/namespaces/kube-system")
    assert (refused.status, refused.message) == (
        403,
        'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    )
