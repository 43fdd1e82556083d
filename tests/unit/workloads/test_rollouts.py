from __future__ import annotations

from typing import Any

import pytest

from ekswiz_sim.kubernetes.embedded.controllers.objects import annotations_of, condition
from ekswiz_sim.kubernetes.embedded.kinds import DEPLOYMENTS, PODS, REPLICA_SETS

REVISION = "deployment.kubernetes.io/revision"
CRASHES = "import sys; print('no database', flush=True); sys.exit(3)"


def revisions(cluster: Any) -> dict[str, int]:
    sets = cluster.store.all(REPLICA_SETS, "web")
    return {annotations_of(one)[REVISION]: one["spec"]["replicas"] for one in sets}


async def test_a_new_image_rolls_out_without_an_outage(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"), replicas=2)
    service = cluster.service()
    await cluster.until(cluster.rolled_out)
    address = (service["spec"]["clusterIP"], 8080)
    assert await cluster.fetch(address) == "1"

    cluster.set_image(cluster.registry.server("2"))
    seen = set()
    while not cluster.rolled_out():
        seen.add(await cluster.fetch(address))
    seen.add(await cluster.fetch(address))

    assert seen <= {"1", "2"}
    assert await cluster.fetch(cluster.workloads.service_address(service, "8080")) == "2"
    assert revisions(cluster) == {"1": 0, "2": 2}
    deployment = cluster.get(DEPLOYMENTS, "web")
    assert annotations_of(deployment)[REVISION] == "2"
    progressing, available = condition(deployment, "Progressing"), condition(deployment, "Available")
    assert progressing is not None
    assert available is not None
    name = next(one["metadata"]["name"] for one in cluster.store.all(REPLICA_SETS, "web") if one["spec"]["replicas"])
    assert progressing["message"] == f'ReplicaSet "{name}" has successfully progressed.'
    assert (available["reason"], available["message"]) == (
        "MinimumReplicasAvailable",
        "Deployment has minimum availability.",
    )
    assert f"Scaled up replica set {name} from 0 to 1" in cluster.messages("ScalingReplicaSet")


async def test_a_crashing_version_leaves_the_old_one_serving_and_is_rolled_back(cluster: Any) -> None:
    first = cluster.registry.server("1")
    cluster.deployment(first, spec={"progressDeadlineSeconds": 2})
    service = cluster.service()
    await cluster.until(cluster.rolled_out)

    cluster.set_image(cluster.registry.server("2", CRASHES))
    await cluster.until(lambda: cluster.progressing() == "ProgressDeadlineExceeded")

    [new] = [one for one in cluster.pods() if one["spec"]["containers"][0]["image"].endswith(":2")]
    name = new["metadata"]["name"]
    await cluster.until(lambda: cluster.waits_for(name, "CrashLoopBackOff"))
    state = cluster.state(name)
    assert state["lastState"]["terminated"]["exitCode"] == 3
    assert state["restartCount"] >= 1
    assert state["state"]["waiting"]["message"].startswith("back-off ")
    assert "no database" in await cluster.logs(name)
    assert "no database" in await cluster.logs(name, previous=True)
    assert await cluster.fetch(cluster.workloads.service_address(service, "")) == "1"
    failed = condition(cluster.get(DEPLOYMENTS, "web"), "Progressing")
    assert failed is not None
    assert failed["status"] == "False"
    assert failed["message"].endswith("has timed out progressing.")

    cluster.set_image(first)
    await cluster.until(cluster.rolled_out)

    assert revisions(cluster) == {"2": 0, "3": 1}
    assert cluster.progressing() == "NewReplicaSetAvailable"
    old = next(one for one in cluster.store.all(REPLICA_SETS, "web") if one["spec"]["replicas"])
    assert annotations_of(old)["deployment.kubernetes.io/revision-history"] == "1"


async def test_scaling_is_no_rollout(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"))
    await cluster.until(cluster.rolled_out)

    cluster.edit(DEPLOYMENTS, "web", lambda spec: {**spec, "replicas": 3})
    await cluster.until(lambda: cluster.get(DEPLOYMENTS, "web")["status"].get("availableReplicas") == 3)
    cluster.edit(DEPLOYMENTS, "web", lambda spec: {**spec, "replicas": 0})
    await cluster.until(lambda: not cluster.pods())

    assert revisions(cluster) == {"1": 0}
    assert cluster.messages("SuccessfulDelete")


async def test_recreate_waits_until_the_old_pods_are_gone(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"), spec={"strategy": {"type": "Recreate"}})
    await cluster.until(cluster.rolled_out)

    queue = cluster.store.subscribe()
    cluster.set_image(cluster.registry.server("2"))
    await cluster.until(cluster.rolled_out)

    changes = [queue.get_nowait() for _ in range(queue.qsize())]
    pods = [(one.type, one.object["metadata"]["uid"]) for one in changes if one.kind == PODS]
    [new] = [uid for kind, uid in pods if kind == "ADDED"]
    [old] = [uid for kind, uid in pods if kind == "DELETED"]
    assert pods.index(("DELETED", old)) < pods.index(("ADDED", new))


async def test_a_paused_deployment_stands_still_and_says_so(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"))
    await cluster.until(cluster.rolled_out)

    cluster.edit(DEPLOYMENTS, "web", lambda spec: {**spec, "paused": True})
    cluster.set_image(cluster.registry.server("2"))
    await cluster.until(lambda: cluster.progressing() == "DeploymentPaused")
    assert revisions(cluster) == {"1": 1}

    cluster.edit(DEPLOYMENTS, "web", lambda spec: {**spec, "paused": False})
    await cluster.until(cluster.rolled_out)
    assert revisions(cluster) == {"1": 0, "2": 1}


async def test_min_ready_seconds_delays_availability(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"), spec={"minReadySeconds": 1})

    await cluster.until(lambda: cluster.get(DEPLOYMENTS, "web").get("status", {}).get("readyReplicas") == 1)
    assert not cluster.rolled_out()
    await cluster.until(cluster.rolled_out)


async def test_old_replica_sets_are_kept_up_to_the_limit(cluster: Any) -> None:
    cluster.deployment(cluster.registry.server("1"), spec={"revisionHistoryLimit": 1})
    for version in ("2", "3"):
        await cluster.until(cluster.rolled_out)
        cluster.set_image(cluster.registry.server(version))
    await cluster.until(cluster.rolled_out)

    await cluster.until(lambda: revisions(cluster) == {"2": 0, "3": 1})


@pytest.mark.parametrize(("status", "words"), [("True", "successfully progressed"), ("Unknown", "")])
def test_every_condition_has_a_message(status: str, words: str) -> None:
    from ekswiz_sim.kubernetes.embedded.controllers.deployment_status import Verdict, set_condition

    first = set_condition([], "Progressing", Verdict(status, "R", words))
    again = set_condition(first, "Progressing", Verdict(status, "R", words))

    assert again == first
