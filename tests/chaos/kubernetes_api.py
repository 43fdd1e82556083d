"""Kubernetes for a world of tests: the real store, API server and EKS front, nothing that runs behind, one socket.

One plain HTTP server serves every cluster of every world of the process, so that a new world costs no port, no
certificate and no handshake. Namespaces end at once, as the namespace controller would end them a little later.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web
from yarl import URL

from ekswiz_sim.aws.access_policies import rules_for
from ekswiz_sim.gate.gate import Gate
from ekswiz_sim.kubernetes.embedded.access import impersonation
from ekswiz_sim.kubernetes.embedded.access.bootstrap import bootstrap
from ekswiz_sim.kubernetes.embedded.api.server import ApiServer
from ekswiz_sim.kubernetes.embedded.controllers.namespaces import NamespaceController
from ekswiz_sim.kubernetes.embedded.kinds import NAMESPACES
from ekswiz_sim.kubernetes.embedded.seams import LogOptions
from ekswiz_sim.kubernetes.embedded.store import Obj, Store
from ekswiz_sim.kubernetes.front import Front
from ekswiz_sim.loop import LoopThread
from ekswiz_sim.seams import AccessEntries, ClusterEndpoint, Gatekeeper

CA = b"-----BEGIN CERTIFICATE-----\nnobody reads this: the address is http\n-----END CERTIFICATE-----\n"
Handler = Callable[[web.Request], Any]


class Server:
    """The loop and the socket of this process."""

    def __init__(self) -> None:
        self.loop = LoopThread("chaos")
        self._handlers: dict[str, Handler] = {}
        self._count = itertools.count(1)
        app = web.Application(client_max_size=3 << 20)
        app.router.add_route("*", "/{cluster}/{path:.*}", self._handle)
        self.port = self.loop.serve(app)

    def add(self, handler: Handler) -> tuple[str, str]:
        """Serve a cluster: its key, and its URL."""
        key = f"c{next(self._count)}"
        self._handlers[key] = handler
        return key, f"http://127.0.0.1:{self.port}/{key}"

    def remove(self, key: str) -> None:
        self._handlers.pop(key, None)

    def serve_aws(self, gate: Gate) -> str:
        """Put a gate on a port of its own; the URL."""
        return f"http://127.0.0.1:{self.loop.serve(gate.app())}"

    def close(self) -> None:
        self.loop.stop()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["cluster"]
        handler = self._handlers.get(key)
        if handler is None:
            return web.Response(status=503, text="this cluster is gone")
        rest = str(request.rel_url).removeprefix(f"/{key}")
        answer: web.StreamResponse = await handler(request.clone(rel_url=URL(rest, encoded=True)))
        return answer


class Idle:
    """What runs behind the API: nothing."""

    def __init__(self) -> None:
        self._last = 0

    async def logs(self, pod: Obj, options: LogOptions) -> AsyncIterator[bytes]:
        raise LookupError("no pod runs here")
        yield b""

    def pod_address(self, pod: Obj, port: str) -> tuple[str, int]:
        raise LookupError("no pod runs here")

    def service_address(self, service: Obj, port: str) -> tuple[str, int]:
        raise LookupError("no pod runs here")

    def allocate(self, service: Obj) -> Obj:
        spec = service["spec"]
        if spec.get("clusterIP"):
            return service
        self._last += 1
        address = f"127.100.128.{self._last}"
        return {**service, "spec": {**spec, "clusterIP": address, "clusterIPs": [address]}}


class EndingStore(Store):
    """A store whose namespaces end as soon as they are marked."""

    def put(self, kind: Any, obj: Obj) -> Obj:
        made = super().put(kind, obj)
        if kind == NAMESPACES and "deletionTimestamp" in made["metadata"]:
            asyncio.get_running_loop().call_soon(self._end, made["metadata"]["name"])
        return made

    def _end(self, name: str) -> None:
        NamespaceController(self).reconcile(("", name))


class BareKubernetes:
    """`KubernetesProvider` of clusters without nodes."""

    def __init__(self, server: Server, gatekeeper: Gatekeeper) -> None:
        self.entries: AccessEntries | None = None
        self._server = server
        self._gatekeeper = gatekeeper
        self.stores: dict[str, Store] = {}
        self._keys: dict[str, str] = {}
        self._endpoints: dict[str, ClusterEndpoint] = {}

    async def create(self, cluster: str) -> ClusterEndpoint:
        if cluster in self._endpoints:
            return self._endpoints[cluster]
        assert self.entries is not None
        store = EndingStore()
        bootstrap(store, CA)
        idle = Idle()
        server = ApiServer(store, node=idle, network=idle, ca_pem=CA)
        front = Front(
            cluster,
            self._gatekeeper,
            self.entries,
            server.handle,
            policy_rules=rules_for,
            impersonated=impersonation.within(store),
        )
        key, url = self._server.add(front.handle)
        self.stores[cluster], self._keys[cluster] = store, key
        self._endpoints[cluster] = ClusterEndpoint(url, CA)
        return self._endpoints[cluster]

    async def delete(self, cluster: str) -> None:
        self.stores.pop(cluster, None)
        self._endpoints.pop(cluster, None)
        self._server.remove(self._keys.pop(cluster, ""))

    async def close(self) -> None:
        for cluster in list(self.stores):
            await self.delete(cluster)

    async def snapshot(self) -> Mapping[str, Mapping[str, Obj]]:
        """Every object of every cluster, by cluster name and `KIND/NAMESPACE/NAME`."""
        return {
            name: {
                f"{kind.qualified}/{obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}": copy.deepcopy(obj)
                for kind in store.kinds()
                for obj in store.all(kind)
            }
            for name, store in self.stores.items()
        }


def folder_files(folder: Path) -> dict[str, str]:
    """Text of every file below a folder, by path."""
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}
