"""One asyncio loop in one thread: every server of a world lives on it.

The rest of the program is plain threads and calls; `run` is the only way in.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiohttp import web

from ekswiz.target import Flag
from ekswiz_sim import ports
from ekswiz_sim.ports import LOOPBACK
from ekswiz_sim.seams import Stopped

T = TypeVar("T")
START_SECONDS = 30.0
"""How long a call into the loop may take before it counts as hung."""
TICK = 0.1
"""Seconds between two looks at the stop."""


class LoopThread:
    """An asyncio loop in a daemon thread, with the servers that were started on it."""

    def __init__(self, name: str = "ekswiz-world") -> None:
        self.loop = asyncio.new_event_loop()
        self._runners: list[web.AppRunner] = []
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], timeout: float | None = START_SECONDS) -> T:
        """Run a coroutine on the loop and wait for it. Never call this from the loop itself."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)

    def run_until(self, work: Coroutine[Any, Any, T], stop: Flag) -> T:
        """Run a coroutine on the loop for as long as it takes, unless the stop comes: then it is cancelled.

        Raises:
            Stopped: The stop came; the coroutine has ended.
        """
        return self.run(_until(work, stop), timeout=None)

    def serve(self, app: web.Application, *, port: int = 0, tls: ssl.SSLContext | None = None) -> int:
        """Serve an application on 127.0.0.1; returns the port.

        Raises:
            RehearsalError: The port is in use.
        """
        return self.run(self._serve(app, port, tls))

    def stop(self) -> None:
        """Stop every server, cancel what still runs, end the thread. Safe to call twice."""
        if self.loop.is_closed():
            return
        self.run(self._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(START_SECONDS)
        self.loop.close()

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _serve(self, app: web.Application, port: int, tls: ssl.SSLContext | None) -> int:
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, LOOPBACK, port, ssl_context=tls, reuse_address=True)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise ports.refused(port, error) from error
        self._runners.append(runner)
        return int(runner.addresses[0][1])

    async def _close(self) -> None:
        for runner in reversed(self._runners):
            await runner.cleanup()
        self._runners.clear()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        await self.loop.shutdown_asyncgens()
        await self.loop.shutdown_default_executor()


async def _until(work: Coroutine[Any, Any, T], stop: Flag) -> T:
    task = asyncio.ensure_future(work)
    while not task.done():
        await asyncio.wait([task], timeout=TICK)
        if stop.is_set() and not task.done():
            task.cancel()
            await asyncio.wait([task])
            raise Stopped
    return task.result()
