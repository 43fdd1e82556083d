"""Makes kind clusters when EKS is asked for one, each behind a front of its own, and removes them.

A cluster takes a minute, which is longer than any call to EKS may: `prepare` makes it before, and `create` takes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ekswiz.errors import RehearsalError
from ekswiz_sim import holdings
from ekswiz_sim.kubernetes.door import server_context
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.embedded.cluster import Doorkeepers
from ekswiz_sim.kubernetes.embedded.store import Kind as ObjectKind
from ekswiz_sim.kubernetes.embedded.store import Obj
from ekswiz_sim.kubernetes.kind import leftover, node
from ekswiz_sim.kubernetes.kind.command import Kind
from ekswiz_sim.kubernetes.kind.kept import Kept
from ekswiz_sim.kubernetes.kind.preflight import Facts
from ekswiz_sim.kubernetes.kind.relay import Relay
from ekswiz_sim.kubernetes.remote.admin import Admin, from_kubeconfig
from ekswiz_sim.kubernetes.remote.cluster import RemoteCluster
from ekswiz_sim.ports import LOOPBACK

if TYPE_CHECKING:
    from ekswiz_sim.alternatives import Site
    from ekswiz_sim.containers.engine import Engine
    from ekswiz_sim.seams import AccessEntries, ClusterEndpoint

T = TypeVar("T")
HOST = "host.docker.internal"
"""This machine, as an engine in a virtual machine of its own names it."""


@dataclass(slots=True)
class _Made:
    """One cluster of kind; `front` and `relay` once EKS has it. `note` is None for one that is kept."""

    name: str
    admin: Admin
    note: holdings.Note | None
    relay: Relay | None = None
    front: RemoteCluster | None = None


@dataclass(slots=True)
class KindProvider:
    """`Kubernetes` of kind clusters. Use it on the world's loop, and close it.

    Args:
        site: Where it is, and who decides.
        facts: What the preflight found.
        engine: The container engine that kind uses.
    """

    site: Site
    facts: Facts
    engine: Engine
    entries: AccessEntries | None = None
    _ready: list[_Made] = field(default_factory=list)
    _clusters: dict[str, _Made] = field(default_factory=dict)
    _kept: Kept | None = None

    @property
    def _kind(self) -> Kind:
        return Kind(self.facts.kind, self.facts.engine.address, self._folder)

    @property
    def _folder(self) -> Path:
        return self.site.home / "kind"

    async def prepare(self) -> None:
        """Make the cluster that `create` will take. Cancelled, it removes what there is of it.

        Raises:
            RehearsalError: kind cannot make one.
        """
        self._ready.append(await self._make())

    async def create(self, cluster: str) -> ClusterEndpoint:
        """Open a front before a prepared cluster; one that has its front already is answered as it is.

        Raises:
            RehearsalError: kind cannot make one, or its node cannot be given the way to the registry.
        """
        known = self._clusters.get(cluster)
        if known is not None and known.front is not None and known.front.endpoint is not None:
            return known.front.endpoint
        assert self.entries is not None, "entries must be set before the first cluster"
        made = self._clusters[cluster] = self._ready.pop() if self._ready else await self._make()
        try:
            await self._connect(made)
            keepers = Doorkeepers(self.site.gatekeeper, self.entries, self.site.policy_rules)
            made.front = RemoteCluster(cluster, keepers, self.site.authority, made.admin)
            return await made.front.start()
        except ApiError as error:
            await self.delete(cluster)
            raise RehearsalError(f"kind's cluster {made.name} cannot be used: {error}.") from error
        except BaseException:
            await self.delete(cluster)
            raise

    async def delete(self, cluster: str) -> None:
        """Remove it; nothing happens if there is no such cluster.

        Raises:
            RehearsalError: kind could not.
        """
        made = self._clusters.pop(cluster, None)
        if made is not None:
            await self._remove(made)

    async def close(self) -> None:
        """Remove every cluster, going on past one that fails."""
        async with contextlib.AsyncExitStack() as undo:
            undo.callback(self.engine.close)
            if self._kept is not None:
                undo.callback(self._kept.release)
            while self._ready:
                undo.push_async_callback(self._remove, self._ready.pop())
            for name in list(self._clusters):
                undo.push_async_callback(self.delete, name)

    def endpoint(self, cluster: str) -> ClusterEndpoint:
        """Where a cluster's API is.

        Raises:
            KeyError: There is no such cluster.
        """
        front = self._clusters[cluster].front
        if front is None or front.endpoint is None:
            raise KeyError(cluster)
        return front.endpoint

    def store(self, cluster: str) -> None:
        """No store of ours: the cluster keeps its objects by itself."""

    async def objects(self, cluster: str, kind: ObjectKind, namespace: str | None = None) -> list[Obj]:
        """Objects of a kind; none where there is no such cluster, or it does not answer."""
        made = self._clusters.get(cluster)
        if made is None or made.front is None:
            return []
        try:
            return await made.front.objects(kind, namespace or "")
        except ApiError:
            return []

    async def snapshot(self) -> Mapping[str, Mapping[str, Obj]]:
        """Every object that is not the clusters' own, by cluster name and `KIND/NAMESPACE/NAME`."""
        found = {name: made.front for name, made in self._clusters.items() if made.front is not None}
        return {name: await front.snapshot() for name, front in found.items()}

    # ---- one cluster

    async def _make(self) -> _Made:
        if self.site.tiers.keep:
            return await self._keep()
        name = f"ekswiz-{secrets.token_hex(4)}"
        note = holdings.note(self.site.home, "kind", leftover.facts(self._kind, name))
        self._describe(name)
        image = self.site.tiers.node_image
        try:
            text = await _stoppable(lambda stop: self._kind.create(name, image, stop))
            return _Made(name, from_kubeconfig(text), note)
        except BaseException:
            await _to_the_end(lambda: self._delete(name, note))
            raise

    async def _keep(self) -> _Made:
        """The cluster that earlier rehearsals left, cleaned; or a new one, for later ones."""
        image = self.site.tiers.node_image
        name = f"ekswiz-kept-{hashlib.sha256(image.encode()).hexdigest()[:8]}"
        self._kept = self._kept or Kept.claim(name)
        self._describe(name)
        if name in await asyncio.to_thread(self._kind.clusters):
            text = await asyncio.to_thread(self._kind.kubeconfig, name)
            admin = from_kubeconfig(text)
            await self._kept.clean(admin)
            return _Made(name, admin, None)
        try:
            text = await _stoppable(lambda stop: self._kind.create(name, image, stop))
        except BaseException:
            await _to_the_end(lambda: self._kind.delete(name))
            raise
        return _Made(name, from_kubeconfig(text), None)

    def _describe(self, name: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self._folder / "cluster.yaml").write_text(node.cluster(name), encoding="utf-8")

    async def _connect(self, made: _Made) -> None:
        """Give the node its way to the registry, and the node role's login."""
        gateway = await self.engine.call(lambda client: node.bridge(client, made.name))
        listen, reached = (LOOPBACK, HOST) if self.facts.engine.virtual or not gateway else (gateway, gateway)
        tls = await asyncio.to_thread(server_context, self.site.authority, reached)
        made.relay = Relay(self.site.registry, tls)
        try:
            port = await made.relay.open(listen)
        except OSError as error:
            detail = f"the registry cannot be shown to kind's node at {listen}: {error.strerror or error}."
            raise RehearsalError(detail, "The container engine has to be on this machine.") from error
        login = await asyncio.to_thread(self.site.node_login, self.site.registry)
        ca_pem = self.site.authority.cert_pem.bytes()
        archive = node.packed(node.files(self.site.registry, f"{reached}:{port}", ca_pem, login))
        await self.engine.call(lambda client: node.put(client, made.name, archive))

    def _delete(self, name: str, note: holdings.Note) -> None:
        """Blocks. A cluster that does not go keeps its note, and whoever comes next tries again."""
        self._kind.delete(name)
        holdings.settled(note)

    async def _remove(self, made: _Made) -> None:
        kept = made.note is None
        async with contextlib.AsyncExitStack() as undo:
            if made.note is not None:
                undo.push_async_callback(asyncio.to_thread, self._delete, made.name, made.note)
            if made.relay is not None:
                undo.push_async_callback(made.relay.close)
            if made.front is not None:
                undo.push_async_callback(made.front.stop, remains=kept)


async def _stoppable(work: Callable[[Callable[[], bool]], T]) -> T:
    """Do blocking work in a thread; a caller that is cancelled tells it to stop, and waits until it has."""
    stop = threading.Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop.is_set))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        with contextlib.suppress(RehearsalError):
            await asyncio.shield(task)
        raise


async def _to_the_end(work: Callable[[], object]) -> None:
    """Do blocking work in a thread, whoever is cancelled meanwhile."""
    await asyncio.wait([asyncio.ensure_future(asyncio.to_thread(work))])
