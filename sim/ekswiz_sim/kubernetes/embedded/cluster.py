"""One embedded cluster: store, API server, what runs behind it, and the TLS door in front."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import trustme

from ekswiz_sim.kubernetes.door import Door
from ekswiz_sim.kubernetes.embedded.access import impersonation
from ekswiz_sim.kubernetes.embedded.access.bootstrap import bootstrap
from ekswiz_sim.kubernetes.embedded.api.server import ApiServer
from ekswiz_sim.kubernetes.embedded.seams import Network, Node
from ekswiz_sim.kubernetes.embedded.store import Obj, Store
from ekswiz_sim.kubernetes.front import Backend, Front, Impersonated
from ekswiz_sim.seams import AccessEntries, ClusterEndpoint, Gatekeeper


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

    def door(self, cluster: str, ca: trustme.CA, behind: Backend, impersonated: Impersonated) -> Door:
        """The cluster's TLS door, not open yet; `ca` signs its certificate."""
        front = Front(
            cluster,
            self.gatekeeper,
            self.entries,
            behind,
            policy_rules=self.policy_rules,
            impersonated=impersonated,
        )
        return Door(front, ca)


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
        self._door: Door | None = None
        self.endpoint: ClusterEndpoint | None = None

    async def start(self) -> ClusterEndpoint:
        """Fill the store, start what runs behind, open the door; after a failure, `stop` removes what was begun."""
        ca_pem = self._ca.cert_pem.bytes()
        bootstrap(self.store, ca_pem)
        await self._workload.start()
        self._server = ApiServer(self.store, node=self._workload, network=self._workload, ca_pem=ca_pem)
        within = impersonation.within(self.store)
        self._door = self._doorkeepers.door(self.name, self._ca, self._server.handle, within)
        self.endpoint = await self._door.open()
        return self.endpoint

    async def stop(self) -> None:
        """Close the door, then end what runs behind it; safe to call twice."""
        async with contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(self._workload.stop)
            if self._server is not None:
                undo.push_async_callback(self._server.close)
            if self._door is not None:
                undo.push_async_callback(self._door.close)
        self._door = self._server = self.endpoint = None

    def snapshot(self) -> dict[str, Obj]:
        """Every object by `KIND/NAMESPACE/NAME` (no namespace: `KIND//NAME`), as it is in the store."""
        return {
            f"{kind.qualified}/{obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}": obj
            for kind in self.store.kinds()
            for obj in self.store.all(kind)
        }
