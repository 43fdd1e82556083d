from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ekswiz_sim.kubernetes.embedded.kinds import CONFIG_MAPS, PODS, SERVICES
from ekswiz_sim.kubernetes.embedded.seams import LogOptions
from unit.workloads.conftest import Cluster

pytest.importorskip("docker", reason="the docker SDK (pip install 'ekswiz[full]') is not installed")

GET = {"httpGet": {"path": "/", "port": 8000}}
PATIENCE = 30.0


def over(cluster: Cluster, name: str) -> Any:
    """How its only container ended, once it did."""
    return (cluster.state(name).get("state") or {}).get("terminated")


async def test_a_container_runs_the_image_is_probed_and_reached_on_loopback_only(cluster: Any, workshop: Any) -> None:
    cluster.pod("a", workshop.server(), readinessProbe=GET)

    await cluster.until(lambda: cluster.is_ready("a"), PATIENCE)

    pod = cluster.get(PODS, "a")
    address = pod["status"]["podIP"]
    assert address.startswith("127.")
    assert await cluster.fetch((address, 8000)) == "hello"
    assert await cluster.fetch(cluster.workloads.pod_address(pod, "8000")) == "hello"
    published = [place["IP"] for one in workshop.containers("a") for place in one["Ports"] if "PublicPort" in place]
    assert published
    assert all(place.startswith("127.") for place in published)
    assert cluster.messages("Started") == ["Started container main"]
    assert pod["status"]["containerStatuses"][0]["started"] is True


async def test_it_gets_command_arguments_variables_folder_and_user(cluster: Any, workshop: Any) -> None:
    image = workshop.image("plain", "ENV OF_IMAGE=yes", 'ENTRYPOINT ["echo", "not", "this"]', "WORKDIR /bin")
    script = "echo $0 $OF_IMAGE $GREETING $HOSTNAME; id -u; id -g; pwd"
    cluster.pod(
        "a",
        image,
        command=["sh", "-c", script],
        args=["$(GREETING)-$$(KEPT)"],
        env=[{"name": "GREETING", "value": "hi"}],
        workingDir="/tmp/here",
        securityContext={"runAsUser": 10001, "runAsGroup": 10002},
    )

    await cluster.until(lambda: cluster.waits_for("a", "CrashLoopBackOff"), PATIENCE)

    assert (await cluster.logs("a", previous=True)).split() == [
        "hi-$(KEPT)",
        "yes",
        "hi",
        "a",
        "10001",
        "10002",
        "/tmp/here",
    ]


