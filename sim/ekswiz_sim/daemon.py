"""The process of a world that outlives a command: `python -m ekswiz_sim.daemon`, started by `daemon_client.up`.

It reads what to make from standard input, writes its facts (or why not) to standard output as one line of JSON, and
then serves until it is told to go, by its control port or a signal. Whatever way it ends, it removes what it made.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from ekswiz.answers import Answers
from ekswiz.errors import EkswizError
from ekswiz_sim import home, sample, staging
from ekswiz_sim.world import World


def main() -> int:
    """Serve one world until told to go."""
    order = json.load(sys.stdin)
    gone = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: gone.set())
    try:
        world, facts = _make(order, gone)
    except EkswizError as error:
        _say({"error": error.detail, "remedy": error.remedy})
        return int(error.exit_code)
    _say(facts)
    gone.wait()
    return 1 if world.close() else 0


def _make(order: Mapping[str, Any], gone: threading.Event) -> tuple[World, dict[str, Any]]:
    answers = Answers(**order["answers"])
    origin = Path(order["source"]) if order["source"] else sample.source()
    staging.check(origin, answers)
    world = World.start(answers, order["operator_policy"], port=order["port"])
    try:
        checkout = staging.stage_repository(origin, world.checkout, sample=not order["source"])
        control = _Control(world, gone)
        port = world.loop.serve(control.app())
    except BaseException:
        world.close()
        raise
    facts = {
        **home.owner(),
        **world.facts(),
        "answers": order["answers"],
        "checkout": str(checkout),
        "control": f"http://127.0.0.1:{port}",
        "secret": control.secret,
    }
    return world, facts


class _Control:
    """The control port: snapshot, decisions, tokens, and the end. Every call needs the secret."""

    def __init__(self, world: World, gone: threading.Event) -> None:
        self.secret = secrets.token_urlsafe(32)
        self._world = world
        self._gone = gone

    def app(self) -> web.Application:
        """The application of the control port."""
        app = web.Application(middlewares=[self._authorize])
        app.router.add_get("/snapshot", self._snapshot)
        app.router.add_get("/decisions", self._decisions)
        app.router.add_post("/down", self._down)
        return app

    @web.middleware
    async def _authorize(self, request: web.Request, handler: Any) -> web.StreamResponse:
        said = request.headers.get("Authorization", "")
        if not hmac.compare_digest(said.encode(), f"Bearer {self.secret}".encode()):
            return web.json_response({"error": "the secret is wrong"}, status=401)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _snapshot(self, request: web.Request) -> web.Response:
        snapshot = await request.loop.run_in_executor(None, self._world.snapshot)
        return web.json_response(snapshot, dumps=lambda value: json.dumps(value, default=str))

    async def _decisions(self, _: web.Request) -> web.Response:
        records = [
            {"principal": r.principal, "action": r.action, "resource": r.resource, "allowed": r.decision.allowed}
            | {"layer": r.decision.layer, "why": r.decision.why}
            for r in self._world.records()
        ]
        return web.json_response(records)

    async def _down(self, _: web.Request) -> web.Response:
        self._gone.set()
        return web.json_response({"ok": True})


def _say(facts: Mapping[str, Any]) -> None:
    """One line of facts, and then silence: the parent reads to the end of the stream."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
