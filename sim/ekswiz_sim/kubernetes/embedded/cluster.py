"""One embedded cluster: store, API server, what runs behind it, and the TLS door in front."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import trustme
from aiohttp import web

from ekswiz_sim.kubernetes.embedded.access.bootstrap import bootstrap
from ekswiz_sim.kubernetes.embedded.api.server import ApiServer
from ekswiz_sim.kubernetes.embedded.seams import Network, Node
from ekswiz_sim.kubernetes.embedded.store import Obj, Store
from ekswiz_sim.kubernetes.front import Front
from ekswiz_sim.seams import AccessEntries, ClusterEndpoint, Gatekeeper

LOOPBACK = "127.0.0.1"
_SHUTDOWN_SECONDS = 1.0


class Workload(Node, Network, Protocol):
    """What runs behind the API: controllers, kubelet and network."""

    async def start(self) -> None:
        """Begin to act on the store."""
        ...

    async def stop(self) -> None:
        """End every process and loop."""
        ...


@dataclass(frozen=True, slots=True)
class Doorkeepers:
    """Who decides at the cluster's front: identities, access entries, and the rules behind access policies."""

    gatekeeper: Gatekeeper
    entries: AccessEntries
    policy_rules: Callable[[str], list[dict[str, Any]]]


class EmbeddedCluster:
    """A cluster on loopback. `make_workload` gets the store and the cluster's folder."""

    def __init__(
        self,
        name: str,
        doorkeepers: Doorkeepers,
        ca: trustme.CA,
        root: Path,
        make_workload: Callable[[Store, Path], Workload],
    ) -> None:
        self.name = name
        self.store = Store()
        self._doorkeepers = doorkeepers
        self._ca = ca
        self._workload = make_workload(self.store, root)
        self._server: ApiServer | None = None
        self._runner: web.AppRunner | None = None
        self.endpoint: ClusterEndpoint | None = None

    async def start(self) -> ClusterEndpoint:
        """Fill the store, start what runs behind, open the door; after a failure, `stop` removes what was begun."""
        ca_pem = self._ca.cert_pem.bytes()
        bootstrap(self.store, ca_pem)
        await self._workload.start()
        self._server = ApiServer(self.store, node=self._workload, network=self._workload, ca_pem=ca_pem)
        port = await self._open(self._server)
        self.endpoint = ClusterEndpoint(f"https://{LOOPBACK}:{port}", ca_pem)
        return self.endpoint

    async def _open(self, server: ApiServer) -> int:
        keepers = self._doorkeepers
        front = Front(
            self.name,
            keepers.gatekeeper,
            keepers.entries,
            server.handle,
            policy_rules=keepers.policy_rules,
            store=self.store,
        )
        self._runner = web.AppRunner(
            front.app(), access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, 0, ssl_context=await asyncio.to_thread(server_context, self._ca))
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close the door, then end what runs behind it; safe to call twice."""
        async with contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(self._workload.stop)
            if self._server is not None:
                undo.push_async_callback(self._server.close)
            if self._runner is not None:
                undo.push_async_callback(_shut, self._runner)
        self._runner = self._server = self.endpoint = None

    def snapshot(self) -> dict[str, Obj]:
        """Every object by `KIND/NAMESPACE/NAME` (no namespace: `KIND//NAME`), as it is in the store."""
        return {
            f"{kind.qualified}/{obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}": obj
            for kind in self.store.kinds()
            for obj in self.store.all(kind)
        }


async def _shut(runner: web.AppRunner) -> None:
    """Close the door and cut its connections: an idle client never answers TLS's goodbye."""
    connections = [each.transport for each in runner.server.connections] if runner.server else []
    await runner.cleanup()
    for transport in connections:
        if transport is not None:
            transport.abort()


def server_context(ca: trustme.CA) -> ssl.SSLContext:
    """TLS for the loopback names, signed by the world's CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(LOOPBACK, "localhost", "kubernetes.default.svc").configure_cert(context)
    return context
