"""One job on a machine of its own: fresh folders, its identity, its steps, its post steps, its outputs."""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ekswiz.workflow.expressions import interpolate, resolve
from ekswiz.workflow.model import Text
from ekswiz.workflow.patterns import matches
from ekswiz.workflow.syntax import ExpressionError
from ekswiz.workflow.values import to_number, truthy
from ekswiz_sim.runner.commands import CommandReader
from ekswiz_sim.runner.contexts import Folders, base_environment, github_context, runner_context
from ekswiz_sim.runner.narrator import Log
from ekswiz_sim.runner.orphans import TRACKING, end_orphans
from ekswiz_sim.runner.request import Annotation, EnvironmentSettings, JobIdentity, JobResult, Outcome, StepResult
from ekswiz_sim.runner.state import JobState, Leg, Post, StepFailed, template_error
from ekswiz_sim.runner.step import run_step
from ekswiz_sim.runner.work import by_line, in_thread

DEFAULT_MINUTES = 360.0


def run_leg(leg: Leg) -> JobResult:
    """Run a job to its end. Never raises for what the job does."""
    narrator = leg.frame.session.narrator
    narrator.started(leg.address, None, _display_name(leg))
    begun = time.monotonic()
    try:
        result = _run(leg)
    except StepFailed as failed:
        error = narrator.masker.mask(str(failed))
        narrator.annotate(Annotation("error", error, leg.address, ""))
        result = JobResult(leg.job.id, "failure", error=error)
    narrator.finished(leg.address, result.result, round(time.monotonic() - begun, 3), result.error)
    return result


def _display_name(leg: Leg) -> str:
    if leg.job.name is None:
        return leg.address
    try:
        return interpolate(leg.job.name.value, job_context(leg)) or leg.address
    except ExpressionError:
        return leg.address


def variables(leg: Leg, settings: EnvironmentSettings | None = None) -> dict[str, str]:
    """`vars`: the repository's, then the environment's; nothing for forks and Dependabot."""
    request = leg.frame.session.request
    if request.event.restricted:
        return {}
    return {**request.variables, **(settings.variables if settings else {})}


def job_context(leg: Leg, settings: EnvironmentSettings | None = None) -> dict[str, Any]:
    """The contexts that a job's own keys may read."""
    session = leg.frame.session
    return {
        "github": github_context(session.request, session.root, leg.job.id, None, session.token),
        "needs": leg.needs,
        "strategy": leg.strategy,
        "matrix": leg.matrix,
        "vars": variables(leg, settings),
        "inputs": leg.frame.inputs,
    }


def _text(leg: Leg, text: Text, context: Mapping[str, Any]) -> str:
    try:
        return interpolate(text.value, context)
    except ExpressionError as error:
        raise template_error(leg.frame.path, text, error) from None


def _run(leg: Leg) -> JobResult:
    environment = _environment(leg)
    settings = leg.frame.session.request.environments.get(environment, EnvironmentSettings()) if environment else None
    if environment and settings is not None:
        _check_branch(leg, environment, settings)
    state = _state(leg, environment, settings)
    try:
        steps = [run_step(state, step) for step in leg.job.steps]
        steps += [_run_post(state, post) for post in reversed(state.posts)]
    finally:
        end_orphans(state.processes, state.base[TRACKING])
    outputs = _outputs(state)
    url = _url(state)
    result: Outcome = state.status
    if result == "failure" and _tolerated(state):
        result = "success"
    error = next((step.error for step in steps if step.conclusion == "failure"), "")
    if result == "cancelled" and not error:
        error = state.overdue if time.monotonic() >= state.deadline else "The run was canceled."
    return JobResult(leg.job.id, result, outputs, tuple(steps), environment, url, error)


def _environment(leg: Leg) -> str | None:
    if leg.job.environment is None:
        return None
    return _text(leg, leg.job.environment.name, job_context(leg)) or None


def _check_branch(leg: Leg, environment: str, settings: EnvironmentSettings) -> None:
    event = leg.frame.session.request.event
    if settings.branches is not None and not matches(settings.branches, event.ref_name):
        raise StepFailed(
            f'Branch "{event.ref_name}" is not allowed to deploy to {environment} due to environment protection rules.'
        )


def _state(leg: Leg, environment: str | None, settings: EnvironmentSettings | None) -> JobState:
    session = leg.frame.session
    request = session.request
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", leg.address).strip("-")[:60]
    folders = Folders.make(request.temp / f"{slug}-{uuid.uuid4().hex[:8]}", request.repository.name)
    folders.event.write_text(json.dumps(dict(request.event.payload)), encoding="utf-8")
    secrets = _secrets(leg, settings)
    fixed = {
        **job_context(leg, settings),
        "github": github_context(request, session.root, leg.job.id, folders, session.token),
        "runner": runner_context(folders),
        "secrets": secrets,
    }
    base = base_environment(request.environment, folders)
    base[TRACKING] = f"github_{uuid.uuid4()}"
    base.update(_grant(leg, environment))
    minutes = _minutes(leg, fixed)
    return JobState(
        leg,
        folders,
        base,
        fixed,
        _env(leg, fixed),
        deadline=time.monotonic() + minutes * request.patience.minute,
        overdue=f"The job running on runner ekswiz has exceeded the maximum execution time of {minutes:g} minutes.",
    )


