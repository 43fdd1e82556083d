"""The container runtime: starts processes through the shim and hears of their end.

One shim serves the node. It costs one bare interpreter once; a container then starts in a few milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Sink = Callable[[bytes], None]
_SHIM = Path(__file__).with_name("shim.py")
_END_SECONDS = 10.0
_DRAIN_SECONDS = 2.0
_LOST = -signal.SIGKILL


class StartError(Exception):
    """A process could not be started; the text is the operating system's."""


class Process:
    """A running process group."""

    reason = ""

    def __init__(self, runtime: Runtime, number: int, output: asyncio.Future[None]) -> None:
        loop = asyncio.get_running_loop()
        self._runtime = runtime
        self._number = number
        self._output = output
        self.started: asyncio.Future[int] = loop.create_future()
        self.exited: asyncio.Future[int] = loop.create_future()
        # Who waits for the start may have been cancelled; a refusal is then nobody's.
        self.started.add_done_callback(lambda start: start.cancelled() or start.exception())

    @property
    def pid(self) -> int:
        """The process's id, which is its group's too."""
        return self.started.result()

    async def wait(self) -> int:
        """The exit code, once all output has arrived; 128 + n if signal n ended it."""
        code = await asyncio.shield(self.exited)
        await asyncio.wait([self._output], timeout=_DRAIN_SECONDS)
        return code if code >= 0 else 128 - code

    def signal(self, number: int) -> None:
        """Send a signal to the whole group; nothing happens if it has ended."""
        if not self.exited.done():
            self._runtime.send({"op": "signal", "id": self._number, "signal": number})


class _Reader(asyncio.Protocol):
    def __init__(self, sink: Sink, done: asyncio.Future[None]) -> None:
        self._sink = sink
        self._done = done

    def data_received(self, data: bytes) -> None:
        self._sink(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        if not self._done.done():
            self._done.set_result(None)


def _launch(commands: int, answers: int) -> subprocess.Popen[bytes]:
    # Without site packages, a session (Ctrl-C must not reach it) and an environment of its own.
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_SHIM), str(commands), str(answers)],
        pass_fds=(commands, answers),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env={},
    )


class Runtime:
    """Owns the shim."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._processes: dict[int, Process] = {}
        self._shim: subprocess.Popen[bytes] | None = None
        self._commands: socket.socket | None = None
        self._ended: asyncio.Future[None] | None = None
        self._starting = asyncio.Lock()
        self._stopped = False
        self._pipes: set[asyncio.ReadTransport] = set()
        self._partial = b""

    async def start(self) -> None:
        """Start the shim, if none is there: it may have been killed."""
        async with self._starting:
            if self._shim is None and not self._stopped:
                await self._start()

    @property
    def pid(self) -> int | None:
        """The shim's process id while there is one."""
        return self._shim.pid if self._shim is not None else None

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        answers, write = os.pipe()
        try:
            self._shim = _launch(theirs.fileno(), write)
        finally:
            theirs.close()
            os.close(write)
        self._commands = ours
        self._ended = await self._read(answers, self._hear)
        self._ended.add_done_callback(lambda _: self._lose())

    async def stop(self) -> None:
        """End the shim and, with it, every process. May be called twice."""
        self._stopped = True
        shim, self._shim = self._shim, None
        if shim is None or self._commands is None or self._ended is None:
            return
        self._commands.close()
        done, _ = await asyncio.wait([self._ended], timeout=_END_SECONDS)
        if not done:
            shim.kill()
        await asyncio.to_thread(shim.wait)
        for pipe in self._pipes:
            pipe.close()
        await asyncio.sleep(0)

    async def spawn(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path, sink: Sink) -> Process:
        """Start a process group; its standard output and error go to `sink`.

        Raises:
            StartError: The operating system will not.
        """
        await self.start()
        if self._stopped:
            raise StartError("the node is stopped")
        read, write = os.pipe()
        number = next(self._numbers)
        try:
            process = Process(self, number, await self._read(read, sink))
            self._processes[number] = process
            self.send({"op": "start", "id": number, "argv": list(argv), "env": dict(env), "cwd": str(cwd)}, write)
        finally:
            os.close(write)
        try:
            await asyncio.shield(process.started)
        except asyncio.CancelledError:
            # Whoever asked went away while it started: it must not be left running.
            process.signal(signal.SIGKILL)
            raise
        return process

    def send(self, command: Mapping[str, Any], output: int | None = None) -> None:
        """Tell the shim. What cannot be told is lost with the shim, and its processes are ended."""
        text = json.dumps(command).encode()
        packet = struct.pack(">I", len(text)) + text
        if self._commands is None:
            raise StartError("the node is stopped")
        try:
            sent = socket.send_fds(self._commands, [packet], [output]) if output is not None else 0
            self._commands.sendall(packet[sent:])
        except OSError as error:
            if output is not None:
                raise StartError("the node is stopped") from error

    async def _read(self, descriptor: int, sink: Sink) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        pipe = os.fdopen(descriptor, "rb", buffering=0)
        transport, _ = await loop.connect_read_pipe(lambda: _Reader(sink, done), pipe)
        self._pipes.add(transport)
        done.add_done_callback(lambda _: self._pipes.discard(transport))
        return done

    def _hear(self, data: bytes) -> None:
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._note(json.loads(line))

    def _note(self, answer: Mapping[str, Any]) -> None:
        process = self._processes[answer["id"]]
        if "pid" in answer:
            process.started.set_result(answer["pid"])
            return
        del self._processes[answer["id"]]
        if "error" in answer:
            process.started.set_exception(StartError(answer["error"]))
            process.exited.cancel()
        else:
            process.exited.set_result(answer["exit"])

    def _lose(self) -> None:
        """The shim is gone, and every process with it."""
        if self._shim is not None and self._commands is not None:
            self._shim.wait()  # it closed its end by exiting
            self._shim = None
            self._commands.close()
        self._partial = b""
        for process in self._processes.values():
            with contextlib.suppress(asyncio.InvalidStateError):
                process.started.set_exception(StartError("the node is stopped"))
            if not process.exited.done():
                process.exited.set_result(_LOST)
        self._processes.clear()
