"""Reads all files of a run and refuses, before anything runs, what cannot be run: with path, line and column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ekswiz.errors import InputError
from ekswiz.workflow.expressions import interpolate
from ekswiz.workflow.model import Input, Job, Permissions, Position, Step, Text, Trigger, Workflow
from ekswiz.workflow.nodes import refusal
from ekswiz.workflow.parse import decode, parse
from ekswiz.workflow.patterns import BadPattern, compile_pattern
from ekswiz.workflow.permissions import effective, excess, read_only
from ekswiz.workflow.syntax import ExpressionError
from ekswiz.workflow.values import parse_number
from ekswiz_sim.runner.request import RunRequest
from ekswiz_sim.runner.shell import UnknownShell, shell_template
from ekswiz_sim.runner.work import action_key

MAX_LEVELS = 10
"""How deep workflows may call each other, the event's own included."""


def load(request: RunRequest) -> dict[str, Workflow]:
    """Every file of the run by its path in the repository; the event's own is first.

    Raises:
        InputError: A file is missing or malformed, or asks for what cannot be run.
    """
    files: dict[str, Workflow] = {}
    path = normal(request.workflow)
    root = _read(request, path, files)
    _check_calls(request, files, (path,), root, None)
    return files


def normal(path: str) -> str:
    """A workflow's path as GitHub writes it, without `./`."""
    return str(PurePosixPath(path))


def _read(request: RunRequest, path: str, files: dict[str, Workflow]) -> Workflow:
    if path in files:
        return files[path]
    root = request.checkout.resolve()
    file = Path(request.checkout, path).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise InputError(path, "There is no such workflow file in the repository.")
    workflow = parse(decode(file.read_bytes(), path), path)
    _check_patterns(workflow)
    for job in workflow.jobs.values():
        _check_runner(workflow, job)
    for _, step in workflow.steps():
        _check_step(workflow, step, request)
    for text in (workflow.defaults.shell, *(job.defaults.shell for job in workflow.jobs.values())):
        _check_shell(workflow, text)
    files[path] = workflow
    return workflow


def _check_patterns(workflow: Workflow) -> None:
    for trigger in workflow.triggers.values():
        for found in trigger.filters.values():
            for text in found.patterns:
                try:
                    compile_pattern(text.value.removeprefix("!"))
                except BadPattern as error:
                    raise refusal(workflow.path, text.at, str(error)) from None


def _check_runner(workflow: Workflow, job: Job) -> None:
    for label in job.runs_on:
        if label.value.lower().startswith("windows"):
            raise refusal(workflow.path, label.at, f"The runner '{label.value}' is Windows: a rehearsal has none.")


def _check_step(workflow: Workflow, step: Step, request: RunRequest) -> None:
    _check_shell(workflow, step.shell)
    if step.uses is None:
        return
    name = step.uses.value.partition("@")[0]
    if action_key(name, request.actions) not in request.actions:
        known = ", ".join(sorted(request.actions)) or "none"
        detail = f"The action '{name}' has no twin, so a rehearsal cannot run it."
        raise refusal(workflow.path, step.uses.at, detail, f"Known: {known}. Its own code: --actions-dir.")


def _check_shell(workflow: Workflow, text: Text | None) -> None:
    if text is None or "${{" in text.value:
        return
    try:
        shell_template(text.value)
    except UnknownShell as error:
        raise refusal(workflow.path, text.at, str(error)) from None


def _check_calls(
    request: RunRequest,
    files: dict[str, Workflow],
    chain: tuple[str, ...],
    workflow: Workflow,
    caller: Permissions | None,
) -> None:
    """Follow the calls of a file's jobs; permissions can only shrink on the way."""
    for job in workflow.jobs.values():
        if job.uses is None:
            continue
        at = job.uses.at
        called_path = normal(job.uses.value)
        if called_path in chain:
            raise refusal(workflow.path, at, f"The workflow calls itself: {' -> '.join([*chain, called_path])}.")
        if len(chain) >= MAX_LEVELS:
            raise refusal(workflow.path, at, f"Workflows call each other more than {MAX_LEVELS} levels deep.")
        called = _called(request, files, workflow, job, called_path)
        granted = effective(workflow.permissions, job.permissions, caller=caller)
        _check_excess(request, workflow, job, called, granted)
        _check_calls(request, files, (*chain, called_path), called, granted)


