from __future__ import annotations

import asyncio
import importlib.util
import time
from typing import Any

import pytest

from ekswiz_sim.kubernetes.embedded.kinds import PODS

APP = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"from uvicorn"})
"""
HOOKED = """
import os, signal, time
def end(*_):
    print("ends", os.path.exists("ends"), flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
while not os.path.exists("began"): time.sleep(0.02)
print("began", flush=True)
time.sleep(60)
"""
SERVE = ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]


@pytest.mark.parametrize(
    "command",
    [
        SERVE,
        ["python", "-m", *SERVE],
        ["/usr/local/bin/python3.12", "-m", *SERVE],
        ["/bin/sh", "-c", " ".join(SERVE)],
        ["./start.sh"],
        ["/app/start.py"],
    ],
)
async def test_ways_to_start_a_service(cluster: Any, command: list[str]) -> None:
    files = {
        "app/main.py": APP,
        "app/start.sh": f'#!/bin/sh\nexec {" ".join(SERVE)} "$@"\n',
        "app/start.py": "#!/usr/local/bin/python\nimport uvicorn\nuvicorn.run('main:app', host='0.0.0.0', port=8000)\n",
    }
    image = cluster.registry.add("reg.local:5000/u:1", files, Cmd=command, WorkingDir="/app")
    began = time.monotonic()
    cluster.pod(
        "a",
        image,
        readinessProbe={"httpGet": {"path": "/", "port": "http"}},
        ports=[{"name": "http", "containerPort": 8000}],
    )

    await cluster.until(lambda: cluster.is_ready("a"))

    # The probe's period is 10 s: to be ready before that is what the eager start is for.
    assert time.monotonic() - began < 5
    assert await cluster.fetch(cluster.workloads.pod_address(cluster.get(PODS, "a"), "http")) == "from uvicorn"


async def test_the_source_checkout_is_not_what_runs(cluster: Any) -> None:
    image = cluster.registry.add(
        "reg.local:5000/u:1", {"app/x": ""}, Cmd=["python", "-c", "import main"], WorkingDir="/app"
    )
    cluster.pod("a", image, spec={"restartPolicy": "Never"})

    await cluster.until(lambda: cluster.get(PODS, "a").get("status", {}).get("phase") == "Failed")

    assert "ModuleNotFoundError: No module named 'main'" in await cluster.logs("a")


async def test_a_tool_of_python_that_is_not_installed_is_not_found(cluster: Any) -> None:
    if importlib.util.find_spec("gunicorn"):
        pytest.skip("gunicorn is installed")
    cluster.pod("a", cluster.registry.add("reg.local:5000/g:1", {}, Cmd=["gunicorn", "main:app"]))

    await cluster.until(lambda: cluster.state("a").get("lastState", {}).get("terminated"))

    assert 'exec: "gunicorn": executable file not found' in cluster.state("a")["lastState"]["terminated"]["message"]


async def test_an_image_without_a_command_is_not_created(cluster: Any) -> None:
    cluster.pod("a", cluster.registry.add("reg.local:5000/n:1", {}))

    await cluster.until(lambda: cluster.waits_for("a", "CreateContainerError"))

    assert "no command specified" in cluster.state("a")["state"]["waiting"]["message"]


async def test_a_run_starts_from_the_image_again(cluster: Any) -> None:
    source = "import os, sys; print(sorted(os.listdir('.')), flush=True); open('made', 'w'); sys.exit(1)"
    image = cluster.registry.add("reg.local:5000/w:1", {"app/w.py": source}, Cmd=["python", "w.py"], WorkingDir="/app")
    cluster.pod("a", image)

    await cluster.until(lambda: cluster.state("a").get("restartCount", 0) >= 1)
    await cluster.until(lambda: cluster.waits_for("a", "CrashLoopBackOff"))

    assert await cluster.logs("a") == "['w.py']\n"
    assert [one.name for one in (cluster.registry.images[image].root / "app").iterdir()] == ["w.py"]


async def test_hooks_run_around_the_program(cluster: Any) -> None:
    write = ["python", "-c", "import sys; open(sys.argv[1], 'w')"]
    image = cluster.registry.add("reg.local:5000/h:1", {"app/h.py": HOOKED}, Cmd=["python", "h.py"], WorkingDir="/app")
    lifecycle = {
        "postStart": {"exec": {"command": [*write, "began"]}},
        "preStop": {"exec": {"command": [*write, "ends"]}},
    }
    cluster.pod("a", image, lifecycle=lifecycle)
    await cluster.until(lambda: cluster.is_ready("a"))
    from ekswiz_sim.kubernetes.embedded.seams import LogOptions

    lines = cluster.workloads.logs(cluster.get(PODS, "a"), LogOptions(follow=True))
    seen = b""
    async with asyncio.timeout(10):
        while b"began" not in seen:
            seen += await anext(lines)
        cluster.delete(PODS, "a")
        while b"ends True" not in seen:
            seen += await anext(lines)
    await cluster.until(lambda: not cluster.pods())
