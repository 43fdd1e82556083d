"""A cluster without an API server: the store, the workloads, and images that are folders."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ekswiz_sim.kubernetes.embedded.controllers.objects import new_object, now, with_metadata
from ekswiz_sim.kubernetes.embedded.kinds import DEPLOYMENTS, EVENTS, NAMESPACES, PODS, SERVICES
from ekswiz_sim.kubernetes.embedded.kubelet.timing import Timing
from ekswiz_sim.kubernetes.embedded.objects.defaults import apply_defaults
from ekswiz_sim.kubernetes.embedded.seams import LogOptions
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store
from ekswiz_sim.kubernetes.embedded.workloads import Workloads
from ekswiz_sim.seams import PulledImage, PullError

SERVER = """
import http.server, os, signal, threading
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False  # an answer that was begun is given to its end
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        code = 503 if self.path == "/broken" else 200
        self.send_response(code); self.end_headers()
        self.wfile.write((os.environ.get("SAYS") or VERSION).encode())
    def log_message(self, *args): pass
print("starting", VERSION, flush=True)
server = Server(("0.0.0.0", int(os.environ.get("PORT", 8000))), Answer)
stop = threading.Thread(target=server.shutdown)
signal.signal(signal.SIGTERM, lambda *_: (print("bye", flush=True), stop.start()))
server.serve_forever(0.02)
server.server_close()
"""

DUMP = "import json, os, sys; print(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]), flush=True)"


class Registry:
    """Images by reference, as the world's puller would have unpacked them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.images: dict[str, PulledImage] = {}
        self.pulls: list[str] = []
        self.reason = "not found"

    def add(self, reference: str, files: dict[str, str], **config: Any) -> str:
        digest = "sha256:" + hashlib.sha256(reference.encode()).hexdigest()
        root = self.folder / digest[7:19]
        root.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        self.images[reference] = PulledImage(digest, root, config)
        return reference

    def server(self, version: str, source: str = SERVER) -> str:
        text = f"VERSION = {version!r}\n{source}"
        return self.add(
            f"reg.local:5000/web:{version}",
            {"app/main.py": text},
            Cmd=["python", "main.py"],
            WorkingDir="/app",
            Env=["PATH=/usr/local/bin:/usr/bin:/bin"],
        )

    def dump(self) -> str:
        """An image that prints its arguments, working directory and environment."""
        return self.add(
            "reg.local:5000/dump:1",
            {"app/dump.py": DUMP, "app/conf/a.txt": "x"},
            Entrypoint=["python3", "/app/dump.py"],
            Cmd=["default"],
            WorkingDir="/app",
            Env=["FROM_IMAGE=yes", "CONF=/app/conf/a.txt", "PREFIX=/app"],
        )

    async def pull(self, reference: str) -> PulledImage:
        self.pulls.append(reference)
        if reference not in self.images:
            raise PullError(f'rpc error: code = NotFound desc = failed to pull "{reference}": {self.reason}')
        return self.images[reference]