def _called(
    request: RunRequest, files: dict[str, Workflow], workflow: Workflow, job: Job, called_path: str
) -> Workflow:
    assert job.uses is not None
    if not Path(request.checkout, called_path).is_file():
        raise refusal(workflow.path, job.uses.at, f"workflow was not found: {called_path}.")
    called = _read(request, called_path, files)
    trigger = called.triggers.get("workflow_call")
    if trigger is None:
        detail = f"{called_path} cannot be called: its `on` does not name workflow_call."
        raise refusal(workflow.path, job.uses.at, detail)
    _check_inputs(workflow, job, trigger)
    _check_secrets(workflow, job, trigger)
    return called


def _check_inputs(workflow: Workflow, job: Job, trigger: Trigger) -> None:
    known = {name.lower(): given for name, given in trigger.inputs.items()}
    given = {name.lower() for name in job.inputs}
    for name, text in job.inputs.items():
        if name.lower() not in known:
            detail = f"Invalid input, {name} is not defined in the referenced workflow."
            raise refusal(workflow.path, text.at, detail)
    for name, wanted in known.items():
        if wanted.required and name not in given:
            raise refusal(workflow.path, job.at, f"Input {wanted.name} is required, but not provided while calling.")


def _check_secrets(workflow: Workflow, job: Job, trigger: Trigger) -> None:
    if isinstance(job.secrets, str):
        return
    known = {name.lower() for name in trigger.secrets}
    given = {name.lower() for name in job.secrets}
    for name, text in job.secrets.items():
        if name.lower() not in known:
            detail = f"Invalid secret, {name} is not defined in the referenced workflow."
            raise refusal(workflow.path, text.at, detail)
    for name, required in trigger.secrets.items():
        if required and name.lower() not in given:
            raise refusal(workflow.path, job.at, f"Secret {name} is required, but not provided while calling.")


def _check_excess(request: RunRequest, workflow: Workflow, job: Job, called: Workflow, granted: Permissions) -> None:
    """GitHub does not start a run whose called workflow asks for more than its caller has."""
    if request.event.restricted:
        granted = read_only(granted)
    for inner in called.jobs.values():
        found = excess(inner.permissions or called.permissions, granted)
        if found is not None and not request.event.restricted:
            scope, asked, allowed = found
            assert job.uses is not None
            raise refusal(
                workflow.path,
                job.uses.at,
                f"Error calling workflow '{normal(job.uses.value)}'. The nested job '{inner.id}' is requesting "
                f"'{scope}: {asked}', but is only allowed '{scope}: {allowed}'.",
                "Give the calling job that permission.",
            )


def dispatch_inputs(workflow: Workflow, given: Mapping[str, str]) -> dict[str, Any]:
    """The `inputs` context of a manual start: typed, with defaults.

    Raises:
        InputError: An input that is unknown, missing, or not one of its options.
    """
    trigger = workflow.triggers.get("workflow_dispatch")
    declared = trigger.inputs if trigger is not None else {}
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise InputError("inputs", f"Unexpected inputs provided: {unknown}.")
    return {name: _dispatch_input(workflow, wanted, given.get(name)) for name, wanted in declared.items()}


def _dispatch_input(workflow: Workflow, wanted: Input, given: str | None) -> Any:
    if given is None:
        if wanted.required and wanted.default is None:
            raise refusal(workflow.path, wanted.at, f"Required input '{wanted.name}' not provided.")
        given = wanted.default.text.value if wanted.default is not None else ""
    if wanted.type == "choice" and wanted.options and given and given not in wanted.options:
        detail = f"Provided value '{given}' for input '{wanted.name}' not in the list of allowed values."
        raise refusal(workflow.path, wanted.at, detail)
    return typed(wanted, given, workflow.path, wanted.at)


def typed(wanted: Input, given: Any, path: str, at: Position) -> Any:
    """A value as the input's type.

    Raises:
        InputError: It is no boolean or no number.
    """
    if wanted.type == "boolean":
        if given in (True, False, "true", "false", ""):
            return given in (True, "true")
        raise refusal(path, at, f"Input '{wanted.name}' must be a boolean, not '{given}'.")
    if wanted.type == "number":
        number = parse_number(given) if isinstance(given, str) else float(given)
        if number != number:  # noqa: PLR0124 - NaN is no number
            raise refusal(path, at, f"Input '{wanted.name}' must be a number, not '{given}'.")
        return number
    return given


def default_value(wanted: Input, context: Mapping[str, Any], path: str) -> Any:
    """The value of a called workflow's input that its caller does not give.

    Raises:
        InputError: Its default cannot be evaluated.
    """
    if wanted.default is None:
        return {"boolean": False, "number": 0.0}.get(wanted.type, "")
    try:
        return typed(wanted, interpolate(wanted.default.text.value, context), path, wanted.at)
    except ExpressionError as error:
        raise refusal(path, wanted.at, error.message) from None
