"""Real kubectl and the official Python client against the embedded cluster, from one table."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import shlex
import tomllib
from pathlib import Path
from typing import Any

import trustme

from conformance.python_calls import Caller
from ekswiz_sim.kubernetes.provider import workloads
from ekswiz_sim.seams import PulledImage, PullError
from unit.kubernetes_api.stand_in import Cluster

TABLE = tomllib.loads((Path(__file__).parent / "kubectl_commands.toml").read_text())
READER = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
SERVER = """
import http.server, os, signal, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(VERSION.encode())
    def log_message(self, *args):
        pass
seen = [os.environ.get("SAYS", "")] + [
    open(os.environ[name]).read() for name in sorted(os.environ) if name.startswith("READS_")
]
print("starting", VERSION, *seen, flush=True)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Answer).serve_forever()
"""


READS = ("api-resources", "api-versions", "auth", "describe", "explain", "get", "logs", "version")
AT_ONCE = 4


class Images:
    """A registry with two versions of one server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def pull(self, reference: str) -> PulledImage:
        version = reference.rpartition(":")[2]
        if version not in ("v1", "v2"):
            raise PullError(f'rpc error: code = NotFound desc = failed to pull "{reference}": not found')
        root = self.folder / version
        (root / "app").mkdir(parents=True, exist_ok=True)
        (root / "app" / "main.py").write_text(f"VERSION = {version!r}\n{SERVER}")
        config = {"Cmd": ["python", "main.py"], "WorkingDir": "/app", "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]}
        digest = "sha256:" + hashlib.sha256(reference.encode()).hexdigest()
        return PulledImage(digest, root, config)


def write_files(root: Path) -> None:
    for name, text in TABLE["files"].items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


async def problems(cluster: Cluster, command: dict[str, Any]) -> list[str]:
    stdin = TABLE["files"][command["stdin"]] if "stdin" in command else ""
    answer = await cluster.kubectl(*shlex.split(command["run"]), user=command.get("user", "admin"), stdin=stdin)
    found = [f"lacks {word!r}" for word in command.get("words", []) if word not in answer.text]
    found += [f"has {word!r}" for word in command.get("without", []) if word in answer.text]
    if any(word in answer.text for word in command.get("or", [])):
        found.clear()
    if answer.code != command.get("code", 0):
        found.append(f"exit code {answer.code}")
    return [f"kubectl {command['run']}: {one}\n{answer.text}" for one in found]


def _only_reads(command: dict[str, Any]) -> bool:
    return command["run"].split()[0] in READS


def _batches(commands: list[dict[str, Any]], size: int) -> list[list[dict[str, Any]]]:
    return [commands[start : start + size] for start in range(0, len(commands), size)]


async def run_all(cluster: Cluster, commands: list[dict[str, Any]], calls: list[dict[str, Any]]) -> list[str]:
    write_files(cluster.root)
    cluster.entries.add("reader", policies=((READER, ()),))
    await cluster.start()
    try:
        return [*await run_commands(cluster, commands), *await asyncio.to_thread(run_calls, cluster, calls)]
    finally:
        await cluster.stop()


def run_calls(cluster: Cluster, calls: list[dict[str, Any]]) -> list[str]:
    caller = Caller(cluster.config("admin"), TABLE["files"], cluster.root)
    try:
        return [problem for call in calls for problem in caller.problems(call)]
    finally:
        caller.close()


async def run_commands(cluster: Cluster, commands: list[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    for reads, group in itertools.groupby(commands, _only_reads):
        for batch in _batches(list(group), AT_ONCE if reads else 1):
            answers = await asyncio.gather(*(problems(cluster, command) for command in batch))
            found += itertools.chain.from_iterable(answers)
    return found


async def test_each_command_without_workloads(tmp_path: Path) -> None:
    # given a cluster with nothing behind its API
    cluster = Cluster(tmp_path, trustme.CA())
    # when every command is run in order
    commands = [one for one in TABLE["command"] if not one.get("workloads")]
    calls = [one for one in TABLE["call"] if not one.get("workloads")]
    found = await run_all(cluster, commands, calls)
    # then each has said what the table wants
    assert len(commands) >= 40
    assert len(calls) >= 40
    assert not found, "\n".join(found)


async def test_each_command_with_workloads(tmp_path: Path) -> None:
    # given a cluster with controllers, a kubelet and a registry of two images
    images = Images(tmp_path / "images")
    cluster = Cluster(tmp_path, trustme.CA(), lambda store, root: workloads(store, images, root / "node"))
    # when every command is run in order
    commands = [one for one in TABLE["command"] if one.get("workloads")]
    found = await run_all(cluster, commands, [one for one in TABLE["call"] if one.get("workloads")])
    # then each has said what the table wants
    assert not found, "\n".join(found)
