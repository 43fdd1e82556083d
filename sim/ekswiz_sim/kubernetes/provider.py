"""Makes embedded clusters when EKS is asked for one, and removes them."""

from __future__ import annotations

import contextlib
import shutil
from asyncio import to_thread
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import trustme

from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.embedded.cluster import Doorkeepers, EmbeddedCluster, Workload
from ekswiz_sim.kubernetes.embedded.kubelet.machine import Machine
from ekswiz_sim.kubernetes.embedded.objects.admission import admit_pod
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store
from ekswiz_sim.seams import AccessEntries, ClusterEndpoint, Gatekeeper, ImagePuller


class Provider:
    """`KubernetesProvider` of embedded clusters.

    EKS needs a provider and a provider needs EKS's access entries, so `entries` may be set after both are made.

    Args:
        gatekeeper: Who verifies tokens and keeps decisions.
        policy_rules: The RBAC rules of an access policy's ARN.
        ca: Signs the certificate of every cluster.
        puller: Pulls images as the node role.
        root: A private folder; each cluster has one in it while it lives.
        make_workload: What runs behind a cluster's API; controllers, kubelet and network unless a test says otherwise.
    """

    def __init__(
        self,
        gatekeeper: Gatekeeper,
        policy_rules: Callable[[str], list[dict[str, Any]]],
        *,
        ca: trustme.CA,
        puller: ImagePuller,
        root: Path,
        entries: AccessEntries | None = None,
        make_workload: Callable[[Store, Path], Workload] | None = None,
    ) -> None:
        self.entries = entries
        self._gatekeeper = gatekeeper
        self._policy_rules = policy_rules
        self._ca = ca
        self._puller = puller
        self._root = root
        self._make_workload = make_workload or self._workloads
        self._clusters: dict[str, EmbeddedCluster] = {}

    async def prepare(self) -> None:
        """Make beforehand what takes longer than a call to EKS may: nothing here."""

    async def create(self, cluster: str) -> ClusterEndpoint:
        """Start a cluster with its front; one that runs already is answered as it is."""
        known = self._clusters.get(cluster)
        if known is not None and known.endpoint is not None:
            return known.endpoint
        assert self.entries is not None, "entries must be set before the first cluster"
        keepers = Doorkeepers(self._gatekeeper, self.entries, self._policy_rules)
        root = self._root / cluster
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = EmbeddedCluster(cluster, keepers, self._ca, root, self._make_workload)
        # Known from here on, so that what a failed start leaves is removed like all else.
        self._clusters[cluster] = made
        try:
            return await made.start()
        except BaseException:
            await self.delete(cluster)
            raise

    async def delete(self, cluster: str) -> None:
        """Stop it and remove its folder; nothing happens if there is no such cluster."""
        known = self._clusters.pop(cluster, None)
        if known is not None:
            await known.stop()
            await to_thread(shutil.rmtree, self._root / cluster, ignore_errors=True)

    async def close(self) -> None:
        """Delete every cluster, going on past one that fails."""
        async with contextlib.AsyncExitStack() as undo:
            for name in list(self._clusters):
                undo.push_async_callback(self.delete, name)

    def endpoint(self, cluster: str) -> ClusterEndpoint:
        """Where a cluster's API is.

        Raises:
            KeyError: There is no such cluster.
        """
        found = self._clusters[cluster].endpoint
        if found is None:
            raise KeyError(cluster)
        return found

    def store(self, cluster: str) -> Store | None:
        """The objects of a cluster; None if there is no such cluster. Read it on the world's loop only."""
        known = self._clusters.get(cluster)
        return known.store if known is not None else None

    async def objects(self, cluster: str, kind: Kind, namespace: str | None = None) -> list[Obj]:
        """Objects of a kind; none where there is no such cluster."""
        store = self.store(cluster)
        return list(store.all(kind, namespace)) if store is not None else []

    async def snapshot(self) -> Mapping[str, Mapping[str, Obj]]:
        """Every object of every cluster, by cluster name and `KIND/NAMESPACE/NAME`."""
        return {name: cluster.snapshot() for name, cluster in self._clusters.items()}

    def _workloads(self, store: Store, root: Path) -> Workload:
        return workloads(store, self._puller, root / "node")


def workloads(
    store: Store, puller: ImagePuller, root: Path, *, machine: Machine | None = None, shared_address: bool = False
) -> Workload:
    """Controllers, kubelet and network of one cluster; the pods that controllers make are admitted like all others.

    `machine` runs the pods' containers (see `Workloads`).
    """
    # Needed only once a cluster is made.
    from ekswiz_sim.kubernetes.embedded.controllers.replica_set import PodRefused
    from ekswiz_sim.kubernetes.embedded.workloads import Workloads

    def admit(pod: Obj) -> Obj:
        try:
            return admit_pod(store, pod)
        except ApiError as refused:
            raise PodRefused(refused.message) from refused

    return Workloads(store, puller, root, admit=admit, machine=machine, shared_address=shared_address)