async def test_a_program_that_is_not_there(cluster: Any, workshop: Any) -> None:
    cluster.pod("a", workshop.image("plain"), command=["no-such-program"])

    await cluster.until(lambda: cluster.waits_for("a", "CrashLoopBackOff"), PATIENCE)

    ended = cluster.state("a")["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
    assert ended["message"].endswith('exec: "no-such-program": executable file not found in $PATH')


async def test_a_crash_loop_restarts_and_keeps_the_last_log(cluster: Any, workshop: Any) -> None:
    cluster.pod("a", workshop.image("plain"), command=["sh", "-c", "echo no luck; exit 3"])

    await cluster.until(lambda: cluster.state("a").get("restartCount", 0) >= 2, PATIENCE)
    await cluster.until(lambda: cluster.waits_for("a", "CrashLoopBackOff"), PATIENCE)

    assert cluster.state("a")["lastState"]["terminated"]["exitCode"] == 3
    assert await cluster.logs("a", previous=True) == "no luck\n"
    assert any("Back-off restarting failed container main in pod a_web" in one for one in cluster.messages("BackOff"))


async def test_an_image_that_cannot_be_pulled(cluster: Any) -> None:
    cluster.pod("a", "127.0.0.1:9/none:1")

    await cluster.until(lambda: cluster.waits_for("a", "ImagePullBackOff"), PATIENCE)

    [text] = {one for one in cluster.messages("Failed") if one.startswith("Failed to pull image")}
    assert 'Failed to pull image "127.0.0.1:9/none:1": failed to pull and unpack image' in text
    assert "connection refused" in text


async def test_a_container_that_is_killed_from_outside_comes_again(cluster: Any, workshop: Any) -> None:
    cluster.pod("a", workshop.server(), readinessProbe=GET)
    await cluster.until(lambda: cluster.is_ready("a"), PATIENCE)

    workshop.client.kill(workshop.inspect("a")["Id"])

    await cluster.until(lambda: cluster.state("a").get("restartCount", 0) == 1, PATIENCE)
    await cluster.until(lambda: cluster.is_ready("a"), PATIENCE)
    assert cluster.state("a")["lastState"]["terminated"]["exitCode"] == 137


@pytest.mark.parametrize(
    ("script", "words", "grace"),
    [
        ("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done", "up\nbye\n", 30),
        ("echo up; sleep 60", "up\n", 1),
    ],
)
async def test_the_end_of_a_pod_is_asked_for_and_then_forced(
    cluster: Any, workshop: Any, script: str, words: str, grace: int
) -> None:
    cluster.pod("a", workshop.image("plain"), command=["sh", "-c", script])
    await cluster.until(lambda: cluster.is_ready("a"), PATIENCE)
    said: list[bytes] = []

    async def listen() -> None:
        async for one in cluster.workloads.logs(cluster.get(PODS, "a"), LogOptions(follow=True)):
            said.append(one)  # noqa: PERF401 - looked at while more comes

    listening = asyncio.create_task(listen())
    await cluster.until(lambda: b"up" in b"".join(said), PATIENCE)
    cluster.delete(PODS, "a", grace=grace)

    await cluster.until(lambda: cluster.store.get(PODS, "web", "a") is None, PATIENCE)
    await listening
    assert b"".join(said).decode() == words
    assert workshop.containers("a") == []


async def test_probes_that_run_a_command_in_the_container(cluster: Any, workshop: Any) -> None:
    probe = {"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 1}
    script = "trap 'exit 0' TERM; touch /tmp/ready; while :; do sleep 0.1; done"
    cluster.pod(
        "good", workshop.image("plain", files={"tmp/.keep": ""}), command=["sh", "-c", script], readinessProbe=probe
    )
    cluster.pod("bad", workshop.server(), readinessProbe={**probe, "failureThreshold": 1})

    await cluster.until(lambda: cluster.is_ready("good"), PATIENCE)
    await cluster.until(lambda: cluster.messages("Unhealthy"), PATIENCE)

    assert not cluster.is_ready("bad")
    assert "No such file or directory" in cluster.messages("Unhealthy")[0]


async def test_volumes_are_shared_filled_and_writable_where_kubernetes_says_so(cluster: Any, workshop: Any) -> None:
    cluster.put(CONFIG_MAPS, "settings", data={"color": "blue"})
    image = workshop.image("plain", files={"data/of-image": "x"})
    script = "cat /data/made /config/color; ls /data; touch /config/x || echo read-only; stat -c %a:%u /config/color"
    spec = {
        "restartPolicy": "Never",
        "securityContext": {"runAsUser": 10001},
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "config", "configMap": {"name": "settings"}}],
        "initContainers": [
            {
                "name": "init",
                "image": image,
                "command": ["sh", "-c", "echo of-init > /data/made"],
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }
        ],
        "containers": [
            {
                "name": "main",
                "image": image,
                "command": ["sh", "-c", f"({script}) 2>/dev/null"],
                "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "config", "mountPath": "/config"}],
            }
        ],
    }
    cluster.pod("a", image, spec=spec)

    await cluster.until(lambda: over(cluster, "a"), PATIENCE)

    assert await cluster.logs("a") == "of-init\nbluemade\nread-only\n644:0\n"


async def test_rights_and_limits_reach_the_engine(cluster: Any, workshop: Any) -> None:
    cluster.pod(
        "a",
        workshop.server(),
        readinessProbe=GET,
        resources={"limits": {"memory": "64Mi", "cpu": "500m"}},
        securityContext={
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        },
    )
    await cluster.until(lambda: cluster.is_ready("a"), PATIENCE)

    host = workshop.inspect("a")["HostConfig"]

    assert (host["Memory"], host["NanoCpus"], host["ReadonlyRootfs"]) == (64 << 20, 500_000_000, True)
    assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], ["NET_BIND_SERVICE"])
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["Privileged"], host["Binds"]) == (False, None)


