"""One task per pod on the node: address, volumes, init containers, containers, and the way back."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable

from ekswiz_sim.kubernetes.embedded.controllers.deletion import finish
from ekswiz_sim.kubernetes.embedded.controllers.objects import Key, key_of, now, uid_of, with_status
from ekswiz_sim.kubernetes.embedded.kinds import PODS
from ekswiz_sim.kubernetes.embedded.kubelet import volumes
from ekswiz_sim.kubernetes.embedded.kubelet.container import Container
from ekswiz_sim.kubernetes.embedded.kubelet.parts import Context, Parts
from ekswiz_sim.kubernetes.embedded.kubelet.record import Record
from ekswiz_sim.kubernetes.embedded.kubelet.status import Picture, status
from ekswiz_sim.kubernetes.embedded.kubelet.threads import in_thread
from ekswiz_sim.kubernetes.embedded.store import Obj

_log = logging.getLogger(__name__)


class Worker:
    """Runs a pod until it is asked to end it, and removes it from the store then."""

    def __init__(self, parts: Parts, pod: Obj, context: Context) -> None:
        self.key: Key = key_of(pod)
        self.uid = uid_of(pod)
        self.context = context
        context.publish = self.publish
        spec = pod["spec"]
        self._parts = parts
        self._policy = spec.get("restartPolicy", "Always")
        self.inits = [self._container(one, is_init=True) for one in spec.get("initContainers") or []]
        self.containers = [self._container(one, is_init=False) for one in spec["containers"]]
        self._started_at = now()
        self._initialized = not self.inits
        self._asked = asyncio.Event()
        self._grace = 0.0
        self._over = False
        self._task = asyncio.create_task(self._run())

    @property
    def running(self) -> bool:
        """True while any of its containers runs."""
        return any(one.record.running for one in self.containers)

    def record(self, name: str) -> Record | None:
        """A container of it by name."""
        return next((one.record for one in [*self.inits, *self.containers] if one.record.name == name), None)

    def terminate(self, grace: float) -> None:
        """Ask it to end: SIGTERM, `grace` seconds, SIGKILL."""
        self._grace = grace
        self._asked.set()

    def kill(self) -> None:
        """End it at once; its object is no longer its own."""
        self._over = True
        self._task.cancel()

    def on_end(self, forget: Callable[[], object]) -> None:
        """Call `forget` when all of it has ended."""
        self._task.add_done_callback(lambda _: forget())

    async def gone(self) -> None:
        """Return when all of it has ended and its files are removed."""
        await asyncio.wait([self._task])

    def publish(self) -> None:
        """Write its status, if the object is still this pod's."""
        pod = self.context.stored
        if self._over or pod is None:
            return
        inits, containers = [one.record for one in self.inits], [one.record for one in self.containers]
        picture = Picture(inits, containers, self.context.address, self._started_at, self._initialized)
        self._parts.store.put(PODS, with_status(pod, status(pod, picture)))

    # ---- life

    def _container(self, spec: Obj, *, is_init: bool) -> Container:
        policy = self._policy
        if is_init:
            policy = spec.get("restartPolicy") or ("Never" if policy == "Never" else "OnFailure")
        record = Record(spec, is_init)
        record.wait("PodInitializing" if not is_init and self.inits else "ContainerCreating")
        return Container(self.context, record, policy)

    async def _run(self) -> None:
        life = asyncio.create_task(self._live())
        asked = asyncio.create_task(self._asked.wait())
        try:
            await asyncio.wait({life, asked}, return_when=asyncio.FIRST_COMPLETED)
            self._report(life)
            await asked
            await self._stop()
        finally:
            asked.cancel()
            life.cancel()
            for one in [*self.containers, *self.inits]:
                await one.kill()
            await self._clean()
        self._remove()

    async def _live(self) -> None:
        self.context.address = self._parts.addresses.pod()
        self.context.ports.mkdir(parents=True)
        self.publish()
        await self._mount()
        if not await self._initialize():
            return
        self._initialized = True
        for one in self.containers:
            if self.inits:
                one.record.wait("PodInitializing")
        self.publish()
        await asyncio.gather(*(one.start() for one in self.containers))
        for one in reversed(self.inits):
            await one.stop(float(self.context.pod["spec"].get("terminationGracePeriodSeconds", 30)))

    async def _mount(self) -> None:
        while True:
            try:
                self.context.volumes = volumes.set_up(
                    self._parts.store, self.context.pod, self.context.folder / "volumes"
                )
                return
            except volumes.Unmountable as error:
                self.context.warning(None, "FailedMount", str(error))
                await asyncio.sleep(self._parts.timing.configuration)

    async def _initialize(self) -> bool:
        """Init containers in order; False if one failed for good. A sidecar is left running."""
        for one in self.inits:
            task = one.start()
            if one.record.spec.get("restartPolicy") == "Always":
                await one.until_started()
                continue
            await task
            if one.record.exit_code:
                return False
        return True

    def _report(self, life: asyncio.Task[None]) -> None:
        error = life.exception() if life.done() and not life.cancelled() else None
        if error is not None:
            _log.error("a pod's worker failed", exc_info=error)
            self.context.warning(None, "InternalError", f"{type(error).__name__}: {error}")

    # ---- the end

    async def _stop(self) -> None:
        await asyncio.gather(*(one.stop(self._grace) for one in self.containers))
        for one in reversed(self.inits):
            await one.stop(self._grace)
        self.publish()

    async def _clean(self) -> None:
        await self._parts.machine.vacate(self.context)
        if self.context.address:
            self._parts.addresses.release(self.context.address)
        await in_thread(shutil.rmtree, self.context.folder, ignore_errors=True)

    def _remove(self) -> None:
        current = self._parts.store.get(PODS, *self.key)
        self._over = True
        if current is not None and uid_of(current) == self.uid:
            finish(self._parts.store, PODS, current)
