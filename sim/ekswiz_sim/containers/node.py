"""The node of the Docker tier: the engine pulls the pods' images as the node role and runs their containers."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ekswiz_sim.containers import labels, pulling, running, settings, texts, volumes
from ekswiz_sim.containers.engine import Engine, EngineError
from ekswiz_sim.containers.pods import Pods, Sandbox
from ekswiz_sim.containers.preflight import Facts
from ekswiz_sim.kubernetes.embedded.kubelet import command, environment, launch
from ekswiz_sim.kubernetes.embedded.kubelet.machine import Running, Sink
from ekswiz_sim.kubernetes.embedded.kubelet.parts import Context
from ekswiz_sim.kubernetes.embedded.kubelet.runtime import StartError
from ekswiz_sim.kubernetes.embedded.kubelet.sources import Unconfigured
from ekswiz_sim.kubernetes.embedded.store import Obj
from ekswiz_sim.seams import PulledImage

Login = Callable[[str], tuple[str, str]]
Relayed = Callable[[str, Engine], Awaitable[pulling.Found]]


@dataclass(slots=True)
class Made:
    """A container at the engine. The first program that runs in it is its own."""

    engine: Engine
    container: str
    asked: tuple[str, ...]
    stop_signal: int
    stands_in: str = ""
    _started: bool = False

    async def run(self, argv: Sequence[str], sink: Sink) -> Running:
        """Start the container, or another program in it.

        Raises:
            StartError: The engine cannot.
        """
        try:
            if self._started:
                return await running.execute(self.engine, self.container, argv, sink)
            self._started = True
            return await running.start(self.engine, self.container, sink)
        except EngineError as error:
            raise StartError(texts.start(str(error))) from error


@dataclass(slots=True)
class _Place:
    """A pod's sandbox and the lock under which it is made."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    sandbox: Sandbox | None = None
    runs: int = 0


class Node:
    """Pulls images (`ImagePuller`) and runs containers (`kubelet.machine.Machine`).

    Args:
        world: The world's id.
        facts: The engine.
        registry: host:port of the world's registry.
        login: User and password of the node role at a registry.
        root: A private folder.
        relayed: Pulls in the place of an engine that cannot.
    """

    def __init__(
        self, world: str, facts: Facts, registry: str, login: Login, root: Path, *, relayed: Relayed | None = None
    ) -> None:
        self._world = world
        self._facts = facts
        self._engine = Engine(facts.address)
        self._relayed = relayed
        self._puller = pulling.Puller(self._engine, registry, login)
        self._root = root
        self._pods = Pods(world, facts)
        self._begun: asyncio.Task[None] | None = None
        self._places: dict[Path, _Place] = {}
        self._ids: dict[str, str] = {}

    @property
    def published(self) -> bool:
        """The engine listens on the ports of a container, whether its program does or not."""
        return True

    async def pull(self, reference: str) -> PulledImage:
        """Pull an image.

        Raises:
            PullError: Not found, denied, not reachable; the engine's text.
        """
        found = await (self._relayed(reference, self._engine) if self._relayed else self._puller.pull(reference))
        self._ids[found.digest] = found.identity
        place = self._root / "images" / hashlib.sha256(found.digest.encode()).hexdigest()
        place.mkdir(parents=True, exist_ok=True)
        return PulledImage(found.digest, place, found.config)

    async def prepare(self, context: Context, container: Obj, image: PulledImage) -> Made:
        """Make a container of a pod, ready to start.

        Raises:
            Unconfigured: A reference leads nowhere, or the engine or a rehearsal refuses what it asks for.
        """
        pod = context.pod
        launch.check_user(pod, container, image.config, context.title)
        known = launch.known(context, pod, image.config)
        known = {**known, **environment.of_container(context.parts.store, pod, container, known)}
        asked = command.asked_for(container, image.config, known)
        if not asked:
            raise Unconfigured("failed to generate spec: no command specified", settings.CREATE)
        try:
            await self._begin()
            sandbox, run = await self._sandbox(context, image)
            configuration = self._configuration(pod, container, image, sandbox)
            configuration["Env"] = [f"{name}={value}" for name, value in known.items()]
            configuration |= _program(container, known)
            name = settings.name(self._world, pod, container["name"], run)
            made = await self._engine.call(lambda client: client.create_container_from_config(configuration, name))
        except EngineError as error:
            raise Unconfigured(f"failed to create containerd container: {error}", settings.CREATE) from error
        return Made(self._engine, str(made["Id"]), tuple(asked), launch.stop_signal(image.config))

    async def vacate(self, context: Context) -> None:
        """Remove a pod's sandbox."""
        if self._places.pop(context.folder, None) is not None:
            with contextlib.suppress(EngineError):  # the engine is gone; whoever settles the world says so
                await self._engine.call(lambda client: self._pods.remove(client, context))

    async def close(self) -> None:
        """End the threads."""
        await asyncio.to_thread(self._engine.close)

    # ---- inside

    async def _begin(self) -> None:
        if self._begun is None or (self._begun.done() and self._begun.exception() is not None):
            self._begun = asyncio.create_task(self._engine.call(self._pods.begin))
        await asyncio.shield(self._begun)

    async def _sandbox(self, context: Context, image: PulledImage) -> tuple[Sandbox, int]:
        """The pod's sandbox, and how many containers it has had."""
        place = self._places.setdefault(context.folder, _Place())
        async with place.lock:
            if place.sandbox is None:
                place.sandbox = await self._engine.call(lambda client: self._pods.create(client, context, image.config))
            place.runs += 1
            return place.sandbox, place.runs

    def _configuration(self, pod: Obj, container: Obj, image: PulledImage, sandbox: Sandbox) -> dict[str, Any]:
        api = tuple(int(part) for part in self._facts.api.split("."))
        host = settings.host(pod, container, self._facts.cpus)
        host["NetworkMode"] = f"container:{sandbox.holder}"
        host["Mounts"] = volumes.mounts(container, pod, sandbox.volumes, api)
        host["LogConfig"] = {"Type": "json-file"}  # whatever the engine's own is: this one can be read
        made: dict[str, Any] = {
            "Image": self._ids[image.digest],
            "Labels": labels.of_pod(self._world, pod, container["name"]),
        }
        if container.get("workingDir"):
            made["WorkingDir"] = container["workingDir"]
        user = settings.user(pod, container)
        return {**made, **({"User": user} if user else {}), "HostConfig": host}


def _program(container: Obj, known: dict[str, str]) -> dict[str, list[str]]:
    """`command` takes the place of the image's entry point and of its arguments, `args` of the latter only."""
    program = [environment.expand(one, known) for one in container.get("command") or ()]
    arguments = [environment.expand(one, known) for one in container.get("args") or ()]
    if program:
        return {"Entrypoint": program, "Cmd": arguments}
    return {"Cmd": arguments} if arguments else {}
