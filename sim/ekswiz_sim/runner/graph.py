"""The jobs of a file in the order of their needs: conditions, matrices, and workflows that jobs call.

The surprising thing: a job's `success()` looks at all its ancestors, not just at its needs. A job behind a skipped
one is skipped, too, even where the job between them ran.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ekswiz.errors import InputError
from ekswiz.workflow.expressions import Status, condition, interpolate, resolve
from ekswiz.workflow.model import Job
from ekswiz.workflow.permissions import effective, read_only
from ekswiz.workflow.syntax import ExpressionError
from ekswiz.workflow.values import to_number, truthy
from ekswiz_sim.runner.job import job_context, run_leg
from ekswiz_sim.runner.matrix import expand, leg_name
from ekswiz_sim.runner.prepare import default_value, normal, typed
from ekswiz_sim.runner.request import Annotation, JobResult, Outcome
from ekswiz_sim.runner.state import Frame, Leg, StepFailed, template_error


def run_frame(frame: Frame, results: dict[str, JobResult]) -> dict[str, JobResult]:
    """Run all jobs of a file. Gives them by id; `results` gets everything by address."""
    own: dict[str, JobResult] = {}
    for job in _ordered(frame.workflow.jobs):
        result = _run_job(frame, job, own, results)
        own[job.id.lower()] = result
        results[frame.prefix + job.id] = result
    return {job.id: own[job.id.lower()] for job in frame.workflow.jobs.values()}


def _ordered(jobs: Mapping[str, Job]) -> Iterator[Job]:
    """Each job after its needs, else in the file's order. The parser has refused cycles."""
    waiting = list(jobs.values())
    done: set[str] = set()
    while waiting:
        job = next(job for job in waiting if all(need.lower() in done for need in job.needs))
        waiting.remove(job)
        done.add(job.id.lower())
        yield job


def _ancestors(jobs: Mapping[str, Job], job: Job) -> set[str]:
    by_id = {name.lower(): found for name, found in jobs.items()}
    found: set[str] = set()
    waiting = [need.lower() for need in job.needs]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(need.lower() for need in by_id[name].needs)
    return found


def _leg(frame: Frame, job: Job, done: Mapping[str, JobResult]) -> Leg:
    permissions = effective(frame.workflow.permissions, job.permissions, caller=frame.caller)
    if frame.session.request.event.restricted:
        permissions = read_only(permissions)
    needs = {
        need: {"result": done[need.lower()].result, "outputs": dict(done[need.lower()].outputs)} for need in job.needs
    }
    strategy = {"fail-fast": True, "job-index": 0.0, "job-total": 1.0, "max-parallel": 1.0}
    return Leg(frame, job, frame.prefix + job.id, permissions, needs, {}, strategy)


def _run_job(frame: Frame, job: Job, done: Mapping[str, JobResult], results: dict[str, JobResult]) -> JobResult:
    leg = _leg(frame, job, done)
    narrator = frame.session.narrator
    try:
        if not _wanted(leg, done):
            narrator.finished(leg.address, "skipped", 0.0)
            return JobResult(job.id, "skipped")
        legs = _legs(leg)
    except StepFailed as failed:
        return _failed(leg, str(failed))
    if len(legs) == 1 and not legs[0].matrix:
        return _run_one(leg, results)
    return _run_legs(leg, legs, results)


def _failed(leg: Leg, error: str) -> JobResult:
    """A job that fails before it has a machine."""
    narrator = leg.frame.session.narrator
    error = narrator.masker.mask(error)
    narrator.annotate(Annotation("error", error, leg.address, ""))
    narrator.finished(leg.address, "failure", 0.0, error)
    return JobResult(leg.job.id, "failure", error=error)


def _wanted(leg: Leg, done: Mapping[str, JobResult]) -> bool:
    before = [done[name].result for name in _ancestors(leg.frame.workflow.jobs, leg.job)]
    stopped = leg.frame.session.stopped()
    status = Status(
        success=not stopped and all(result == "success" for result in before),
        failure=not stopped and "failure" in before,
        cancelled=stopped,
    )
    text = leg.job.condition
    try:
        return condition(text.value if text else "", job_context(leg), status)
    except ExpressionError as error:
        raise template_error(leg.frame.path, text or leg.job.at, error) from None


