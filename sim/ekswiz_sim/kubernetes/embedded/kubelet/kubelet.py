"""The kubelet: a worker for every pod bound to this node, and what the API server asks of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from ekswiz_sim.kubernetes.embedded.controllers.deletion import finish
from ekswiz_sim.kubernetes.embedded.controllers.objects import Key, is_deleting, key_of, uid_of
from ekswiz_sim.kubernetes.embedded.kinds import PODS
from ekswiz_sim.kubernetes.embedded.kubelet.checks import port_number
from ekswiz_sim.kubernetes.embedded.kubelet.guard import Guard, Offence
from ekswiz_sim.kubernetes.embedded.kubelet.parts import Context, Parts
from ekswiz_sim.kubernetes.embedded.kubelet.record import Record
from ekswiz_sim.kubernetes.embedded.kubelet.worker import Worker
from ekswiz_sim.kubernetes.embedded.seams import LogOptions
from ekswiz_sim.kubernetes.embedded.store import Obj, StoreEvent

_WAITING = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "trying and failing to pull image"}


class Kubelet:
    """Reconciles pods of one node."""

    def __init__(self, parts: Parts, root: Path, node: str) -> None:
        self._parts = parts
        self._root = root
        self._node = node
        self._workers: dict[str, Worker] = {}

    def keys(self, event: StoreEvent) -> Iterable[Key]:
        """Pods of this node."""
        if event.kind == PODS and event.object["spec"].get("nodeName") == self._node:
            return [key_of(event.object)]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Start, end or forget one pod."""
        pod = self._parts.store.get(PODS, *key)
        uid = uid_of(pod) if pod is not None else ""
        for worker in [one for one in self._workers.values() if one.key == key and one.uid != uid]:
            worker.kill()
        if pod is None or pod["spec"].get("nodeName") != self._node:
            return None
        known = self._workers.get(uid)
        if known is None:
            if is_deleting(pod):
                finish(self._parts.store, PODS, pod)
            else:
                self._start(pod, uid)
        elif is_deleting(pod):
            known.terminate(float(pod["metadata"].get("deletionGracePeriodSeconds", 30)))
        return None

    async def watch(self) -> None:
        """End what listens beyond loopback, until cancelled."""
        await Guard(lambda: self._parts.runtime.pid, lambda: bool(self._workers)).run(self._forbid)

    def _forbid(self, offence: Offence) -> None:
        for worker in self._workers.values():
            for one in [*worker.inits, *worker.containers]:
                if one.pid == offence.session:
                    one.forbid(f"the container listens on {offence.place}: pods may listen on loopback only")
                    return
        with contextlib.suppress(ProcessLookupError):
            os.kill(offence.pid, signal.SIGKILL)  # it left its container's session

    async def stop(self) -> None:
        """End every pod at once, leaving their objects."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.kill()
        await asyncio.gather(*(worker.gone() for worker in workers))

    def _start(self, pod: Obj, uid: str) -> None:
        context = Context(self._parts, pod, self._root / uid, publish=lambda: None)
        worker = self._workers[uid] = Worker(self._parts, pod, context)
        worker.on_end(lambda: self._workers.pop(uid, None))

    # ---- for the API server

    def worker(self, uid: str) -> Worker | None:
        """The worker of a pod, if it is here."""
        return self._workers.get(uid)

    def pod_address(self, pod: Obj, port: str) -> tuple[str, int]:
        """Where a port of a running pod is reached.

        Raises:
            LookupError: It is not running or has no such port.
        """
        worker, name = self._workers.get(uid_of(pod)), pod["metadata"]["name"]
        if worker is None or not worker.running:
            raise LookupError(f'pod "{name}" is not running')
        containers = pod["spec"]["containers"]
        if not port:
            port = str(next((one["containerPort"] for each in containers for one in each.get("ports") or []), 80))
        numbers = (port_number(one, port) for one in containers)
        number = next((one for one in numbers if one is not None), None)
        if number is None:
            raise LookupError(f'pod "{name}" has no port "{port}"')
        return worker.context.locate(number)

    def logs(self, pod: Obj, options: LogOptions) -> AsyncIterator[bytes]:
        """Log chunks of one container.

        Raises:
            LookupError: There is no such container, or it has no log yet.
        """
        name = options.container or _only_container(pod)
        worker = self._workers.get(uid_of(pod))
        title = pod["metadata"]["name"]
        if name not in _names(pod, "containers") + _names(pod, "initContainers"):
            raise LookupError(f"container {name} is not valid for pod {title}")
        record = worker.record(name) if worker else None
        if record is None:
            raise LookupError(f'container "{name}" in pod "{title}" is waiting to start: ContainerCreating')
        return _log_of(record, title, options)


def _log_of(record: Record, pod: str, options: LogOptions) -> AsyncIterator[bytes]:
    if options.previous:
        if record.last_log is None:
            raise LookupError(f'previous terminated container "{record.name}" in pod "{pod}" not found')
        return record.last_log.read(options)
    waiting = record.state.get("waiting")
    log = record.log if waiting is None else record.last_log
    if log is None:
        reason = waiting["reason"] if waiting else "ContainerCreating"
        why = _WAITING.get(reason, reason)
        raise LookupError(f'container "{record.name}" in pod "{pod}" is waiting to start: {why}')
    return log.read(options)


def _names(pod: Obj, field: str) -> list[str]:
    return [str(one["name"]) for one in pod["spec"].get(field) or []]


def _only_container(pod: Obj) -> str:
    names, inits = _names(pod, "containers"), _names(pod, "initContainers")
    if len(names) == 1:
        return names[0]
    message = f"a container name must be specified for pod {pod['metadata']['name']}, choose one of: "
    message += f"[{' '.join(names)}]"
    raise LookupError(message + (f" or one of the init containers: [{' '.join(inits)}]" if inits else ""))