class Cluster:
    """What tests do and ask."""

    def __init__(self, store: Store, registry: Registry, root: Path, **options: Any) -> None:
        self.store = store
        self.registry = registry
        self.root = root
        self.workloads = Workloads(store, registry, root, **options)
        self.namespace("web")

    def namespace(self, name: str) -> Obj:
        made = new_object(NAMESPACES, None, name)
        return self.store.put(
            NAMESPACES, made | {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        )

    def put(self, kind: Kind, name: str, namespace: str = "web", **parts: Any) -> Obj:
        meta = {"generation": 1, **parts.pop("metadata", {})}
        return self.store.put(kind, apply_defaults(new_object(kind, namespace, name, **meta) | parts))

    def pod(self, name: str, image: str, *, spec: Obj | None = None, **container: Any) -> Obj:
        one = {"name": "main", "image": image, **container}
        return self.put(PODS, name, spec={"containers": [one], **(spec or {})}, metadata={"labels": {"app": name}})

    def deployment(self, image: str, *, replicas: int = 1, spec: Obj | None = None, **container: Any) -> Obj:
        probe = {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 1}
        one = {"name": "main", "image": image, "readinessProbe": probe, **container}
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [one]}}
        whole = {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template,
            **(spec or {}),
        }
        return self.put(DEPLOYMENTS, "web", spec=whole)

    def service(self, name: str = "web", **spec: Any) -> Obj:
        whole = {"selector": {"app": "web"}, "ports": [{"port": 8080, "targetPort": 8000}], **spec}
        made = apply_defaults(new_object(SERVICES, "web", name) | {"spec": whole})
        return self.store.put(SERVICES, self.workloads.allocate(made))

    def get(self, kind: Kind, name: str) -> Obj:
        found = self.store.get(kind, "web", name)
        assert found is not None, name
        return found

    def edit(self, kind: Kind, name: str, change: Callable[[Obj], Obj]) -> Obj:
        """Change a spec as a user does: through a new generation."""
        obj = self.get(kind, name)
        after = {**obj, "spec": change(obj["spec"])}
        return self.store.put(kind, with_metadata(after, generation=obj["metadata"]["generation"] + 1))

    def set_image(self, image: str, **container: Any) -> Obj:
        def change(spec: Obj) -> Obj:
            old = spec["template"]
            one = {**old["spec"]["containers"][0], "image": image, **container}
            return {**spec, "template": {**old, "spec": {**old["spec"], "containers": [one]}}}

        return self.edit(DEPLOYMENTS, "web", change)

    def delete(self, kind: Kind, name: str, grace: int = 30) -> None:
        """As the API server does it for pods."""
        obj = self.get(kind, name)
        self.store.put(kind, with_metadata(obj, deletionTimestamp=now(), deletionGracePeriodSeconds=grace))

    def pods(self) -> list[Obj]:
        return self.store.all(PODS, "web")

    def messages(self, reason: str) -> list[str]:
        return [one["message"] for one in self.store.all(EVENTS, "web") if one["reason"] == reason]

    async def until(self, ask: Callable[[], Any], seconds: float = 10.0) -> Any:
        """The first true answer; asked again after every change in the store."""
        queue = self.store.subscribe()
        deadline = time.monotonic() + seconds
        try:
            while not (answer := ask()):
                left = deadline - time.monotonic()
                assert left > 0, f"not within {seconds} s: {[one.get('status') for one in self.pods()]}"
                try:
                    await asyncio.wait_for(queue.get(), min(left, 0.2))
                except TimeoutError:
                    continue
        finally:
            self.store.unsubscribe(queue)
        return answer

    def is_ready(self, name: str) -> bool:
        found = self.store.get(PODS, "web", name)
        conditions = ((found or {}).get("status") or {}).get("conditions") or []
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    def state(self, name: str) -> Obj:
        found = self.store.get(PODS, "web", name)
        statuses = ((found or {}).get("status") or {}).get("containerStatuses") or [{}]
        return dict(statuses[0])

    def waits_for(self, name: str, reason: str) -> bool:
        return bool((self.state(name).get("state") or {}).get("waiting", {}).get("reason") == reason)

    def progressing(self) -> str:
        status = self.get(DEPLOYMENTS, "web").get("status") or {}
        found = [one["reason"] for one in status.get("conditions") or [] if one["type"] == "Progressing"]
        return found[0] if found else ""

    def rolled_out(self) -> bool:
        """What `kubectl rollout status` waits for."""
        one = self.get(DEPLOYMENTS, "web")
        status, replicas = one.get("status") or {}, one["spec"]["replicas"]
        if status.get("observedGeneration", 0) < one["metadata"]["generation"]:
            return False
        return all(status.get(key, 0) == replicas for key in ("replicas", "updatedReplicas", "availableReplicas"))

    async def fetch(self, address: tuple[str, int], path: str = "/") -> str:
        async with aiohttp.ClientSession() as session, session.get(f"http://{address[0]}:{address[1]}{path}") as answer:
            return await answer.text()

    async def logs(self, name: str, **options: Any) -> str:
        chunks = self.workloads.logs(self.get(PODS, name), LogOptions(**options))
        return b"".join([one async for one in chunks]).decode()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "images")


TIMING = Timing(crash_first=0.3, pull_first=0.3, shown=0.1, configuration=0.1, poll=0.05)


@pytest.fixture
def make_cluster(registry: Registry, tmp_path: Path) -> Callable[..., Cluster]:
    """A cluster that is not started yet."""

    def make(**options: Any) -> Cluster:
        return Cluster(Store(), registry, tmp_path / "node", **{"timing": TIMING, **options})

    return make


@pytest.fixture
async def cluster(make_cluster: Callable[..., Cluster]) -> AsyncIterator[Cluster]:
    made = make_cluster()
    await made.workloads.start()
    try:
        yield made
    finally:
        await made.workloads.stop()
