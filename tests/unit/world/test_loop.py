from __future__ import annotations

import socket
import threading
import urllib.request

import pytest
from aiohttp import web

from ekswiz.errors import RehearsalError
from ekswiz_sim.loop import LoopThread


def _app() -> web.Application:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    return app


def test_a_server_answers_on_loopback_and_is_gone_after_stop() -> None:
    loop = LoopThread()
    port = loop.serve(_app())
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as response:
        assert response.read() == b"hello"

    loop.stop()

    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
        pass
    assert not [thread for thread in threading.enumerate() if thread.name == "ekswiz-world"]


def test_a_port_in_use_is_refused_with_what_to_do() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        loop = LoopThread()
        with pytest.raises(RehearsalError, match="--port"):
            loop.serve(_app(), port=held.getsockname()[1])
        loop.stop()


def test_stop_twice_is_no_harm() -> None:
    loop = LoopThread()
    loop.stop()
    loop.stop()
