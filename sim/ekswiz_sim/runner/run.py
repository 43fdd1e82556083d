"""A run of a workflow: iterate it for events, then read its result."""

from __future__ import annotations

import queue
import secrets
import threading
from collections.abc import Generator
from dataclasses import replace

from ekswiz.events import Event
from ekswiz_sim.runner.graph import run_frame
from ekswiz_sim.runner.masks import Masker
from ekswiz_sim.runner.narrator import Narrator
from ekswiz_sim.runner.prepare import dispatch_inputs, load, normal
from ekswiz_sim.runner.request import FailedStep, JobResult, RunRequest, RunResult
from ekswiz_sim.runner.state import Frame, Session
from ekswiz_sim.runner.trigger import judge

_WAITING = 1000
"""Events that may wait for the listener; beyond that the steps' output waits."""


class Run:
    """One run. Making it reads and checks all files; iterating it runs them.

    The jobs run in a thread of their own, one after the other. Whoever stops listening cancels the run.

    Events are of type "log" (one line, `data`: job, step) and "stage" (`data`: job, step or None for the job itself,
    state "started" or "finished", ok; when finished also result, error, and the log's tail).

    Raises:
        InputError: A workflow file that GitHub refuses or a rehearsal cannot run, with its place.
    """

    def __init__(self, request: RunRequest) -> None:
        self._request = replace(request, workflow=normal(request.workflow))
        self._files = load(self._request)
        self._root = next(iter(self._files.values()))
        self._verdict = judge(self._root, request.event)
        manual = request.event.name == "workflow_dispatch" and self._verdict.starts
        self._inputs = dispatch_inputs(self._root, request.event.inputs) if manual else {}
        self._queue: queue.Queue[Event | None] = queue.Queue(_WAITING)
        self._abandoned = threading.Event()
        self._result: RunResult | None = None
        self._error: BaseException | None = None

    @property
    def result(self) -> RunResult:
        """The result; to be had once all events were read."""
        assert self._result is not None, "iterate the run to its end first"
        return self._result

    def __iter__(self) -> Generator[Event, None, None]:
        """The events, as they happen."""
        assert self._result is None, "a run runs once"
        worker = threading.Thread(target=self._work, name="workflow-run")
        worker.start()
        try:
            while (event := self._queue.get()) is not None:
                yield event
        finally:
            self._abandoned.set()
            worker.join()
        if self._error is not None:
            raise self._error

    def _send(self, event: Event | None) -> None:
        """Hand over an event; given up if nobody listens any more."""
        while not self._abandoned.is_set():
            try:
                self._queue.put(event, timeout=0.1)
                return
            except queue.Full:
                continue

    def _work(self) -> None:
        try:
            self._result = self._run()
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that listens
            self._error = error
        finally:
            self._send(None)

    def _run(self) -> RunResult:
        narrator = Narrator(Masker(), self._send)
        if not self._verdict.starts:
            data = {"job": None, "step": None, "state": "finished", "ok": False, "error": self._verdict.why}
            narrator.tell("stage", self._request.workflow, self._verdict.why, data)
            return RunResult(ok=False, triggered=False, why=self._verdict.why)
        session = self._session(narrator)
        hidden = {} if self._request.event.restricted else dict(self._request.secrets)
        for secret in (*self._request.secrets.values(), session.token):
            narrator.masker.add(secret)
        frame = Frame(session, self._request.workflow, self._root, inputs=self._inputs, secrets=hidden)
        jobs: dict[str, JobResult] = {}
        own = run_frame(frame, jobs)
        return _result(session, jobs, own)

    def _session(self, narrator: Narrator) -> Session:
        token = self._request.token or f"ghs_{secrets.token_hex(18)}"
        return Session(self._request, self._root, self._files, narrator, token, self._abandoned)


def _result(session: Session, jobs: dict[str, JobResult], own: dict[str, JobResult]) -> RunResult:
    outcomes = [result.result for result in own.values()]
    cancelled = session.stopped() or "cancelled" in outcomes
    skipped = all(outcome == "skipped" for outcome in outcomes)
    ok = not cancelled and not skipped and all(outcome in ("success", "skipped") for outcome in outcomes)
    failed = _failed_step(jobs)
    why = "" if ok else failed.error if failed else "Every job was skipped." if skipped else "The run was canceled."
    return RunResult(
        ok=ok,
        triggered=True,
        why=why,
        jobs=jobs,
        annotations=tuple(session.narrator.annotations),
        summary="\n".join(session.narrator.summary),
        failed_step=failed,
        cancelled=cancelled,
    )


def _failed_step(jobs: dict[str, JobResult]) -> FailedStep | None:
    for address, job in jobs.items():
        if job.result != "failure":
            continue
        for step in job.steps:
            if step.conclusion == "failure":
                return FailedStep(address, step.name, step.error, step.log)
    for address, job in jobs.items():
        if job.result == "failure":
            return FailedStep(address, "", job.error, ())
    return None