@pytest.mark.parametrize(
    ("spec", "container", "words"),
    [
        ({}, {"securityContext": {"privileged": True}}, "privileged containers are not run"),
        ({}, {"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}, "capability SYS_ADMIN is not given"),
        ({}, {"securityContext": {"seccompProfile": {"type": "Unconfined"}}}, "seccompProfile Unconfined is not given"),
        ({"hostNetwork": True}, {}, "hostNetwork is not given"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, {}, "hostPath volumes are not modelled"),
    ],
)
async def test_what_would_reach_beyond_the_container_is_refused_by_name(
    cluster: Any, workshop: Any, spec: dict[str, Any], container: dict[str, Any], words: str
) -> None:
    one = {"name": "main", "image": workshop.server(), **container}
    cluster.pod("a", "", spec={**spec, "containers": [one]})

    reasons = ("Failed", "FailedMount")
    said = await cluster.until(lambda: [text for reason in reasons for text in cluster.messages(reason)], PATIENCE)

    assert words in said[0]
    assert [one for one in workshop.containers("a") if one["Labels"].get("dev.ekswiz.container")] == []


async def test_a_service_reaches_pods_that_declare_no_port(cluster: Any, workshop: Any) -> None:
    cluster.service()
    image = workshop.image("quiet", files={"www/index.html": "quiet"})
    command = ["httpd", "-f", "-p", "8000", "-h", "/www"]
    cluster.deployment(image, replicas=2, command=command, lifecycle={"preStop": {"exec": {"command": ["true"]}}})

    await cluster.until(cluster.rolled_out, PATIENCE)

    address = cluster.workloads.service_address(cluster.get(SERVICES, "web"), "8080")
    assert await cluster.fetch(address) == "quiet"


async def test_a_container_that_takes_more_memory_than_it_may(cluster: Any, workshop: Any) -> None:
    command = ["sh", "-c", "x=12345678; while :; do x=$x$x; done"]
    cluster.pod("a", workshop.image("plain"), command=command, resources={"limits": {"memory": "16Mi"}})

    ended = await cluster.until(lambda: (cluster.state("a").get("lastState") or {}).get("terminated"), PATIENCE)

    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


async def test_where_pods_share_one_address_ports_are_mapped(shared: Any, workshop: Any) -> None:
    shared.pod("a", workshop.server(), readinessProbe=GET)
    shared.pod("b", workshop.server(), readinessProbe=GET)
    await shared.until(lambda: shared.is_ready("a") and shared.is_ready("b"), PATIENCE)

    places = [shared.workloads.pod_address(shared.get(PODS, name), "8000") for name in ("a", "b")]

    assert [host for host, _ in places] == ["127.0.0.1"] * 2
    assert len({port for _, port in places}) == 2
    assert [await shared.fetch(place) for place in places] == ["hello"] * 2


@pytest.mark.parametrize(
    ("probe", "why"),
    [
        ({"tcpSocket": {"port": 8000}}, "dial tcp ADDRESS:8000: connect: connection refused"),
        (GET, 'Get "http://ADDRESS:8000/": dial tcp ADDRESS:8000: connect: connection refused'),
    ],
)
async def test_a_port_that_only_the_engine_listens_on_is_refused(
    cluster: Any, workshop: Any, probe: dict[str, Any], why: str
) -> None:
    probe = {**probe, "periodSeconds": 1, "failureThreshold": 1}
    cluster.pod("deaf", workshop.image("plain"), command=["sleep", "60"], readinessProbe=probe)

    await cluster.until(lambda: cluster.messages("Unhealthy"), PATIENCE)

    address = cluster.get(PODS, "deaf")["status"]["podIP"]
    assert cluster.messages("Unhealthy")[0] == f"Readiness probe failed: {why.replace('ADDRESS', address)}"
    assert not cluster.is_ready("deaf")


async def test_a_port_of_a_quiet_server_is_taken(cluster: Any, workshop: Any) -> None:
    probe = {"tcpSocket": {"port": 8000}, "periodSeconds": 1}
    cluster.pod("a", workshop.server(), readinessProbe=probe, livenessProbe={**probe, "failureThreshold": 1})

    await cluster.until(lambda: cluster.is_ready("a"), PATIENCE)

    assert cluster.messages("Unhealthy") == []
