"""What a step does: a script in a process of its own, or the twin of an action."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ekswiz.workflow.model import Step, Text
from ekswiz_sim.runner.commands import CommandReader
from ekswiz_sim.runner.contexts import runner_variables
from ekswiz_sim.runner.files import FileCommands, read_pairs
from ekswiz_sim.runner.shell import TICK, Limits, UnknownShell, run_process, script_command
from ekswiz_sim.runner.state import JobState, Post, StepFailed
from ekswiz_sim.seams import ActionCall, ActionResult

End = Literal["success", "failure", "cancelled"]


@dataclass(frozen=True, slots=True)
class Work:
    """A step about to run. `env` is its `env` context; `text` evaluates one of its templates."""

    state: JobState
    step: Step
    name: str
    env: Mapping[str, str]
    files: FileCommands
    reader: CommandReader
    limits: Limits
    text: Callable[[Text], str]

    def environment(self, action: str) -> dict[str, str]:
        """The whole environment of the step's process."""
        made = {"CI": "true", **self.state.base, **self.env}
        made["PATH"] = ":".join([*self.state.path, made.get("PATH", "")])
        github, runner = self.state.fixed["github"], self.state.fixed["runner"]
        made.update(runner_variables(github, runner, action))
        made.update(self.files.variables())
        return made


def action_id(state: JobState, step: Step) -> str:
    """GITHUB_ACTION: the step's id, else `__run`, `__run_2` or `__owner_repository`."""
    if step.id is not None:
        return step.id
    plain = "__run" if step.uses is None else "__" + step.uses.value.partition("@")[0].replace("/", "_")
    state.actions[plain] += 1
    count = state.actions[plain]
    return plain if count == 1 else f"{plain}_{count}"


def run_script(work: Work) -> tuple[End, dict[str, str]]:
    """Run a `run:` step.

    Raises:
        StepFailed: The shell or the working directory is not usable.
    """
    assert work.step.run is not None
    env = work.environment(action_id(work.state, work.step))
    script = work.text(work.step.run)
    cwd = _working_directory(work)
    try:
        argv = script_command(_shell(work), script, work.state.folders.temp, env["PATH"])
        ended = run_process(
            argv, env, cwd, write=work.reader.line, limits=work.limits, keep=work.state.processes.append
        )
    except (UnknownShell, OSError, ValueError) as error:
        raise StepFailed(_start_error(error, cwd)) from None
    if ended.why == "timeout":
        return _overdue(work), {}
    if ended.why == "cancelled":
        return "cancelled", {}
    if ended.code != 0:
        code = ended.code if ended.code > 0 else 128 - ended.code
        work.reader.annotate("error", f"Process completed with exit code {code}.")
        return "failure", {}
    return "success", {}


def _overdue(work: Work) -> End:
    """Say whose time is over. The job's own end cancels the step; the step's fails it."""
    work.reader.annotate("error", work.limits.overdue)
    return "cancelled" if work.limits.overdue == work.state.overdue else "failure"


def _start_error(error: Exception, cwd: Path) -> str:
    if not cwd.is_dir():
        return (
            f"An error occurred trying to start the process with working directory '{cwd}'. No such file or directory"
        )
    return f"An error occurred trying to start the process: {error}"


def _shell(work: Work) -> str:
    workflow, job = work.state.leg.frame.workflow, work.state.leg.job
    for text in (work.step.shell, job.defaults.shell, workflow.defaults.shell):
        if text is not None:
            return work.text(text)
    return ""


def _working_directory(work: Work) -> Path:
    workflow, job = work.state.leg.frame.workflow, work.state.leg.job
    for text in (work.step.working_directory, job.defaults.working_directory, workflow.defaults.working_directory):
        if text is not None:
            return work.state.folders.workspace / work.text(text)
    return work.state.folders.workspace


def use_action(work: Work) -> tuple[End, dict[str, str]]:
    """Run a `uses:` step by its twin."""
    assert work.step.uses is not None
    name, _, ref = work.step.uses.value.partition("@")
    twin = work.state.session.request.actions[action_key(name, work.state.session.request.actions)]
    inputs = {key.lower(): work.text(text) for key, text in work.step.inputs.items()}
    env = work.environment(action_id(work.state, work.step))
    env.update({f"INPUT_{key.upper().replace(' ', '_')}": value for key, value in inputs.items()})
    env.update(GITHUB_ACTION_REPOSITORY=name, GITHUB_ACTION_REF=ref)
    given_up = threading.Event()
    call = ActionCall(
        uses=work.step.uses.value,
        inputs=inputs,
        env=env,
        workspace=work.state.folders.workspace,
        temp=work.state.folders.temp,
        log=by_line(work.reader.line),
        stop=lambda: given_up.is_set() or work.limits.stopped(),
    )
    answer = in_thread(lambda: twin(call), work.limits, given_up)
    if answer in ("timeout", "cancelled"):
        return (_overdue(work) if answer == "timeout" else "cancelled"), {}
    if isinstance(answer, BaseException):
        raise StepFailed(f"{name}: {answer}") from answer
    return _take(work, call, answer)


def action_key(name: str, actions: Mapping[str, Any]) -> str:
    """The key of an action's twin; GitHub ignores case in an owner's and a repository's name."""
    return next((key for key in actions if key.lower() == name.lower()), name)


def by_line(write: Callable[[str], None]) -> Callable[[str], None]:
    """A log for code that may write several lines at once."""

    def log(text: str) -> None:
        for line in text.splitlines() or [""]:
            write(line)

    return log


def in_thread(work: Callable[[], Any], limits: Limits, given_up: threading.Event) -> Any:
    """The work's answer or its exception; "timeout" or "cancelled" if it did not end in time.

    A thread cannot be killed: it is asked by `given_up`, waited for, and then left behind, its log closed.
    """
    box: list[Any] = []
    done = threading.Event()

    def target() -> None:
        try:
            box.append(work())
        except Exception as error:  # noqa: BLE001 - a twin is foreign code; its error is the step's error
            box.append(error)
        finally:
            done.set()

    threading.Thread(target=target, daemon=True, name="action").start()
    while not done.wait(TICK):
        why = "cancelled" if limits.stopped() else "timeout" if time.monotonic() >= limits.deadline else ""
        if why:
            given_up.set()
            done.wait(limits.patience.interrupt + limits.patience.terminate)
            return why
    return box[0]


def _take(work: Work, call: ActionCall, result: ActionResult) -> tuple[End, dict[str, str]]:
    """Enter what an action leaves into the job."""
    state = work.state
    for mask in result.masks:
        state.session.narrator.masker.add(mask)
    state.env.update(result.env)
    for folder in result.path:
        state.path = [folder, *(other for other in state.path if other != folder)]
    if result.post is not None:
        states = {**work.reader.state, **read_pairs(work.files.state)}
        env = {**call.env, **{f"STATE_{name}": value for name, value in states.items()}}
        state.posts.append(Post(f"Post {work.name}", result.post, replace(call, env=env)))
    if not result.ok:
        work.reader.annotate("error", result.error or f"{call.uses} failed.")
        return "failure", dict(result.outputs)
    return "success", dict(result.outputs)
