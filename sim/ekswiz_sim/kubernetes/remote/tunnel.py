"""Streams through the front: exec, attach and port-forward leave HTTP after `101`, for WebSocket or for SPDY.

Neither protocol is read here: bytes go both ways until either side ends. aiohttp reads WebSocket only, so the
connection behind is a plain one, and the client's is taken over the way aiohttp's own WebSocket does it.
"""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

from aiohttp import web
from multidict import CIMultiDict

from ekswiz_sim.kubernetes import hops
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.remote.client import CONNECT_SECONDS, Client, not_taken, unreachable

_HEAD_LIMIT = 1 << 16
_CHUNK = 1 << 16
_ANSWER_LIMIT = 1 << 20


def wanted(request: web.Request) -> bool:
    """Whether a request asks to leave HTTP."""
    tokens = hops.named(request.headers)
    return "upgrade" in tokens and "Upgrade" in request.headers


class _Intake:
    """What the client sends after the switch; looks to aiohttp like its own WebSocket reader."""

    def __init__(self) -> None:
        self.stream = asyncio.StreamReader(limit=_CHUNK)

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take what came; never the end of it."""
        self.stream.feed_data(data)
        return False, b""

    def feed_eof(self) -> None:
        """The client is gone."""
        self.stream.feed_eof()


async def tunnel(request: web.Request, client: Client, headers: CIMultiDict[str]) -> web.StreamResponse:
    """Pass an upgrade on with these headers, and then bytes both ways.

    Raises:
        ApiError: 503, the API server cannot be reached.
    """
    reader, writer = await _connect(client)
    try:
        writer.write(_head(request, headers))
        await writer.drain()
        status, reason, answered = await _answer(reader)
        if status == HTTPStatus.UNAUTHORIZED:
            raise not_taken()
        if status != HTTPStatus.SWITCHING_PROTOCOLS:
            body = await _body(reader, answered)
            return web.Response(status=status, reason=reason, headers=hops.passed_on(answered), body=body)
        return await _switched(request, answered, reader, writer)
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise unreachable(client.admin, error) from error
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _connect(client: Client) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    place = urlsplit(client.admin.url)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await asyncio.open_connection(
                place.hostname, place.port or 443, ssl=client.tls, limit=_HEAD_LIMIT, server_hostname=place.hostname
            )
    except (OSError, TimeoutError) as error:
        raise unreachable(client.admin, error) from error


def _head(request: web.Request, headers: CIMultiDict[str]) -> bytes:
    lines = [f"{request.method} {request.raw_path} HTTP/1.1", f"Host: {request.host}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() != "content-length"]
    lines += ["Connection: Upgrade", f"Upgrade: {request.headers['Upgrade']}"]
    if request.method == "POST":
        lines.append("Content-Length: 0")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


async def _answer(reader: asyncio.StreamReader) -> tuple[int, str, CIMultiDict[str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "surrogateescape")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    _, _, rest = first.partition(" ")
    code, _, reason = rest.partition(" ")
    if not code.isdigit():
        raise ApiError(502, "InternalError", "the API server answered no HTTP")
    pairs = (line.partition(":") for line in lines)
    return int(code), reason, CIMultiDict((name.strip(), value.strip()) for name, _, value in pairs)


async def _body(reader: asyncio.StreamReader, headers: CIMultiDict[str]) -> bytes:
    length = headers.get("Content-Length", "")
    if length.isdigit():
        return await reader.readexactly(min(int(length), _ANSWER_LIMIT))
    return await reader.read(_ANSWER_LIMIT)


async def _switched(
    request: web.Request, answered: CIMultiDict[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> web.StreamResponse:
    intake = _Intake()
    request.protocol.set_parser(cast("Any", intake))
    request.protocol.keep_alive(False)
    response = web.StreamResponse(status=HTTPStatus.SWITCHING_PROTOCOLS, headers=hops.passed_on(answered))
    response.headers["Connection"] = "Upgrade"
    response.headers["Upgrade"] = answered.get("Upgrade", request.headers["Upgrade"])
    await response.prepare(request)
    there = asyncio.create_task(_to_server(intake.stream, writer))
    back = asyncio.create_task(_to_client(reader, response))
    try:
        await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (there, back):
            task.cancel()
        await asyncio.gather(there, back, return_exceptions=True)
    return response


async def _to_server(source: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        writer.write(data)
        await writer.drain()


async def _to_client(reader: asyncio.StreamReader, response: web.StreamResponse) -> None:
    while data := await reader.read(_CHUNK):
        await response.write(data)
