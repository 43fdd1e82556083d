from __future__ import annotations

import asyncio
import socket
import threading
import urllib.request
from collections.abc import Iterator

import pytest
from aiohttp import web

from ekswiz.errors import RehearsalError
from ekswiz_sim.loop import LoopThread
from ekswiz_sim.seams import Stopped


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    made = LoopThread()
    yield made
    made.stop()


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


def test_what_takes_long_ends_with_the_stop_and_not_before_it_has_cleaned_up(loop: LoopThread) -> None:
    begun, stop, cleaned = threading.Event(), threading.Event(), []

    async def work() -> None:
        try:
            begun.set()
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            cleaned.append(True)

    def press() -> None:
        begun.wait(5)
        stop.set()

    threading.Thread(target=press).start()
    with pytest.raises(Stopped):
        loop.run_until(work(), stop)
    assert cleaned == [True]


def test_what_ends_before_the_stop_has_its_result_or_its_error(loop: LoopThread) -> None:
    async def answer() -> int:
        return 7

    async def fail() -> None:
        raise KeyError("no")

    assert loop.run_until(answer(), threading.Event()) == 7
    with pytest.raises(KeyError):
        loop.run_until(fail(), threading.Event())
