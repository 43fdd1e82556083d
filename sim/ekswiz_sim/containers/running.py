"""Programs in containers as the kubelet knows them: output to a sink, an exit code, signals."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ekswiz_sim.containers.engine import Engine, EngineError, connect, guarded
from ekswiz_sim.kubernetes.embedded.kubelet.machine import Sink

LOST = 128 + signal.SIGKILL
"""Exit code of a container whose end nobody saw: the engine went away."""


class Stream:
    """A program whose output a thread reads to the end, and then asks for its exit code.

    `finish` gives the code; it is called in the thread.
    """

    pid = -1
    reason = ""

    def __init__(self, output: Iterable[bytes], sink: Sink, finish: Callable[[], int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._sink = sink
        self._finish = finish
        self.exited: asyncio.Future[int] = self._loop.create_future()
        threading.Thread(target=self._read, args=(output,), name="container", daemon=True).start()

    async def wait(self) -> int:
        """The exit code, once all output has arrived."""
        return await asyncio.shield(self.exited)

    def _read(self, output: Iterable[bytes]) -> None:
        code = LOST
        try:
            for piece in output:
                self._tell(self._sink, piece)
        except Exception:  # noqa: BLE001, S110 - whatever ends the stream, the code says how the program ended
            pass
        try:
            code = self._finish()
        except EngineError:
            pass
        finally:
            self._tell(self._end, code)

    def _end(self, code: int) -> None:
        if not self.exited.done():
            self.exited.set_result(code)

    def _tell(self, function: Callable[[Any], None], value: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(function, value)


class Main(Stream):
    """A container's own program. The container is removed once it has ended and its output was read."""

    def __init__(self, engine: Engine, container: str, client: Any, output: Iterable[bytes], sink: Sink) -> None:
        self._engine = engine
        self._container = container
        self._client = client
        super().__init__(output, sink, self._outcome)

    def signal(self, number: int) -> None:
        """Send a signal to its first process."""
        if not self.exited.done():
            self._engine.later(lambda client: client.kill(self._container, number))

    def _outcome(self) -> int:
        try:
            code = int(guarded(lambda: self._client.wait(self._container))["StatusCode"])
            if guarded(lambda: self._client.inspect_container(self._container))["State"].get("OOMKilled"):
                self.reason = "OOMKilled"
            return code
        finally:
            with contextlib.suppress(EngineError):
                guarded(lambda: self._client.remove_container(self._container, v=True, force=True))
            self._client.close()


class Beside(Stream):
    """A program that was started in a running container. The engine has no way to signal it; it ends with that."""

    def signal(self, number: int) -> None:
        """Do nothing."""


async def start(engine: Engine, container: str, sink: Sink) -> Main:
    """Start a created container, its output to `sink` from the first byte.

    Raises:
        EngineError: It cannot be started; it is removed then.
    """

    def begin(client: Any) -> Any:
        try:
            guarded(lambda: client.start(container))
        except EngineError:
            with contextlib.suppress(EngineError):
                guarded(lambda: client.remove_container(container, v=True, force=True))
            raise
        return connect(engine.address, patience=None)

    client = await engine.call(begin)
    return Main(engine, container, client, _output(client, container), sink)


def _output(client: Any, container: str) -> Iterator[bytes]:
    """Everything that the container has written and will write, read from the engine's log of it."""
    yield from guarded(lambda: client.logs(container, stream=True, follow=True))


async def execute(engine: Engine, container: str, argv: Sequence[str], sink: Sink) -> Beside:
    """Start a program in a running container.

    Raises:
        EngineError: The container does not run.
    """
    made = await engine.call(lambda client: client.exec_create(container, list(argv), stdout=True, stderr=True)["Id"])
    client = await engine.call(lambda _: connect(engine.address, patience=None))

    def output() -> Iterator[bytes]:
        yield guarded(lambda: client.exec_start(made))

    def finish() -> int:
        try:
            code = guarded(lambda: client.exec_inspect(made))["ExitCode"]
        finally:
            client.close()
        return LOST if code is None else int(code)

    return Beside(output(), sink, finish)
