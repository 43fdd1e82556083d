"""The TLS door of a cluster on loopback: without TLS kubectl sends no token."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

import trustme
from aiohttp import web

from ekswiz_sim.kubernetes.front import Front
from ekswiz_sim.ports import LOOPBACK
from ekswiz_sim.seams import ClusterEndpoint

_SHUTDOWN_SECONDS = 1.0


class Door:
    """Serves a front. Open it on the loop that closes it."""

    def __init__(self, front: Front, ca: trustme.CA) -> None:
        self._ca = ca
        self._runner = web.AppRunner(
            front.app(), access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS
        )

    async def open(self) -> ClusterEndpoint:
        """Listen on a free port; where the cluster is."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, 0, ssl_context=await asyncio.to_thread(server_context, self._ca))
        await site.start()
        return ClusterEndpoint(f"https://{LOOPBACK}:{self._runner.addresses[0][1]}", self._ca.cert_pem.bytes())

    async def close(self) -> None:
        """Stop listening and cut what is connected: an idle client never answers TLS's goodbye."""
        connections = [each.transport for each in self._runner.server.connections] if self._runner.server else []
        await self._runner.cleanup()
        for transport in connections:
            if transport is not None:
                cut(transport)


def cut(transport: asyncio.WriteTransport) -> None:
    """Abort a connection, also one that TLS has ended already.

    Python 3.11 before 3.11.5 (Debian 12 has 3.11.2) raises AttributeError then, instead of doing nothing.
    """
    with contextlib.suppress(AttributeError):
        transport.abort()


def server_context(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    """TLS for the loopback names, or for these, signed by the world's CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*(names or (LOOPBACK, "localhost", "kubernetes.default.svc"))).configure_cert(context)
    return context
