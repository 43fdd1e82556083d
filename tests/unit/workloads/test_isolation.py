"""What must never happen: a listener on the LAN, a process that outlives its cluster, a file left behind."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from ekswiz_sim.kubernetes.embedded.kinds import PODS

LISTEN = """
import itertools, socket, sys, time
ports = itertools.count(9000)
def tcp(family, host, v6only=None):
    s = socket.socket(family)
    if v6only is not None: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    s.bind((host, next(ports))); s.listen()
    return s
def never_bound():
    s = socket.socket(); s.listen(); return s
v4, v6 = socket.AF_INET, socket.AF_INET6
kept = [KIND]
print("up", flush=True)
time.sleep(60)
"""
WILDCARDS = "tcp(v4, '0.0.0.0'), tcp(v4, ''), tcp(v6, '::'), tcp(v6, '::', 0), tcp(v6, '::', 1), never_bound()"

FAMILY = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
if os.fork() == 0:
    os.setsid()
    time.sleep(60)
print("up", flush=True)
time.sleep(60)
"""


def children(pid: int | None = None) -> list[psutil.Process]:
    """The shim and all below it: this test process may have other children of its own."""
    below = psutil.Process(pid).children(recursive=True)
    shims = [one for one in below if "shim.py" in " ".join(one.cmdline())]
    return shims + [one for shim in shims for one in shim.children(recursive=True)]


def listeners() -> list[str]:
    found = [one for child in children() for one in child.net_connections("inet") if one.status == psutil.CONN_LISTEN]
    return [str(one.laddr[0]) for one in found if one.laddr]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Who is left after at most five seconds; a zombie is not."""

    def lives(one: psutil.Process) -> bool:
        return one.is_running() and one.status() != psutil.STATUS_ZOMBIE

    deadline = time.monotonic() + 5
    while (left := [one for one in processes if lives(one)]) and time.monotonic() < deadline:
        psutil.wait_procs(left, timeout=0.02)
    return left


async def up(cluster: Any, name: str = "a") -> None:
    def said() -> bool:
        return any("up" in one.read_text() for one in Path(cluster.root).rglob("logs/main/*.log"))

    await cluster.until(said)


@pytest.mark.parametrize(
    ("flags", "wrapper"),
    [([], []), (["-I"], []), (["-E"], ["env", "-i"]), ([], ["sh", "-c", 'exec "$@"', "sh"])],
)
async def test_a_wildcard_is_loopback(cluster: Any, flags: list[str], wrapper: list[str]) -> None:
    # `env -i` leaves no PATH to find Python by, so that one names it.
    python = str(Path(cluster.root) / "python/bin/python") if wrapper[:1] == ["env"] else "python"
    source = LISTEN.replace("KIND", WILDCARDS)
    image = cluster.registry.add("reg.local:5000/l:1", {"l.py": source}, WorkingDir="/")
    cluster.pod("a", image, command=[*wrapper, python, *flags, "l.py"])

    await up(cluster)

    found = listeners()
    assert len(found) == 6
    assert all(one.startswith(("127.", "::ffff:127.")) or one == "::1" for one in found), found


async def test_an_address_of_the_host_is_not_the_pods(cluster: Any) -> None:
    source = LISTEN.replace("KIND", "tcp(v4, '192.0.2.7')")
    image = cluster.registry.add("reg.local:5000/l:1", {"l.py": source}, Cmd=["python", "/l.py"])
    cluster.pod("a", image, spec={"restartPolicy": "Never"})

    await cluster.until(lambda: cluster.get(PODS, "a").get("status", {}).get("phase") == "Failed")

    assert "Cannot assign requested address" in await cluster.logs("a")
    assert not listeners()


async def test_a_program_that_gets_around_the_rule_is_ended_and_not_started_again(cluster: Any) -> None:
    around = "import _socket, time; s = _socket.socket(); s.bind(('0.0.0.0', 0)); s.listen(1); time.sleep(60)"
    image = cluster.registry.add("reg.local:5000/n:1", {"n.py": around}, Cmd=["python", "/n.py"])
    cluster.pod("a", image)

    await cluster.until(lambda: cluster.waits_for("a", "CreateContainerError"))

    assert "pods may listen on loopback only" in cluster.state("a")["state"]["waiting"]["message"]
    assert cluster.state("a")["lastState"]["terminated"]["exitCode"] == 137
    assert not listeners()


async def test_stop_leaves_no_process_port_or_file(make_cluster: Any, registry: Any, tmp_path: Path) -> None:
    one = make_cluster()
    await one.workloads.start()
    image = registry.add("reg.local:5000/f:1", {"f.py": FAMILY}, Cmd=["python", "/f.py"])
    one.pod("a", image)
    one.deployment(registry.server("1"), replicas=2)
    service = one.service(type="NodePort")
    await up(one)
    await one.until(one.rolled_out)
    processes = children()
    assert len(processes) >= 6
    place = (service["spec"]["clusterIP"], 8080)
    node_port = ("127.0.0.1", service["spec"]["ports"][0]["nodePort"])
    assert await one.fetch(node_port) == "1"

    await one.workloads.stop()
    await one.workloads.stop()

    assert not alive(processes)
    for address in (place, node_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=1)
    assert not (tmp_path / "node").exists()


async def test_stop_while_a_pod_is_made_leaves_nothing(make_cluster: Any, registry: Any, tmp_path: Path) -> None:
    one = make_cluster()
    await one.workloads.start()
    files = {f"app/{number}.txt": "x" for number in range(150)}
    one.pod("a", registry.add("reg.local:5000/many:1", files, Cmd=["python", "-c", ""]))
    await one.until(lambda: any((tmp_path / "node/pods").glob("*/files/main/root/app/*")))

    await one.workloads.stop()

    assert not (tmp_path / "node").exists()


PARENT = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = PATHS
from unit.workloads.conftest import Cluster, Registry
from ekswiz_sim.kubernetes.embedded.store import Store
async def main():
    folder = Path(sys.argv[1])
    one = Cluster(Store(), Registry(folder / "images"), folder / "node")
    await one.workloads.start()
    one.pod("a", one.registry.add("reg.local:5000/f:1", {"f.py": FAMILY}, Cmd=["python", "/f.py"]))
    await one.until(lambda: any("up" in log.read_text() for log in one.root.rglob("logs/main/*.log")))
    print("up", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def test_processes_die_with_their_cluster(tmp_path: Path) -> None:
    paths = [str(Path(__file__).parents[2])]
    source = PARENT.replace("PATHS", repr(paths)).replace("FAMILY", repr(FAMILY))
    with subprocess.Popen([sys.executable, "-c", source, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        processes = children(parent.pid)
        assert len(processes) >= 4, processes

        parent.kill()
        parent.wait()

    assert not alive(processes)


async def test_pods_die_with_the_shim_and_come_back(cluster: Any) -> None:
    cluster.pod("a", cluster.registry.server("1"), readinessProbe={"tcpSocket": {"port": 8000}})
    await cluster.until(lambda: cluster.is_ready("a"))
    [shim] = [one for one in psutil.Process().children() if any("shim.py" in part for part in one.cmdline())]
    processes = children()

    shim.kill()

    assert not alive(processes)
    await cluster.until(lambda: cluster.state("a").get("restartCount", 0) >= 1)
    await cluster.until(lambda: cluster.is_ready("a"))
