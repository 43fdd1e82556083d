"""A rehearsal: an ordered list of small stages in a world of its own, which is removed whatever happens.

Failure is the default: a stage is ok only when its function ran to its end. A stop may be set at any event, from the
iterating thread or another one: the stage in hand ends, the others are not begun, and the world is removed. Nothing
is destroyed object by object then, since the world is private.
"""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ekswiz.errors import EkswizError
from ekswiz.events import Event
from ekswiz.target import Flag
from ekswiz_sim import report as reports
from ekswiz_sim.cause import cause
from ekswiz_sim.scene import Scene, Verdict
from ekswiz_sim.seams import Stopped
from ekswiz_sim.stages import STAGES, Stage

STOPPED = "stopped"
LOG_LINES = 60
"""Lines of a failed stage's log that are shown; the report has all."""


@dataclass(slots=True)
class Outcome:
    """What became of one stage."""

    id: str
    ok: bool
    seconds: float
    why: str
    skipped: bool = False
    log: list[str] = field(default_factory=list)


class Rehearsal:
    """Iterate it once, to the end; `close` ends it early. `report` is complete after either.

    Args:
        open_scene: Starts the world and stages the repository; called when the iteration begins.
        stop: Set it to end the rehearsal; everything is still removed.
        stages: The road, in order.
    """

    def __init__(self, open_scene: Callable[[], Scene], stop: Flag, stages: Sequence[Stage] = STAGES) -> None:
        self._open = open_scene
        self._stop = stop
        self._stages = stages
        self._scene: Scene | None = None
        self._outcomes: list[Outcome] = []
        self._leftovers: list[str] = []
        self._closing = 0.0
        self._events = self._run()

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def close(self) -> None:
        """End it; the world and all it made are removed."""
        self._events.close()
        self._down()

    @property
    def report(self) -> Mapping[str, Any]:
        """The report, version 1 (data/report.schema.json)."""
        return reports.build(self._scene, self._outcomes, self._leftovers)

    def _run(self) -> Generator[Event, None, None]:
        try:
            yield from self._world()
            for stage in self._stages:
                yield from self._stage(stage)
        finally:
            self._down()
        yield self._removed()

    def _world(self) -> Iterator[Event]:
        started = time.monotonic()
        outcome = Outcome("world", ok=False, seconds=0.0, why=STOPPED)
        self._outcomes.append(outcome)
        with contextlib.suppress(Stopped):
            scene = self._scene = self._open()
            facts = f"AWS account {scene.answers.account} in {scene.answers.region}, on this machine only"
            outcome.ok, outcome.why = True, facts
        outcome.seconds = time.monotonic() - started
        yield _finished(outcome, {"tiers": list(self._scene.tiers)} if self._scene else {})

    def _stage(self, stage: Stage) -> Iterator[Event]:
        why_not = self._blocked(stage)
        outcome = Outcome(stage.id, ok=False, seconds=0.0, why=why_not or "", skipped=bool(why_not))
        self._outcomes.append(outcome)
        scene = self._scene
        if why_not or scene is None:  # without a scene the stop has come, and blocks everything
            yield _finished(outcome, {})
            return
        yield Event("stage", time.time(), stage.id, message=stage.title, data={"phase": "started"})
        if stage.id in scene.interfere:
            scene.interfere[stage.id](scene)
        yield from self._carry_out(stage, scene, outcome)

    def _blocked(self, stage: Stage) -> str | None:
        if self._stop.is_set():
            return STOPPED
        failed = [o.id for o in self._outcomes if o.id in stage.needs and not o.ok]
        return f"needs {failed[0]}" if failed else None

    def _carry_out(self, stage: Stage, scene: Scene, outcome: Outcome) -> Iterator[Event]:
        started, since = time.monotonic(), len(scene.world.records())
        verdict, trace = Verdict(), ""
        try:
            for event in () if self._stop.is_set() else stage.run(scene, verdict):
                outcome.log.extend(_log(event))
                yield event
        except EkswizError as error:
            verdict.failed(str(error))
        except Exception as error:  # noqa: BLE001 - the stage's boundary: an error of ours turns it red, and is shown
            verdict.failed(f"A mistake in ekswiz: {type(error).__name__}: {error}")
            trace = traceback.format_exc()
        if self._stop.is_set() and not verdict.ok:
            verdict = Verdict(sentence=STOPPED)
        outcome.ok, outcome.why, outcome.seconds = verdict.ok, verdict.sentence, time.monotonic() - started
        data = dict(verdict.data)
        if not outcome.ok and outcome.why != STOPPED:
            outcome.why = cause(scene, since, verdict)
            data.setdefault("lines", outcome.log[-LOG_LINES:])
            # For the report; nobody wants that on the screen.
            outcome.log.extend([*trace.splitlines(), *scene.world.log()[-LOG_LINES:]])
        yield _finished(outcome, data)

    def _down(self) -> None:
        if self._scene is not None and not self._scene.closed:
            started = time.monotonic()
            self._leftovers.extend(self._scene.close())
            self._closing = time.monotonic() - started

    def _removed(self) -> Event:
        ok = not self._leftovers
        why = "nothing left: no process, no port, no file" if ok else f"left: {', '.join(self._leftovers)}"
        self._outcomes.append(Outcome("down", ok=ok, seconds=self._closing, why=why))
        return _finished(self._outcomes[-1], {})


def _finished(outcome: Outcome, data: Mapping[str, Any]) -> Event:
    facts = {**data, "phase": "finished", "ok": outcome.ok, "skipped": outcome.skipped}
    return Event("stage", time.time(), outcome.id, outcome.seconds, outcome.why, facts)


def _log(event: Event) -> list[str]:
    if event.type == "log":
        return event.message.split("\n")
    if event.type in ("applied", "failed", "skipped", "stopped"):
        return [f"{event.type} {event.address} {event.message}".rstrip()]
    return []
