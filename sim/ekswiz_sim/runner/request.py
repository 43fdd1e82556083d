"""What a run is asked to do, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ekswiz.target import Flag
from ekswiz_sim.runner.event import Repository, RunEvent
from ekswiz_sim.seams import Grant, Twin

Outcome = Literal["success", "failure", "skipped", "cancelled"]
AnnotationLevel = Literal["notice", "warning", "error"]


@dataclass(frozen=True, slots=True)
class JobIdentity:
    """Who a job is to GitHub's token issuer. Paths are relative to the repository.

    `workflow_path` is the file that the event started; `job_workflow_path` the file that holds the job, which differs
    for a job of a called workflow. `environment` is evaluated; None if the job has none.
    """

    job: str
    environment: str | None
    workflow_path: str
    job_workflow_path: str
    event: RunEvent


@dataclass(frozen=True, slots=True)
class EnvironmentSettings:
    """A deployment environment's settings. `branches` are the patterns that may deploy; None lets all."""

    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    branches: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds. GitHub: 7.5 s after SIGINT, 2.5 s after SIGTERM, 300 s to wind up.

    `step` bounds every step whatever its file says. `minute` is the length of a minute of `timeout-minutes`.
    """

    interrupt: float = 2.0
    terminate: float = 1.0
    wind_up: float = 10.0
    step: float = 300.0
    minute: float = 60.0


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Everything a run needs. `workflow` is relative to `checkout`, a staged copy of the repository.

    `environment` is what every step starts with (PATH with the tools' twins first, AWS_ENDPOINT_URL, …); nothing else
    of this process's environment reaches a step but language and timezone. `actions` is by "owner/name[/path]" without
    ref. `oidc` is asked once for each job that has `id-token: write`. `temp` is ours until the run ends. An empty
    `token` (the job's GITHUB_TOKEN) is made up.
    """

    workflow: str
    checkout: Path
    event: RunEvent
    repository: Repository
    temp: Path
    actions: Mapping[str, Twin]
    oidc: Callable[[JobIdentity], Grant | None]
    stop: Flag
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, EnvironmentSettings] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    server_url: str = "https://github.com"
    api_url: str = "https://api.github.com"
    patience: Patience = Patience()


@dataclass(frozen=True, slots=True)
class Annotation:
    """What `::error::` and its like leave on a run's page."""

    level: AnnotationLevel
    message: str
    job: str
    step: str
    file: str = ""
    line: str = ""
    column: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step's end. `outcome` is before `continue-on-error`, `conclusion` after. `log` is the tail, masked."""

    name: str
    id: str | None
    outcome: Outcome
    conclusion: Outcome
    outputs: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobResult:
    """One job's end. A matrix job's legs and a called workflow's jobs have results of their own beside it."""

    id: str
    result: Outcome
    outputs: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[StepResult, ...] = ()
    environment: str | None = None
    url: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class FailedStep:
    """The first step that failed a job: its log's tail and what decided."""

    job: str
    step: str
    error: str
    log: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run's end. `triggered` is False, with `why`, if the event does not start the workflow; that is not ok.

    `jobs` is by id; legs are "id (value, …)", jobs of a called workflow "caller / id". `summary` is Markdown, masked.
    """

    ok: bool
    triggered: bool
    why: str
    jobs: Mapping[str, JobResult] = field(default_factory=dict)
    annotations: tuple[Annotation, ...] = ()
    summary: str = ""
    failed_step: FailedStep | None = None
    cancelled: bool = False
