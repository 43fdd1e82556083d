"""The HTTP side of the gate: one aiohttp application that hands each request to the worker thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor

from aiohttp import web
from multidict import CIMultiDictProxy

from ekswiz_sim.gate import answers
from ekswiz_sim.gate.calls import Outcome, service_of
from ekswiz_sim.gate.models import MODELLED
from ekswiz_sim.gate.wire import Request

LIMIT = 32 * 1024 * 1024
_HELD = 600.0
LOG = logging.getLogger(__name__)


def application(answer: Callable[[Request], Outcome], worker: Executor) -> web.Application:
    """The application. `answer` runs in `worker`."""
    closing = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        asked = await _read(request)
        outcome = await asyncio.get_running_loop().run_in_executor(worker, _safely, answer, asked)
        if outcome.reply is not None:
            reply = outcome.reply
            return web.Response(
                status=reply.status, body=reply.body, headers=dict(reply.headers), content_type=reply.content_type
            )
        if outcome.fault == "timeout-before":
            await _hold(request, closing)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def close(_: web.Application) -> None:
        closing.set()

    app = web.Application(client_max_size=LIMIT)
    app.router.add_route("*", "/{tail:.*}", handle)
    app.on_shutdown.append(close)
    return app


def _safely(answer: Callable[[Request], Outcome], asked: Request) -> Outcome:
    """The boundary of the worker: a defect of a service becomes AWS's 500, and its traceback goes to the log."""
    try:
        return answer(asked)
    except Exception:
        LOG.exception("%s %s failed", asked.method, asked.path)
        service = service_of(asked)
        text = "An internal error occurred; the log has its cause."
        kind = service if service in MODELLED else "iam"
        return Outcome(answers.error(kind, answers.refusal(kind, "500", text)))


async def _read(request: web.Request) -> Request:
    path, _, query = request.raw_path.partition("?")
    peer = request.remote or "127.0.0.1"
    try:
        body = await request.read()
    except ConnectionResetError as error:  # the client is gone, e.g. killed: nobody will read the answer
        raise web.HTTPBadRequest from error
    return Request(request.method, path, query, _headers(request.headers), body, peer)


def _headers(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        found[lower] = f"{found[lower]},{value}" if lower in found else value
    return found


async def _hold(request: web.Request, closing: asyncio.Event) -> None:
    """Say nothing until the client has gone, the world closes, or ten minutes are over."""
    waited = 0.0
    while waited < _HELD and request.transport is not None and not closing.is_set():
        try:
            await asyncio.wait_for(closing.wait(), 0.1)
        except TimeoutError:
            waited += 0.1
