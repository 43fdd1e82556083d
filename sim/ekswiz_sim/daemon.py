"""The process of a world that outlives a command: `python -m ekswiz_sim.daemon`.

It reads its order from standard input, writes the world's facts to the state file and to standard output, and serves
until it is told to go, by its control port or a signal. Whatever way it ends, it removes what it made; if whoever
ordered it went away meanwhile, it ends at once.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from ekswiz.answers import Answers
from ekswiz.errors import EkswizError, Exit
from ekswiz.flag import StopFlag
from ekswiz.tiers import Tiers
from ekswiz_sim import daemon_file, home, sample, staging
from ekswiz_sim.seams import Stopped
from ekswiz_sim.world import World

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main() -> int:
    """Serve one world until told to go; the exit code."""
    gone = StopFlag()
    for number in SIGNALS:
        signal.signal(number, lambda *_: gone.set())
    try:
        _serve(json.load(sys.stdin), gone)
    except Stopped:
        return Exit.TERMINATED
    except BrokenPipeError:  # who ordered the world is gone
        return Exit.FAILED
    except EkswizError as error:
        return _refuse(error.detail, error.remedy, error.exit_code)
    except Exception as error:  # noqa: BLE001 - the process's boundary: whoever ordered the world shows it
        return _refuse(f"a mistake in ekswiz: {type(error).__name__}: {error}", "", Exit.FAILED)
    return Exit.OK


def _serve(order: Mapping[str, Any], gone: StopFlag) -> None:
    file = Path(order["file"])
    with _world(order, gone) as world:
        facts = _open(world, order, gone)
        with _written(file, facts):
            _say(facts)
            gone.wait()


@contextmanager
def _world(order: Mapping[str, Any], gone: StopFlag) -> Iterator[World]:
    answers, chosen = Answers(**order["answers"]), Tiers(**order["tiers"])
    world = World.start(answers, order["operator_policy"], port=order["port"], stop=gone, tiers=chosen)
    try:
        yield world
    finally:
        world.close()


@contextmanager
def _written(file: Path, facts: Mapping[str, Any]) -> Iterator[None]:
    daemon_file.write(file, facts)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _open(world: World, order: Mapping[str, Any], gone: StopFlag) -> dict[str, Any]:
    origin = Path(order["source"]) if order["source"] else sample.source()
    checkout = staging.stage_repository(origin, world.checkout, sample=not order["source"])
    control = _Control(world, gone)
    port = world.loop.serve(control.app())
    return {
        **home.owner(),
        **world.facts(),
        "answers": order["answers"],
        "checkout": str(checkout),
        "control": f"http://127.0.0.1:{port}",
        "secret": control.secret,
    }


class _Control:
    """The control port: snapshot, decisions, tokens, and the end. Every call needs the secret."""

    def __init__(self, world: World, gone: StopFlag) -> None:
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


def _refuse(detail: str, remedy: str, code: int) -> int:
    with contextlib.suppress(OSError):
        _say({"error": detail, "remedy": remedy, "code": code})
    return code


def _say(facts: Mapping[str, Any]) -> None:
    """One line of facts, and then silence: the one who ordered the world reads to the end of both streams."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
