"""The registry on the engine's bridge: TLS in front, the same judged registry behind. Listens there and nowhere else.

Nothing is decided here: every request still needs a login that ECR handed out, and is judged as its ECR action.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl

_CHUNK = 1 << 16


class Relay:
    """Passes bytes between an address of this machine and the registry. Open and close it on one loop."""

    def __init__(self, registry: str, tls: ssl.SSLContext) -> None:
        host, _, port = registry.rpartition(":")
        self._registry = (host, int(port))
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def open(self, host: str) -> int:
        """Listen there on a free port, which is returned.

        Raises:
            OSError: That is no address of this machine.
        """
        self._server = await asyncio.start_server(self._accept, host, 0, ssl=self._tls)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, and end every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._talks:
            task.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._talks.discard(task)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, there = await asyncio.open_connection(*self._registry)
        try:
            await asyncio.gather(_pass(reader, there), _pass(behind, writer))
        finally:
            there.close()
            with contextlib.suppress(OSError):
                await there.wait_closed()


async def _pass(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()
    else:
        sink.close()
