from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from ekswiz_sim.kubernetes.embedded.controllers.objects import condition
from ekswiz_sim.kubernetes.embedded.kinds import PODS

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


async def test_a_pod_runs_its_image_and_is_ready_when_its_probe_says_so(cluster: Any) -> None:
    image = cluster.registry.server("1")
    cluster.pod("a", image, readinessProbe={"httpGet": {"path": "/", "port": 8000}})

    await cluster.until(lambda: cluster.is_ready("a"))

    pod = cluster.get(PODS, "a")
    status = pod["status"]
    assert pod["spec"]["nodeName"] == "ekswiz-sim"
    assert status["phase"] == "Running"
    assert status["containerStatuses"][0]["imageID"] == f"reg.local:5000/web@{cluster.registry.images[image].digest}"
    assert status["containerStatuses"][0]["started"] is True
    assert await cluster.fetch((status["podIP"], 8000)) == "1"
    assert await cluster.fetch(cluster.workloads.pod_address(pod, "8000")) == "1"
    assert cluster.messages("Scheduled") == ["Successfully assigned web/a to ekswiz-sim"]
    assert cluster.messages("Started") == ["Started container main"]


async def test_an_image_that_cannot_be_pulled(cluster: Any) -> None:
    cluster.pod("a", "reg.local:5000/none:1")

    await cluster.until(lambda: cluster.waits_for("a", "ErrImagePull"))
    await cluster.until(lambda: cluster.waits_for("a", "ImagePullBackOff"))

    text = 'rpc error: code = NotFound desc = failed to pull "reg.local:5000/none:1": not found'
    assert f'Failed to pull image "reg.local:5000/none:1": {text}' in cluster.messages("Failed")
    assert "Error: ImagePullBackOff" in await cluster.until(lambda: cluster.messages("Failed"))
    assert cluster.messages("BackOff") == ['Back-off pulling image "reg.local:5000/none:1"']
    with pytest.raises(LookupError, match="is waiting to start: trying and failing to pull image"):
        await cluster.logs("a")

    cluster.registry.add("reg.local:5000/none:1", {}, Cmd=["sleep", "60"])
    await cluster.until(lambda: cluster.is_ready("a"))