def _secrets(leg: Leg, settings: EnvironmentSettings | None) -> dict[str, str]:
    """`secrets`, all masked from now on; nothing but the token for forks and Dependabot."""
    session = leg.frame.session
    made = dict(leg.frame.secrets)
    if settings is not None and not session.request.event.restricted:
        made.update(settings.secrets)
    made["GITHUB_TOKEN"] = session.token
    for secret in made.values():
        session.narrator.masker.add(secret)
    return made


def _grant(leg: Leg, environment: str | None) -> dict[str, str]:
    """Where the job gets its OIDC token; nothing without `id-token: write`, and never for forks."""
    session = leg.frame.session
    if leg.permissions.level("id-token") != "write" or session.request.event.restricted:
        return {}
    identity = JobIdentity(leg.job.id, environment, next(iter(session.files)), leg.frame.path, session.request.event)
    grant = session.request.oidc(identity)
    if grant is None:
        return {}
    session.narrator.masker.add(grant.token)
    return {"ACTIONS_ID_TOKEN_REQUEST_URL": grant.url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": grant.token}


def _env(leg: Leg, context: Mapping[str, Any]) -> dict[str, str]:
    workflow = {key: _text(leg, text, context) for key, text in leg.frame.workflow.env.items()}
    return {**workflow, **{key: _text(leg, text, context) for key, text in leg.job.env.items()}}


def _minutes(leg: Leg, context: Mapping[str, Any]) -> float:
    if leg.job.timeout is None:
        return DEFAULT_MINUTES
    minutes = to_number(_text(leg, leg.job.timeout, context))
    if not minutes > 0:
        raise StepFailed("`timeout-minutes` of the job must be a positive number.")
    return minutes


def _tolerated(state: JobState) -> bool:
    text = state.leg.job.continue_on_error
    if text is None:
        return False
    try:
        value = resolve(text.value, state.fixed)
    except ExpressionError:
        return False
    return value == "true" if isinstance(value, str) else truthy(value)


def _outputs(state: JobState) -> dict[str, str]:
    """The job's outputs. One that holds a secret is left out with a warning, as GitHub does."""
    leg, narrator = state.leg, state.session.narrator
    made: dict[str, str] = {}
    for name, text in leg.job.outputs.items():
        try:
            value = interpolate(text.value, state.context(state.env), hash_files=state.hash_files)
        except ExpressionError as error:
            message = narrator.masker.mask(str(template_error(leg.frame.path, text, error)))
            narrator.annotate(Annotation("error", message, leg.address, ""))
            state.status = "failure" if state.status == "success" else state.status
            continue
        if narrator.masker.hides(value):
            message = f"Skip output '{name}' since it may contain secret."
            narrator.annotate(Annotation("warning", message, leg.address, ""))
            narrator.tell("log", leg.address, f"##[warning]{message}", {"job": leg.address, "step": None})
        elif value:
            made[name] = value
    return made


def _url(state: JobState) -> str:
    environment = state.leg.job.environment
    if environment is None or environment.url is None:
        return ""
    try:
        return state.session.narrator.masker.mask(interpolate(environment.url.value, state.context(state.env)))
    except ExpressionError:
        return ""


def _run_post(state: JobState, post: Post) -> StepResult:
    """Run what an action left for the end; it runs whatever became of the job."""
    state.cancel_if_stopped()
    narrator, address = state.session.narrator, state.leg.address
    narrator.started(address, post.name, post.name)
    log = Log(narrator, address, post.name)
    reader = CommandReader(narrator.masker, address, post.name, log.write)
    begun = time.monotonic()
    limits, given_up = state.limits(post.name, None), threading.Event()
    call = replace(post.call, log=by_line(reader.line), stop=lambda: given_up.is_set() or limits.stopped())
    answer = in_thread(lambda: post.run(call), limits, given_up)
    outcome: Outcome = "success" if answer is None else "failure"
    error = ""
    if outcome == "failure":
        error = narrator.masker.mask(f"{post.name}: {answer}")
        reader.annotate("error", error)
        state.status = "failure" if state.status == "success" else state.status
    narrator.annotations.extend(reader.annotations)
    seconds = round(time.monotonic() - begun, 3)
    result = StepResult(post.name, None, outcome, outcome, seconds=seconds, error=error, log=log.close())
    narrator.step_finished(address, result)
    return result
