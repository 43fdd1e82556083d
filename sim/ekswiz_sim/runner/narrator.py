"""Tells what happens in a run, as events. Everything passes the masks on its way out."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ekswiz.events import Event
from ekswiz_sim.runner.masks import Masker
from ekswiz_sim.runner.request import Annotation, Outcome, StepResult

TAIL = 80
"""Lines of a step's log that are kept with its result."""


class Log:
    """One step's log: each line out as an event, the last ones kept."""

    def __init__(self, narrator: Narrator, job: str, step: str) -> None:
        self._narrator = narrator
        self._job = job
        self._step = step
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._open = True

    def write(self, line: str) -> None:
        """Mask a line and pass it on. Lines after `close` come from something left behind, and are dropped."""
        if self._open:
            masked = self._narrator.masker.mask(line)
            self._tail.append(masked)
            self._narrator.tell("log", f"{self._job}/{self._step}", masked, {"job": self._job, "step": self._step})

    def close(self) -> tuple[str, ...]:
        """End the log; its tail."""
        self._open = False
        return tuple(self._tail)


class Narrator:
    """Sends a run's events, and keeps what belongs to the run as a whole."""

    def __init__(self, masker: Masker, send: Callable[[Event], None]) -> None:
        self.masker = masker
        self.annotations: list[Annotation] = []
        self.summary: list[str] = []
        self._send = send

    def tell(self, kind: str, address: str, message: str, data: dict[str, Any], seconds: float = 0.0) -> None:
        """Send an event of type "log" or "stage"."""
        assert kind in ("log", "stage")
        self._send(Event("log" if kind == "log" else "stage", time.time(), address, seconds, message, data))

    def started(self, job: str, step: str | None, name: str) -> None:
        """A job (`step` is None) or a step begins."""
        data = {"job": job, "step": step, "state": "started", "ok": None}
        self.tell("stage", job if step is None else f"{job}/{step}", self.masker.mask(name), data)

    def finished(self, job: str, result: Outcome, seconds: float, error: str = "") -> None:
        """A job ends."""
        data = {"job": job, "step": None, "state": "finished", "ok": result in ("success", "skipped")}
        masked = self.masker.mask(error)
        self.tell("stage", job, masked, {**data, "result": result, "error": masked, "log": []}, seconds)

    def step_finished(self, job: str, step: StepResult) -> None:
        """A step ends."""
        data = {
            "job": job,
            "step": step.name,
            "state": "finished",
            "ok": step.conclusion in ("success", "skipped"),
            "result": step.conclusion,
            "outcome": step.outcome,
            "error": step.error,
            "log": list(step.log),
        }
        self.tell("stage", f"{job}/{step.name}", step.error, data, step.seconds)

    def annotate(self, annotation: Annotation) -> None:
        """Keep an annotation that no step made."""
        self.annotations.append(annotation)