async def test_a_program_that_is_not_there(cluster: Any) -> None:
    image = cluster.registry.add("reg.local:5000/x:1", {}, Cmd=["no-such-program"])
    cluster.pod("a", image)

    await cluster.until(lambda: cluster.waits_for("a", "CrashLoopBackOff"))

    ended = cluster.state("a")["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
    assert 'exec: "no-such-program": executable file not found in $PATH' in ended["message"]


async def test_run_as_non_root_is_checked_against_the_image(cluster: Any) -> None:
    cluster.pod("a", cluster.registry.dump(), securityContext={"runAsNonRoot": True})

    await cluster.until(lambda: cluster.waits_for("a", "CreateContainerConfigError"))

    message = cluster.state("a")["state"]["waiting"]["message"]
    assert message.startswith('container has runAsNonRoot and image will run as root (pod: "a_web(')


async def test_a_failing_readiness_probe_says_why_and_keeps_the_pod_out(cluster: Any) -> None:
    probe = {"httpGet": {"path": "/broken", "port": 8000}, "periodSeconds": 1, "failureThreshold": 1}
    cluster.pod("a", cluster.registry.server("1"), readinessProbe=probe)
    service = cluster.service(selector={"app": "a"})

    await cluster.until(lambda: cluster.messages("Unhealthy"))

    assert cluster.messages("Unhealthy") == ["Readiness probe failed: HTTP probe failed with statuscode: 503"]
    ready = condition(cluster.get(PODS, "a"), "Ready")
    assert ready is not None
    assert (ready["reason"], ready["message"]) == ("ContainersNotReady", "containers with unready status: [main]")
    with pytest.raises(LookupError, match='no endpoints available for service "web"'):
        cluster.workloads.service_address(service, "8080")


async def test_a_failing_liveness_probe_restarts_the_container(cluster: Any) -> None:
    probe = {"tcpSocket": {"port": 9}, "periodSeconds": 1, "failureThreshold": 1}
    cluster.pod("a", cluster.registry.server("1"), livenessProbe=probe)

    await cluster.until(lambda: cluster.state("a").get("restartCount", 0) >= 1)

    assert cluster.messages("Killing") == ["Container main failed liveness probe, will be restarted"]
    assert cluster.messages("Unhealthy")[0].startswith("Liveness probe failed: dial tcp 127.")
    assert "connection refused" in cluster.messages("Unhealthy")[0]


async def test_an_exec_probe_runs_in_the_container(cluster: Any) -> None:
    probe = {"exec": {"command": ["python", "-c", "print(open('main.py').readline())"]}, "timeoutSeconds": 5}
    cluster.pod("a", cluster.registry.server("1"), startupProbe=probe)

    await cluster.until(lambda: cluster.is_ready("a"))


async def test_deletion_asks_politely_and_then_removes_the_pod(cluster: Any) -> None:
    cluster.pod("a", cluster.registry.server("1"), readinessProbe={"tcpSocket": {"port": 8000}})
    await cluster.until(lambda: cluster.is_ready("a"))
    follow = cluster.workloads.logs(cluster.get(PODS, "a"), _follow())

    cluster.delete(PODS, "a")
    lines = b"".join([chunk async for chunk in follow])
    await cluster.until(lambda: not cluster.pods(), 5)

    assert lines == b"starting 1\nbye\n"
    assert cluster.messages("Killing") == ["Stopping container main"]


async def test_who_ignores_sigterm_is_killed_after_the_grace_period(cluster: Any) -> None:
    image = cluster.registry.add("reg.local:5000/stub:1", {"s.py": STUBBORN}, Cmd=["python", "/s.py"])
    cluster.pod("a", image)
    await cluster.until(lambda: cluster.is_ready("a"))
    await cluster.until(lambda: "up" in _log_text(cluster, "a"))
    before = _processes(cluster)
    assert before

    cluster.delete(PODS, "a", grace=1)
    await cluster.until(lambda: not cluster.pods(), 5)

    assert not [one for one in before if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


async def test_logs_as_kubectl_asks_for_them(cluster: Any) -> None:
    source = "for i in range(5): print('line', i)"
    image = cluster.registry.add("reg.local:5000/l:1", {"l.py": source}, Cmd=["python", "/l.py"])
    cluster.pod("a", image, spec={"restartPolicy": "Never"})
    await cluster.until(lambda: cluster.get(PODS, "a").get("status", {}).get("phase") == "Succeeded")

    assert await cluster.logs("a", tail_lines=2) == "line 3\nline 4\n"
    assert await cluster.logs("a", tail_lines=0) == ""
    assert await cluster.logs("a", limit_bytes=8) == "line 0\nl"
    assert (await cluster.logs("a", timestamps=True)).splitlines()[0][10:11] == "T"
    assert (await cluster.logs("a", since_seconds=60)).count("\n") == 5
    with pytest.raises(LookupError, match='previous terminated container "main" in pod "a" not found'):
        await cluster.logs("a", previous=True)
    with pytest.raises(LookupError, match="container nope is not valid for pod a"):
        await cluster.logs("a", container="nope")


async def test_two_containers_need_a_name_for_logs(cluster: Any) -> None:
    image = cluster.registry.dump()
    both = [{"name": "one", "image": image}, {"name": "two", "image": image}]
    cluster.pod("a", image, spec={"containers": both, "restartPolicy": "Never"})
    await cluster.until(lambda: cluster.get(PODS, "a").get("status", {}).get("phase") == "Succeeded")

    with pytest.raises(LookupError, match=r"a container name must be specified for pod a, choose one of: \[one two\]"):
        await cluster.logs("a")


async def test_a_pod_that_does_not_fit_says_why(cluster: Any) -> None:
    cluster.pod("a", cluster.registry.dump(), resources={"requests": {"memory": "900Gi"}})

    messages = await cluster.until(lambda: cluster.messages("FailedScheduling"))

    assert messages[0].startswith("0/1 nodes are available: 1 Insufficient memory.")
    assert not cluster.get(PODS, "a")["spec"].get("nodeName")


def _follow() -> Any:
    from ekswiz_sim.kubernetes.embedded.seams import LogOptions

    return LogOptions(follow=True)


def _log_text(cluster: Any, name: str) -> str:
    paths = sorted(Path(cluster.root).rglob("logs/main/*.log"))
    return paths[-1].read_text() if paths else ""


def _processes(cluster: Any) -> list[psutil.Process]:
    # Only what the shim started: this test process may have other children of its own.
    shims = [one for one in psutil.Process().children() if "shim.py" in " ".join(one.cmdline())]
    return [one for shim in shims for one in shim.children(recursive=True)]
