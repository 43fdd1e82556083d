"""One step: its condition, its environment, its run, and what it leaves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ekswiz.workflow.expressions import condition, interpolate, resolve
from ekswiz.workflow.model import Step, Text
from ekswiz.workflow.syntax import ExpressionError
from ekswiz.workflow.values import to_number, truthy
from ekswiz_sim.runner import files
from ekswiz_sim.runner.commands import CommandReader
from ekswiz_sim.runner.narrator import Log
from ekswiz_sim.runner.request import Outcome, StepResult
from ekswiz_sim.runner.state import JobState, StepFailed, template_error
from ekswiz_sim.runner.work import Work, run_script, use_action


def run_step(state: JobState, step: Step) -> StepResult:
    """Run one step, or skip it. Never raises for what the step does; its result says it all."""
    state.cancel_if_stopped()
    if state.session.abandoned.is_set():  # nobody listens any more: not even `always()` runs
        name = step.id or f"step at line {step.at.line}"
        return _settle(state, step, StepResult(name, step.id, "skipped", "skipped"))
    running = _Running(state, step)
    try:
        env = running.environment()
        name = _name(running, env)
        if not running.condition(env):
            return _settle(state, step, StepResult(name, step.id, "skipped", "skipped"))
    except StepFailed as failed:
        return _refused(state, step, str(failed))
    result = _carry_out(running, name, env)
    return _settle(state, step, result)


@dataclass(frozen=True, slots=True)
class _Running:
    state: JobState
    step: Step

    @property
    def path(self) -> str:
        return self.state.leg.frame.path

    def text(self, text: Text, env: Mapping[str, str]) -> str:
        try:
            return interpolate(text.value, self.state.context(env), hash_files=self.state.hash_files)
        except ExpressionError as error:
            raise template_error(self.path, text, error) from None

    def value(self, text: Text, env: Mapping[str, str]) -> Any:
        try:
            return resolve(text.value, self.state.context(env), hash_files=self.state.hash_files)
        except ExpressionError as error:
            raise template_error(self.path, text, error) from None

    def environment(self) -> dict[str, str]:
        """The `env` context of the step: workflow, job, GITHUB_ENV, then its own keys."""
        own = {key: self.text(text, self.state.env) for key, text in self.step.env.items()}
        return {**self.state.env, **own}

    def condition(self, env: Mapping[str, str]) -> bool:
        text = self.step.condition or Text("", self.step.at)
        status = self.state.condition_status()
        try:
            return condition(text.value, self.state.context(env), status, hash_files=self.state.hash_files)
        except ExpressionError as error:
            raise template_error(self.path, text, error) from None

    def minutes(self, env: Mapping[str, str]) -> float | None:
        if self.step.timeout is None:
            return None
        minutes = to_number(self.value(self.step.timeout, env))
        if not minutes > 0:
            raise StepFailed(f"`timeout-minutes` must be a positive number, not '{self.text(self.step.timeout, env)}'.")
        return minutes


def _name(running: _Running, env: Mapping[str, str]) -> str:
    step = running.step
    if step.name is not None and (name := running.text(step.name, env).strip()):
        return name
    if step.uses is not None:
        return f"Run {step.uses.value}"
    assert step.run is not None
    lines = running.text(step.run, env).strip().splitlines()
    return f"Run {lines[0] if lines else ''}".strip()


def _carry_out(running: _Running, name: str, env: dict[str, str]) -> StepResult:
    state, step = running.state, running.step
    narrator, address = state.session.narrator, state.leg.address
    shown = narrator.masker.mask(name)
    narrator.started(address, shown, shown)
    log = Log(narrator, address, shown)
    reader = CommandReader(narrator.masker, address, shown, log.write)
    begun = time.monotonic()
    outputs: dict[str, str] = {}
    outcome: Outcome
    try:
        outcome, outputs = _do(running, shown, env, reader)
        error = _last_error(reader) if outcome == "failure" else ""
    except StepFailed as failed:
        outcome, error = "failure", narrator.masker.mask(str(failed))
        reader.annotate("error", error)
    if outcome == "cancelled":
        error = "The operation was canceled."
        reader.annotate("error", error)
    narrator.annotations.extend(reader.annotations)
    conclusion = _conclusion(running, outcome, env)
    return StepResult(
        shown, step.id, outcome, conclusion, outputs, round(time.monotonic() - begun, 3), error, log.close()
    )


def _do(
    running: _Running, name: str, env: dict[str, str], reader: CommandReader
) -> tuple[Literal["success", "failure", "cancelled"], dict[str, str]]:
    """Run it and read its files. A file that cannot be read fails the step, as a refused command does."""
    state, step = running.state, running.step
    limits = state.limits(name, running.minutes(env))
    made = files.make_files(state.folders.temp)
    work = Work(state, step, name, env, made, reader, limits, lambda text: running.text(text, env))
    try:
        outcome, outputs = run_script(work) if step.run is not None else use_action(work)
    except files.FileCommandError as error:
        _file_error(reader, "state", error)
        return "failure", {}
    outputs = {**reader.outputs, **outputs}
    for read in (_take_env, _take_path, _take_summary):
        outcome = _guarded(read, work, outcome)
    try:
        outputs.update(files.read_pairs(made.output))
    except files.FileCommandError as error:
        _file_error(reader, "output", error)
        outcome = "failure"
    return ("failure" if reader.failed and outcome == "success" else outcome), outputs


def _guarded(read: Any, work: Work, outcome: Any) -> Any:
    try:
        read(work)
    except files.FileCommandError as error:
        _file_error(work.reader, read.__name__.removeprefix("_take_"), error)
        return "failure" if outcome == "success" else outcome
    return outcome


def _file_error(reader: CommandReader, which: str, error: files.FileCommandError) -> None:
    reader.annotate("error", f"Unable to process file command '{which}' successfully.")
    reader.annotate("error", str(error))


def _take_env(work: Work) -> None:
    work.state.env.update(files.read_env(work.files.env))


def _take_path(work: Work) -> None:
    for folder in files.read_path(work.files.path):
        work.state.path = [folder, *(other for other in work.state.path if other != folder)]


def _take_summary(work: Work) -> None:
    text = files.read_summary(work.files.summary)
    if text.strip():
        narrator = work.state.session.narrator
        narrator.summary.append(narrator.masker.mask(text.rstrip("\n")))


def _conclusion(running: _Running, outcome: Outcome, env: Mapping[str, str]) -> Outcome:
    """`continue-on-error` turns a failure into success; an expression there that fails does not."""
    text = running.step.continue_on_error
    if outcome != "failure" or text is None:
        return outcome
    try:
        value = running.value(text, env)
    except StepFailed:
        return outcome
    return "success" if (value == "true" if isinstance(value, str) else truthy(value)) else outcome


def _last_error(reader: CommandReader) -> str:
    """What decided: the last error before the runner's own word on the exit code, with that word."""
    errors = [annotation.message for annotation in reader.annotations if annotation.level == "error"]
    return " ".join(errors[-2:])


def _refused(state: JobState, step: Step, message: str) -> StepResult:
    """A step whose name, environment or condition cannot be evaluated."""
    narrator, address = state.session.narrator, state.leg.address
    name = step.id or f"step at line {step.at.line}"
    message = narrator.masker.mask(message)
    log = Log(narrator, address, name)
    reader = CommandReader(narrator.masker, address, name, log.write)
    reader.annotate("error", message)
    narrator.annotations.extend(reader.annotations)
    return _settle(state, step, StepResult(name, step.id, "failure", "failure", error=message, log=log.close()))


def _settle(state: JobState, step: Step, result: StepResult) -> StepResult:
    """Enter the result in the `steps` context and the job's status, and tell it."""
    if step.id is not None:
        state.steps[step.id] = {
            "outputs": dict(result.outputs),
            "outcome": result.outcome,
            "conclusion": result.conclusion,
        }
    if result.conclusion == "failure" and state.status == "success":
        state.status = "failure"
    if result.conclusion == "cancelled":
        state.status = "cancelled"
    state.session.narrator.step_finished(state.leg.address, result)
    return result
