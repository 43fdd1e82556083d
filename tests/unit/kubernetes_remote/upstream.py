"""What stands behind a front in impersonation mode: the embedded API server as "any kube-apiserver", or a real one.

The embedded one is served as a kube-apiserver is: TLS with a CA of its own, and whoever shows a client certificate of
that CA is its administrator, who may impersonate.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import trustme
from aiohttp import web

from chaos.kubernetes_api import EndingStore
from ekswiz_sim.kubernetes.embedded.access.bootstrap import bootstrap
from ekswiz_sim.kubernetes.embedded.api.server import ApiServer
from ekswiz_sim.kubernetes.embedded.seams import User
from ekswiz_sim.kubernetes.remote.admin import Admin
from unit.kubernetes_api.stand_in import Idle

MASTER = User("kubernetes-admin", ("system:masters",))


class StandIn:
    """The embedded API server behind a client certificate; keeps the headers of what it was asked."""

    def __init__(self, root: Path) -> None:
        self.ca = trustme.CA()
        self.store = EndingStore()
        self.asked: list[web.Request] = []
        self.streams: list[str] = []
        self.ended = asyncio.Event()
        self._idle = Idle(self.store, root)
        self._runner: web.AppRunner | None = None
        self.admin: Admin

    async def start(self) -> None:
        bootstrap(self.store, self.ca.cert_pem.bytes())
        self._server = ApiServer(self.store, node=self._idle, network=self._idle)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._context())
        await site.start()
        port = self._runner.addresses[0][1]
        self.admin = admin(f"https://127.0.0.1:{port}", self.ca)

    async def stop(self) -> None:
        assert self._runner is not None
        await self._server.close()
        await self._runner.cleanup()

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert("127.0.0.1").configure_cert(context)
        self.ca.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        assert request.transport is not None
        if not request.transport.get_extra_info("ssl_object").getpeercert():
            return web.json_response({"kind": "Status", "message": "Unauthorized", "code": 401}, status=401)
        if request.path.endswith("/exec"):
            return await self._exec(request)
        try:
            return await self._server.handle(request, MASTER)
        finally:
            if request.query.get("watch"):
                self.ended.set()

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        """Says back what it hears; over WebSocket as the API does it, over anything else as plain bytes."""
        self.streams.append(request.headers["Upgrade"])
        if request.headers["Upgrade"].lower() == "websocket":
            socket = web.WebSocketResponse(protocols=("v5.channel.k8s.io",))
            await socket.prepare(request)
            async for message in socket:
                await socket.send_bytes(b"\x01" + bytes(message.data)[1:])
            return socket
        response = web.StreamResponse(status=101, headers={"Connection": "Upgrade", "Upgrade": "SPDY/3.1"})
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        request.protocol.set_parser(_Echo(heard))  # type: ignore[arg-type]  # as aiohttp's own reader is met
        await response.prepare(request)
        while data := await heard.get():
            await response.write(data.upper())
        return response

    def headers(self, path: str) -> Any:
        """Of the last request for a path."""
        return next(request.headers for request in reversed(self.asked) if request.path == path)


class _Echo:
    def __init__(self, heard: asyncio.Queue[bytes]) -> None:
        self._heard = heard

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self._heard.put_nowait(data)
        return False, b""

    def feed_eof(self) -> None:
        self._heard.put_nowait(b"")


def admin(url: str, ca: trustme.CA) -> Admin:
    """An administrator of the stand-in."""
    made = ca.issue_cert("kubernetes-admin", common_name="kubernetes-admin", organization_name="system:masters")
    return Admin(url, ca.cert_pem.bytes(), made.cert_chain_pems[0].bytes(), made.private_key_pem.bytes())
