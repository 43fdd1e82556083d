"""One container of a pod: pulled, started, probed, restarted with back-off, stopped with grace."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Sequence

from ekswiz_sim.kubernetes.embedded.kubelet import checks, pulling, standing_in
from ekswiz_sim.kubernetes.embedded.kubelet.backoff import Backoff, spoken
from ekswiz_sim.kubernetes.embedded.kubelet.command import NotRunnable
from ekswiz_sim.kubernetes.embedded.kubelet.logs import Log
from ekswiz_sim.kubernetes.embedded.kubelet.machine import Launched, Running, Sink
from ekswiz_sim.kubernetes.embedded.kubelet.parts import Context
from ekswiz_sim.kubernetes.embedded.kubelet.probes import Probe, ProbeKind, watch_readiness
from ekswiz_sim.kubernetes.embedded.kubelet.record import Record
from ekswiz_sim.kubernetes.embedded.kubelet.runtime import StartError
from ekswiz_sim.kubernetes.embedded.kubelet.sources import Unconfigured
from ekswiz_sim.kubernetes.embedded.store import Obj
from ekswiz_sim.seams import PulledImage

_LEAST_GRACE = 2.0
"""Seconds that a program always has after its preStop hook."""

_CANNOT_START = 128
_REFUSED = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: error during container init: "
)


class Container:
    """Lives as long as its pod. `policy` is when it is restarted: Always, OnFailure or Never."""

    def __init__(self, context: Context, record: Record, policy: str) -> None:
        self.record = record
        self._context = context
        self._policy = policy
        self._task: asyncio.Task[None] | None = None
        self._process: Running | None = None
        self._launch: Launched | None = None
        self._stopping = False
        self._forbidden = ""
        self._news = asyncio.Event()

    def start(self) -> asyncio.Task[None]:
        """Begin; the task ends when the container will not be restarted."""
        self._task = asyncio.create_task(self._run())
        return self._task

    async def until_started(self) -> None:
        """Return once it runs and its start-up probe succeeded: what the next init container waits for."""
        while not self.record.started:
            self._news.clear()
            await self._news.wait()

    async def stop(self, grace: float) -> None:
        """End it for good, within `grace` seconds if it will."""
        self._stopping = True
        if self._task is None or self._task.done():
            return
        if self._process is not None:
            self._context.normal(self.record, "Killing", f"Stopping container {self.record.name}")
            await self._end(self._process, grace)
        else:
            self._task.cancel()
        await asyncio.wait([self._task])

    @property
    def pid(self) -> int | None:
        """Its first process while it runs."""
        return self._process.pid if self._process is not None else None

    def forbid(self, message: str) -> None:
        """End it now and never start it again: it does what this node does not allow."""
        self._forbidden = message
        if self._process is not None:
            self._process.signal(signal.SIGKILL)

    async def kill(self) -> None:
        """End it now, without a word."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    # ---- one run after the other

    async def _run(self) -> None:
        timing, first = self._context.parts.timing, True
        backoff = Backoff(timing.crash_first, timing.crash_longest)
        while True:
            began = time.monotonic()
            await self._once()
            if self._forbidden:
                await self._stand_still(self._forbidden)
            if not self._again():
                return
            if time.monotonic() - began > timing.forgive:
                backoff.reset()
                first = True
            if not first:
                await self._wait_for_restart(backoff.take())
            first = False
            self.record.restarts += 1

    async def _stand_still(self, message: str) -> None:
        self._context.warning(self.record, "Failed", f"Error: {message}")
        self.record.wait("CreateContainerError", message)
        self._publish()
        await asyncio.Event().wait()  # the pod's deletion ends this

    def _again(self) -> bool:
        if self._stopping or self._policy == "Never":
            return False
        return self._policy == "Always" or self.record.exit_code != 0

    async def _wait_for_restart(self, seconds: float) -> None:
        name, title = self.record.name, self._context.title
        self._context.warning(self.record, "BackOff", f"Back-off restarting failed container {name} in pod {title}")
        self.record.wait(
            "CrashLoopBackOff", f"back-off {spoken(seconds)} restarting failed container={name} pod={title}"
        )
        self._publish()
        await asyncio.sleep(seconds)

    async def _once(self) -> None:
        image = await pulling.pull(self._context, self.record)
        with contextlib.closing(self._new_log()) as log:
            try:
                self._launch = await self._configured(image)
                self._context.normal(self.record, "Created", f"Created container: {self.record.name}")
                if self._launch.stands_in:
                    self._context.normal(self.record, standing_in.EVENT, self._launch.stands_in)
                process = await self._launch.run(self._launch.asked, log.write)
            except (NotRunnable, StartError) as error:
                self._refuse(_REFUSED + str(error), log)
                return
            await self._accompany(process, log)

    def _refuse(self, message: str, log: Log) -> None:
        """The program could not be started: to Kubernetes a run that ended at once."""
        self._context.warning(self.record, "Failed", f"Error: {message}")
        self.record.log = log
        self.record.terminate(_CANNOT_START, "StartError", message=message)
        self._publish()

    async def _configured(self, image: PulledImage) -> Launched:
        while True:
            try:
                return await self._context.parts.machine.prepare(self._context, self.record.spec, image)
            except Unconfigured as error:
                self._context.warning(self.record, "Failed", f"Error: {error}")
                self.record.wait(error.reason, str(error))
                self._publish()
                await asyncio.sleep(self._context.parts.timing.configuration)

    def _new_log(self) -> Log:
        folder, number = self._context.folder / "logs" / self.record.name, self.record.restarts
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number - 2}.log").unlink(missing_ok=True)
        return Log(folder / f"{number}.log")

    async def _accompany(self, process: Running, log: Log) -> None:
        self._process = process
        self.record.run(log)
        self._set_started(not self.record.spec.get("startupProbe"))
        self._context.normal(self.record, "Started", f"Started container {self.record.name}")
        self._publish()
        companion = asyncio.create_task(self._probe(process))
        try:
            code = await process.wait()
        finally:
            self._process = None
            companion.cancel()
            process.signal(signal.SIGKILL)
            log.close()
        self.record.end(code, process.reason)
        self._publish()

    # ---- probes

    async def _probe(self, process: Running) -> None:
        if not await self._hook(process, "postStart", "FailedPostStartHook"):
            return
        if startup := self._make_probe("startup"):
            await startup.delay()
            if not await startup.either():
                await self._restart(process, "startup")
                return
            self._set_started(True)
            self._publish()
        async with asyncio.TaskGroup() as group:
            if readiness := self._make_probe("readiness"):
                group.create_task(watch_readiness(readiness, self._set_ready))
            if liveness := self._make_probe("liveness"):
                group.create_task(self._watch_life(liveness, process))

    async def _watch_life(self, probe: Probe, process: Running) -> None:
        await probe.delay()
        await probe.until(healthy=False)
        if not self._stopping:  # the kubelet asks a pod that is on its way out for its readiness only
            await self._restart(process, "liveness")

    async def _restart(self, process: Running, kind: ProbeKind) -> None:
        name = self.record.name
        self._context.normal(self.record, "Killing", f"Container {name} failed {kind} probe, will be restarted")
        own = self.record.spec[f"{kind}Probe"].get("terminationGracePeriodSeconds")
        await self._end(process, float(self._pod_grace() if own is None else own))

    def _make_probe(self, kind: ProbeKind) -> Probe | None:
        spec = self.record.spec.get(f"{kind}Probe")
        timing = self._context.parts.timing
        return Probe(kind, spec, self._check, self._complain, timing) if spec else None

    async def _check(self, handler: Obj, seconds: float) -> checks.Result:
        subject = checks.Subject(
            address=self._context.address,
            container=self.record.spec,
            locate=self._context.locate,
            execute=self._execute,
            session=self._context.parts.session,
            published=self._context.parts.machine.published,
        )
        return await checks.check(subject, handler, seconds)

    async def _execute(self, argv: Sequence[str], sink: Sink) -> Running:
        """A probe's or hook's command; a stand-in has none of the image's programs, and passes."""
        assert self._launch is not None
        return await self._launch.run(("true",) if self._launch.stands_in else argv, sink)

    def _complain(self, kind: ProbeKind, message: str) -> None:
        if self._stopping and kind != "readiness":
            return
        self._context.warning(self.record, "Unhealthy", f"{kind.capitalize()} probe failed: {message}")

    def _set_started(self, started: bool) -> None:
        self.record.started = started
        self.record.ready = started and not self.record.spec.get("readinessProbe")

    def _set_ready(self, ready: bool) -> None:
        self.record.ready = ready
        self._publish()

    # ---- the end

    async def _end(self, process: Running, grace: float) -> None:
        deadline = time.monotonic() + grace
        if self.record.spec.get("lifecycle", {}).get("preStop"):
            await self._hook(process, "preStop", "FailedPreStopHook", grace)
            deadline = max(deadline, time.monotonic() + _LEAST_GRACE)
        process.signal(self._launch.stop_signal if self._launch else signal.SIGTERM)
        done, _ = await asyncio.wait([process.exited], timeout=max(0.0, deadline - time.monotonic()))
        if not done:
            process.signal(signal.SIGKILL)
            await asyncio.wait([process.exited])

    async def _hook(self, process: Running, name: str, reason: str, seconds: float = 30.0) -> bool:
        """Run a lifecycle hook; False if a postStart hook failed, which ends the container."""
        handler = (self.record.spec.get("lifecycle") or {}).get(name)
        if not handler:
            return True
        try:
            async with asyncio.timeout(seconds):
                result = await self._check(handler, seconds)
        except TimeoutError:
            result = checks.Result(ok=False, message="context deadline exceeded")
        if result.ok:
            return True
        self._context.warning(self.record, reason, f"{name[0].upper()}{name[1:]}Hook failed: {result.message}")
        if name == "postStart":
            self._context.normal(self.record, "Killing", f"FailedPostStartHook: {self.record.name}")
            await self._end(process, self._pod_grace())
        return False

    def _pod_grace(self) -> float:
        return float(self._context.pod["spec"].get("terminationGracePeriodSeconds", 30))

    def _publish(self) -> None:
        self._news.set()
        self._context.publish()
