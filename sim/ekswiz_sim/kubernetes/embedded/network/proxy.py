"""A TCP proxy on one address and port, in front of whatever serves at the moment a connection comes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

Choose = Callable[[], tuple[str, int]]
_CHUNK = 64 * 1024
_BACKLOG = 128


class Proxy:
    """Listens from the start; `choose` names the place for each connection and raises LookupError if there is none."""

    def __init__(self, address: str, port: int, choose: Choose) -> None:
        """Bind and listen.

        Raises:
            OSError: The address or port is not to be had.
        """
        self._choose = choose
        self._connections: set[asyncio.Task[None]] = set()
        self._socket = socket.socket()
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((address, port))
            self._socket.listen(_BACKLOG)
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            raise
        self._task = asyncio.create_task(self._accept())

    @property
    def port(self) -> int:
        """Where it listens; asked for when the port was 0."""
        return int(self._socket.getsockname()[1])

    async def close(self) -> None:
        """Stop listening and end what is open."""
        self._task.cancel()
        for one in self._connections:
            one.cancel()
        await asyncio.gather(self._task, *self._connections, return_exceptions=True)
        self._socket.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(self._socket)
            task = asyncio.create_task(self._serve(client))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def _serve(self, client: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=client)
        try:
            back = await asyncio.open_connection(*self._choose())
        except (LookupError, OSError):
            writer.transport.abort()  # nobody serves: the client sees a reset
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, back[1]))
                group.create_task(_pump(back[0], writer))
        finally:
            writer.close()
            back[1].close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
