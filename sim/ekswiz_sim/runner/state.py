"""What a run, a file's jobs and a single job remember while they go on."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ekswiz.workflow.expressions import Status
from ekswiz.workflow.model import Job, Permissions, Position, Text, Workflow
from ekswiz.workflow.syntax import ExpressionError
from ekswiz.workflow.values import CaseSensitive
from ekswiz_sim.processes import Process
from ekswiz_sim.runner.contexts import Folders
from ekswiz_sim.runner.hashing import hash_files
from ekswiz_sim.runner.narrator import Narrator
from ekswiz_sim.runner.request import RunRequest
from ekswiz_sim.runner.shell import Limits
from ekswiz_sim.seams import ActionCall


class StepFailed(Exception):
    """A step cannot go on; the text is what its log says."""


@dataclass(frozen=True, slots=True)
class Session:
    """One run. `files` are all workflow files of it by path; `abandoned` is set when nobody listens any more."""

    request: RunRequest
    root: Workflow
    files: Mapping[str, Workflow]
    narrator: Narrator
    token: str
    abandoned: threading.Event

    def stopped(self) -> bool:
        """Whether the run is to be cancelled."""
        return self.request.stop.is_set() or self.abandoned.is_set()


@dataclass(frozen=True, slots=True)
class Frame:
    """The jobs of one file: the event's own, or one that a job calls. `caller` is the calling job's permissions."""

    session: Session
    path: str
    workflow: Workflow
    prefix: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    caller: Permissions | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """One job to run: for a job with a matrix one of several. `address` is how results and events name it."""

    frame: Frame
    job: Job
    address: str
    permissions: Permissions
    needs: Mapping[str, Any]
    matrix: Mapping[str, Any] = field(default_factory=dict)
    strategy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Post:
    """What an action left to do at the job's end."""

    name: str
    run: Callable[[ActionCall], None]
    call: ActionCall


@dataclass(slots=True)
class JobState:
    """A running job. `fixed` are the contexts that do not change; `env` grows by GITHUB_ENV, `path` by GITHUB_PATH."""

    leg: Leg
    folders: Folders
    base: Mapping[str, str]
    fixed: Mapping[str, Any]
    env: dict[str, str]
    deadline: float
    overdue: str
    path: list[str] = field(default_factory=list)
    steps: dict[str, Any] = field(default_factory=dict)
    status: Literal["success", "failure", "cancelled"] = "success"
    posts: list[Post] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    actions: Counter[str] = field(default_factory=Counter)
    ends: float | None = None

    @property
    def session(self) -> Session:
        """The run this job belongs to."""
        return self.leg.frame.session

    def context(self, env: Mapping[str, str]) -> dict[str, Any]:
        """All contexts as a step sees them."""
        return {
            **self.fixed,
            "env": CaseSensitive(env),
            "steps": self.steps,
            "job": {"status": self.status},
        }

    def condition_status(self) -> Status:
        """What the status functions answer in a step's `if`."""
        return Status(self.status == "success", self.status == "failure", self.status == "cancelled")

    def hash_files(self, patterns: Sequence[str]) -> str:
        """`hashFiles` on this job's workspace."""
        return hash_files(self.folders.workspace, patterns)

    def cancel_if_stopped(self) -> None:
        """Turn the job to "cancelled" once the run is stopped or its time is over; what is left gets a short time."""
        late = time.monotonic() >= self.deadline
        if self.status != "cancelled" and (late or self.session.stopped()):
            self.status = "cancelled"
        if self.status == "cancelled" and self.ends is None:
            self.ends = time.monotonic() + self.session.request.patience.wind_up

    def step_stopped(self) -> bool:
        """Whether the step in hand must end. Once cancelled, only steps that asked to run anyway are left."""
        return self.session.abandoned.is_set() or (self.ends is None and self.session.stopped())

    def limits(self, name: str, minutes: float | None) -> Limits:
        """When the next step must end, by the first of: its own timeout, the job's, this runner's bound."""
        patience = self.session.request.patience
        now = time.monotonic()
        bound = f"The step ran for {patience.step:g} seconds, which is this rehearsal's limit for a step."
        choices = [(now + patience.step, bound)]
        if minutes is not None:
            overdue = f"The action '{name}' has timed out after {minutes:g} minutes."
            choices.append((now + minutes * patience.minute, overdue))
        if self.ends is None:
            choices.append((self.deadline, self.overdue))
        else:
            choices.append((self.ends, "The job was cancelled, and its time to wind up is over."))
        deadline, overdue = min(choices)
        return Limits(deadline, overdue, self.step_stopped, patience)


def template_error(path: str, text: Text | Position, error: ExpressionError) -> StepFailed:
    """GitHub's words for an expression that failed while a job ran."""
    at = text.at if isinstance(text, Text) else text
    return StepFailed(f"The template is not valid. {path} (Line: {at.line}, Col: {at.column}): {error.message}")
