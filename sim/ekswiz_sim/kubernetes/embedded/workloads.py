"""What runs behind the API server: controllers, scheduler, kubelet and Service network, fed from the store.

The parts do not know each other. Each reads objects and writes objects, as in a real cluster; the manager wakes it.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ekswiz_sim.kubernetes.embedded.controllers.deployment import DeploymentController
from ekswiz_sim.kubernetes.embedded.controllers.endpoints import EndpointsController
from ekswiz_sim.kubernetes.embedded.controllers.garbage import GarbageCollector
from ekswiz_sim.kubernetes.embedded.controllers.manager import Controller, Manager
from ekswiz_sim.kubernetes.embedded.controllers.namespaces import NamespaceController
from ekswiz_sim.kubernetes.embedded.controllers.node import node_object
from ekswiz_sim.kubernetes.embedded.controllers.recorder import Recorder
from ekswiz_sim.kubernetes.embedded.controllers.replica_set import Admission, ReplicaSetController
from ekswiz_sim.kubernetes.embedded.controllers.scheduler import Scheduler
from ekswiz_sim.kubernetes.embedded.kinds import NODES
from ekswiz_sim.kubernetes.embedded.kubelet import interpreter
from ekswiz_sim.kubernetes.embedded.kubelet.images import Images
from ekswiz_sim.kubernetes.embedded.kubelet.kubelet import Kubelet
from ekswiz_sim.kubernetes.embedded.kubelet.launch import Local
from ekswiz_sim.kubernetes.embedded.kubelet.machine import Machine
from ekswiz_sim.kubernetes.embedded.kubelet.parts import Parts
from ekswiz_sim.kubernetes.embedded.kubelet.runtime import Runtime
from ekswiz_sim.kubernetes.embedded.kubelet.timing import Timing
from ekswiz_sim.kubernetes.embedded.network.addresses import claim
from ekswiz_sim.kubernetes.embedded.network.services import ServiceNetwork
from ekswiz_sim.kubernetes.embedded.objects.defaults import apply_defaults
from ekswiz_sim.kubernetes.embedded.seams import LogOptions
from ekswiz_sim.kubernetes.embedded.store import Obj, Store
from ekswiz_sim.seams import ImagePuller

if TYPE_CHECKING:
    import aiohttp

_NOTHING: Mapping[str, str] = {}


class Workloads:
    """Implements `Node` and `Network` of the seams.

    `root` is a directory of its own, removed by `stop`. `environment` are variables for every container. `admit`
    defaults and admits the pods that controllers create and raises PodRefused. `shared_address` gives all pods
    127.0.0.1 with mapped ports even where the system has more addresses. `machine` runs containers; without one they
    are processes of this machine.
    """

    def __init__(
        self,
        store: Store,
        puller: ImagePuller,
        root: Path,
        *,
        environment: Mapping[str, str] = _NOTHING,
        node_name: str = "ekswiz-sim",
        zone: str = "us-east-1a",
        admit: Admission = apply_defaults,
        timing: Timing | None = None,
        shared_address: bool = False,
        machine: Machine | None = None,
    ) -> None:
        self._store = store
        self._root = root
        self._node_name = node_name
        self._zone = zone
        self._addresses = claim(shared=shared_address)
        self._runtime = Runtime()
        self._session: aiohttp.ClientSession | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._recorder = Recorder(store, node_name)
        parts = Parts(
            store=store,
            recorder=self._recorder,
            images=Images(puller),
            runtime=self._runtime,
            interpreter=interpreter.planned(root / "python"),
            addresses=self._addresses,
            environment=environment,
            timing=timing or Timing(),
            session=self._client,
            machine=machine or Local(),
        )
        self._kubelet = Kubelet(parts, root / "pods", node_name)
        self._network = ServiceNetwork(store, self._recorder, self._addresses, self._locate)
        self._admit = admit

    async def start(self) -> None:
        """Register the node and begin to work."""
        shutil.rmtree(self._root, ignore_errors=True)  # what a killed run left
        self._root.mkdir(parents=True, mode=0o700)
        interpreter.build(self._root / "python")
        await self._runtime.start()
        if self._store.get(NODES, None, self._node_name) is None:
            self._store.put(NODES, node_object(self._node_name, self._zone))
        manager = Manager(self._store, self._controllers())
        self._tasks = [asyncio.create_task(manager.run()), asyncio.create_task(self._kubelet.watch())]

    def _controllers(self) -> Sequence[Controller]:
        store, recorder = self._store, self._recorder
        return (
            DeploymentController(store, recorder),
            ReplicaSetController(store, recorder, self._admit),
            Scheduler(store, recorder, self._node_name),
            self._kubelet,
            EndpointsController(store),
            self._network,
            GarbageCollector(store),
            NamespaceController(store),
        )

    async def stop(self) -> None:
        """End every process, listener and file of it; objects stay in the store. May be called twice."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._kubelet.stop()
        await self._runtime.stop()
        await self._network.stop()
        if self._session is not None:
            await self._session.close()
        self._addresses.close()
        await asyncio.to_thread(shutil.rmtree, self._root, ignore_errors=True)

    # ---- Node

    def logs(self, pod: Obj, options: LogOptions) -> AsyncIterator[bytes]:
        """Log chunks of one container; raises LookupError at once, with Kubernetes' text, where there is none yet."""
        return self._kubelet.logs(pod, options)

    def pod_address(self, pod: Obj, port: str) -> tuple[str, int]:
        """Where a port (number, name or "") of a running pod is reached; raises LookupError if it is not."""
        return self._kubelet.pod_address(pod, port)

    # ---- Network

    def allocate(self, service: Obj) -> Obj:
        """The Service with its addresses; raises ValueError for an address that is not of this cluster."""
        return self._network.allocate(service)

    def service_address(self, service: Obj, port: str) -> tuple[str, int]:
        """Where a ready endpoint of a Service is reached; raises LookupError without one."""
        return self._network.service_address(service, port)

    # ---- inside

    def _locate(self, uid: str, address: str, port: int) -> tuple[str, int]:
        worker = self._kubelet.worker(uid)
        if worker is not None:
            return worker.context.locate(port)
        if not address.startswith("127."):
            raise LookupError(f"{address} is not on loopback")
        return (address, port)

    def _client(self) -> aiohttp.ClientSession:
        import aiohttp  # heavy, and a node may never probe

        if self._session is None:
            # A connection per probe, as the kubelet makes them; nothing from the environment (proxies).
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True), trust_env=False)
        return self._session