def _legs(leg: Leg) -> list[Leg]:
    strategy = leg.job.strategy
    if strategy is None or strategy.matrix is None:
        return [leg]
    try:
        context = job_context(leg)
        values = expand(strategy.matrix, context)
        fast = strategy.fail_fast is None or _true(resolve(strategy.fail_fast.value, context))
        most = to_number(resolve(strategy.max_parallel.value, context)) if strategy.max_parallel else len(values)
    except ExpressionError as error:
        raise template_error(leg.frame.path, strategy.at, error) from None
    total = float(len(values))
    made = []
    for index, value in enumerate(values):
        facts = {"fail-fast": fast, "job-index": float(index), "job-total": total, "max-parallel": float(most)}
        made.append(replace(leg, address=leg_name(leg.address, value), matrix=value, strategy=facts))
    return made


def _true(value: Any) -> bool:
    return value == "true" if isinstance(value, str) else truthy(value)


def _run_legs(leg: Leg, legs: list[Leg], results: dict[str, JobResult]) -> JobResult:
    """Run a matrix one leg after the other; after a failure `fail-fast` cancels the rest. The last output wins."""
    ended: list[JobResult] = []
    for one in legs:
        if one.strategy["fail-fast"] and any(result.result == "failure" for result in ended):
            leg.frame.session.narrator.finished(one.address, "cancelled", 0.0, "Another leg of the matrix failed.")
            result = JobResult(one.job.id, "cancelled", error="Another leg of the matrix failed.")
        else:
            result = _run_one(one, results)
        results[one.address] = result
        ended.append(result)
    outputs = {name: value for result in ended for name, value in result.outputs.items()}
    steps = tuple(step for result in ended for step in result.steps)
    error = next((result.error for result in ended if result.result == "failure"), "")
    return JobResult(leg.job.id, _together(ended), outputs, steps, ended[-1].environment, ended[-1].url, error)


def _together(results: list[JobResult]) -> Outcome:
    """One outcome for several jobs: failure outweighs cancelled, and skipped is only what is skipped altogether."""
    found = {result.result for result in results}
    for outcome in ("failure", "cancelled", "success"):
        if outcome in found:
            return outcome
    return "skipped"


def _run_one(leg: Leg, results: dict[str, JobResult]) -> JobResult:
    return run_leg(leg) if leg.job.uses is None else _call(leg, results)


def _call(leg: Leg, results: dict[str, JobResult]) -> JobResult:
    """Run a called workflow's jobs as one job of the caller."""
    assert leg.job.uses is not None
    session = leg.frame.session
    path = normal(leg.job.uses.value)
    called = session.files[path]
    try:
        inputs, secrets = _inputs(leg), _secrets(leg)
    except InputError as failed:
        return _failed(leg, str(failed))
    frame = Frame(session, path, called, f"{leg.address} / ", inputs, secrets, leg.permissions)
    ended = run_frame(frame, results)
    jobs = {name: {"result": result.result, "outputs": dict(result.outputs)} for name, result in ended.items()}
    context = {**job_context(leg), "inputs": inputs, "jobs": jobs}
    outputs = {}
    for name, text in called.triggers["workflow_call"].outputs.items():
        try:
            outputs[name] = interpolate(text.value, context)
        except ExpressionError as failed:
            return _failed(leg, str(template_error(path, text, failed)))
    error = next((result.error for result in ended.values() if result.result == "failure"), "")
    return JobResult(leg.job.id, _together(list(ended.values())), outputs, error=error)


def _inputs(leg: Leg) -> dict[str, Any]:
    assert leg.job.uses is not None
    context = job_context(leg)
    path = normal(leg.job.uses.value)
    trigger = leg.frame.session.files[path].triggers["workflow_call"]
    given = {name.lower(): text for name, text in leg.job.inputs.items()}
    made = {}
    for name, wanted in trigger.inputs.items():
        text = given.get(name.lower())
        if text is None:
            made[name] = default_value(wanted, context, path)
        else:
            made[name] = typed(wanted, resolve(text.value, context), leg.frame.path, text.at)
    return made


def _secrets(leg: Leg) -> dict[str, str]:
    if isinstance(leg.job.secrets, str):
        return dict(leg.frame.secrets)
    context = {**job_context(leg), "secrets": {**leg.frame.secrets, "GITHUB_TOKEN": leg.frame.session.token}}
    return {name: interpolate(text.value, context) for name, text in leg.job.secrets.items()}
