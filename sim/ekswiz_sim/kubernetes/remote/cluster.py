"""One cluster of a kube-apiserver that is not ours, behind the EKS front."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import trustme

from ekswiz_sim.kubernetes.door import Door
from ekswiz_sim.kubernetes.embedded.cluster import Doorkeepers
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj
from ekswiz_sim.kubernetes.remote import objects
from ekswiz_sim.kubernetes.remote.admin import Admin
from ekswiz_sim.kubernetes.remote.backend import Remote
from ekswiz_sim.kubernetes.remote.client import Client
from ekswiz_sim.seams import ClusterEndpoint


class RemoteCluster:
    """A front in impersonation mode. Start and stop it on one loop.

    Args:
        name: The EKS cluster that it stands for.
        doorkeepers: Who decides at the front.
        ca: Signs the front's certificate.
        admin: The administrator as whom requests pass on.
    """

    def __init__(self, name: str, doorkeepers: Doorkeepers, ca: trustme.CA, admin: Admin) -> None:
        self.name = name
        self._doorkeepers = doorkeepers
        self._ca = ca
        self._admin = admin
        self._client: Client | None = None
        self._backend: Remote | None = None
        self._door: Door | None = None
        self.endpoint: ClusterEndpoint | None = None

    async def start(self) -> ClusterEndpoint:
        """Open the door.

        Raises:
            ApiError: The API server behind cannot be reached, or does not take the administrator's certificate.
            RehearsalError: The certificate cannot be used.
        """
        self._client = Client(self._admin, await asyncio.to_thread(self._admin.tls))
        await self._client.get("/version")
        self._backend = Remote(self._client)
        self._door = self._doorkeepers.door(self.name, self._ca, self._backend, self._backend.impersonated)
        self.endpoint = await self._door.open()
        return self.endpoint

    async def snapshot(self) -> Mapping[str, Obj]:
        """Every object that is not the cluster's own business (see `objects.snapshot`)."""
        return await objects.snapshot(self._asking())

    async def objects(self, kind: Kind, namespace: str = "") -> list[Obj]:
        """All objects of a kind (in a namespace).

        Raises:
            ApiError: The API server does not answer.
        """
        return await objects.every(self._asking(), kind, namespace)

    async def stop(self, *, remains: bool) -> None:
        """Close the door; what was made in a cluster that `remains` is removed from it. Safe to call twice."""
        client, backend, door = self._client, self._backend, self._door
        self._door = self._backend = self._client = self.endpoint = None
        async with contextlib.AsyncExitStack() as undo:
            if backend is not None:
                undo.push_async_callback(backend.close, cluster_remains=remains)
            elif client is not None:
                undo.push_async_callback(client.close)
            if door is not None:
                undo.push_async_callback(door.close)

    def _asking(self) -> Client:
        if self._client is None:
            raise KeyError(self.name)
        return self._client
