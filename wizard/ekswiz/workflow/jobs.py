"""Reads `jobs:`: jobs, their graph, and their strategies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ekswiz.workflow import availability as at_place
from ekswiz.workflow.model import (
    Concurrency,
    Defaults,
    DeploymentEnvironment,
    Fields,
    Items,
    Job,
    Node,
    Scalar,
    Strategy,
    Text,
)
from ekswiz.workflow.permissions import read_permissions
from ekswiz.workflow.reader import Reader
from ekswiz.workflow.steps import read_steps

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,98}", re.ASCII)

_COMMON = frozenset({"name", "needs", "if", "permissions", "concurrency", "strategy"})
_STEPS_JOB = _COMMON | {
    "runs-on",
    "environment",
    "outputs",
    "env",
    "defaults",
    "steps",
    "timeout-minutes",
    "continue-on-error",
}
_CALL_JOB = _COMMON | {"uses", "with", "secrets"}
_UNSUPPORTED: Mapping[str, str] = {
    "services": "a rehearsal runs no service containers.",
    "container": "a rehearsal runs steps on this machine, not in a container.",
    "snapshot": "a rehearsal makes no runner images.",
}
_CALLED = re.compile(r"\./\.github/workflows/[^/@\s]+\.ya?ml", re.ASCII)


def read_jobs(reader: Reader, node: Node) -> dict[str, Job]:
    """All jobs by id.

    Raises:
        InputError: A key, value or dependency that does not hold.
    """
    if not isinstance(node, Fields) or not node.entries:
        raise reader.fail(node.at, "`jobs` must be a mapping with at least one job.")
    jobs = {}
    for key, value in node.entries:
        if not IDENTIFIER.fullmatch(key.value):
            raise reader.fail(
                key.at,
                f"The identifier '{key.value}' is invalid. IDs may only contain alphanumeric characters, '_', and '-'. "
                "IDs must start with a letter or '_' and must be less than 100 characters.",
            )
        jobs[key.value] = _job(reader, key, value)
    _check_graph(reader, jobs)
    return jobs


def _job(reader: Reader, key: Text, node: Node) -> Job:
    calls = isinstance(node, Fields) and node.get("uses") is not None
    fields = reader.fields(node, f"job `{key.value}`", _CALL_JOB if calls else _STEPS_JOB, _UNSUPPORTED)
    made = _call_parts(reader, key, fields) if calls else _steps_parts(reader, key, fields)
    environment = fields.get("environment")
    return Job(
        id=key.value,
        at=key.at,
        name=reader.optional(fields, "name", at_place.JOB),
        needs=tuple(text.value for text in reader.texts(fields["needs"], "`needs`")) if "needs" in fields else (),
        condition=reader.condition(fields, at_place.JOB_IF),
        permissions=read_permissions(reader, fields.get("permissions")),
        environment=_environment(reader, environment) if environment is not None else None,
        concurrency=read_concurrency(reader, fields.get("concurrency"), at_place.JOB),
        strategy=_strategy(reader, fields.get("strategy")),
        runs_on=made.runs_on,
        outputs=made.outputs,
        env=made.env,
        defaults=made.defaults,
        steps=made.steps,
        timeout=made.timeout,
        continue_on_error=made.continue_on_error,
        uses=made.uses,
        inputs=made.inputs,
        secrets=made.secrets,
    )


def _steps_parts(reader: Reader, key: Text, fields: Mapping[str, Node]) -> Job:
    """What only a job with steps of its own has."""
    for required in ("runs-on", "steps"):
        if required not in fields:
            raise reader.fail(key.at, f"Required property is missing: {required} (of job `{key.value}`).")
    timeout = reader.optional(fields, "timeout-minutes", at_place.JOB)
    tolerant = reader.optional(fields, "continue-on-error", at_place.JOB)
    return Job(
        key.value,
        key.at,
        runs_on=_runs_on(reader, fields["runs-on"]),
        outputs=reader.mapping(fields["outputs"], "`outputs`", at_place.JOB_OUTPUT) if "outputs" in fields else {},
        env=reader.mapping(fields["env"], "`env`", at_place.JOB_ENV) if "env" in fields else {},
        defaults=read_defaults(reader, fields.get("defaults"), at_place.JOB_DEFAULTS),
        steps=read_steps(reader, fields["steps"]),
        timeout=reader.number(timeout, "timeout-minutes"),
        continue_on_error=reader.boolean(tolerant, "continue-on-error"),
    )


def _call_parts(reader: Reader, key: Text, fields: Mapping[str, Node]) -> Job:
    """What only a job that calls a reusable workflow has."""
    uses = reader.text(fields["uses"], "`uses`")
    if not _CALLED.fullmatch(uses.value):
        raise reader.fail(
            uses.at,
            f"The workflow '{uses.value}' cannot be called here.",
            "A rehearsal calls workflows of this repository: ./.github/workflows/NAME.yml.",
        )
    secrets: dict[str, Text] = {}
    inherit = False
    if "secrets" in fields:
        node = fields["secrets"]
        inherit = isinstance(node, Scalar) and node.value == "inherit"
        secrets = {} if inherit else reader.mapping(node, "`secrets`", at_place.JOB_SECRET)
    return Job(
        key.value,
        key.at,
        uses=uses,
        inputs=reader.mapping(fields["with"], "`with`", at_place.JOB) if "with" in fields else {},
        secrets="inherit" if inherit else secrets,
    )


def _runs_on(reader: Reader, node: Node) -> tuple[Text, ...]:
    if not isinstance(node, Fields):
        labels = reader.texts(node, "`runs-on`", at_place.JOB)
    else:
        fields = reader.fields(node, "`runs-on`", frozenset({"group", "labels"}))
        labels = tuple(text for value in fields.values() for text in reader.texts(value, "`runs-on`", at_place.JOB))
    if not labels or not all(label.value for label in labels):
        raise reader.fail(node.at, "`runs-on` names no runner.")
    return labels


def _environment(reader: Reader, node: Node) -> DeploymentEnvironment:
    if isinstance(node, Scalar):
        return DeploymentEnvironment(reader.text(node, "`environment`", at_place.JOB), None, node.at)
    fields = reader.fields(node, "`environment`", frozenset({"name", "url"}))
    if "name" not in fields:
        raise reader.fail(node.at, "Required property is missing: name (of `environment`).")
    name = reader.text(fields["name"], "`name`", at_place.JOB)
    return DeploymentEnvironment(name, reader.optional(fields, "url", at_place.ENVIRONMENT_URL), node.at)


def read_concurrency(reader: Reader, node: Node | None, place: at_place.Place) -> Concurrency | None:
    """`concurrency:` of a workflow or a job."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        return Concurrency(reader.text(node, "`concurrency`", place), None, node.at)
    fields = reader.fields(node, "`concurrency`", frozenset({"group", "cancel-in-progress"}))
    if "group" not in fields:
        raise reader.fail(node.at, "Required property is missing: group (of `concurrency`).")
    cancel = reader.boolean(reader.optional(fields, "cancel-in-progress", place), "cancel-in-progress")
    return Concurrency(reader.text(fields["group"], "`group`", place), cancel, node.at)


def read_defaults(reader: Reader, node: Node | None, place: at_place.Place | None) -> Defaults:
    """`defaults.run` of a workflow or a job."""
    if node is None:
        return Defaults()
    run = reader.fields(node, "`defaults`", frozenset({"run"})).get("run")
    if run is None:
        return Defaults()
    fields = reader.fields(run, "`defaults.run`", frozenset({"shell", "working-directory"}))
    shell = reader.optional(fields, "shell", place)
    return Defaults(shell, reader.optional(fields, "working-directory", place))


def _strategy(reader: Reader, node: Node | None) -> Strategy | None:
    if node is None:
        return None
    fields = reader.fields(node, "`strategy`", frozenset({"matrix", "fail-fast", "max-parallel"}))
    place = at_place.JOB_STRATEGY
    matrix = fields.get("matrix")
    if matrix is not None:
        _check_matrix(reader, matrix)
    fast = reader.boolean(reader.optional(fields, "fail-fast", place), "fail-fast")
    parallel = reader.number(reader.optional(fields, "max-parallel", place), "max-parallel")
    return Strategy(matrix, fast, parallel, node.at)


def _check_matrix(reader: Reader, node: Node) -> None:
    if isinstance(node, Items) or (isinstance(node, Scalar) and "${{" not in node.text.value):
        raise reader.fail(node.at, "`matrix` must be a mapping of lists, or an expression that gives one.")
    if isinstance(node, Fields):
        for key, value in node.entries:
            listed = isinstance(value, Items) or (isinstance(value, Scalar) and "${{" in value.text.value)
            if not listed:
                raise reader.fail(value.at, f"`{key.value}` in `matrix` must be a list.")
    for leaf in _leaves(node):
        reader.check(leaf.text, at_place.JOB_STRATEGY)


def _leaves(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
        return
    children = node.items if isinstance(node, Items) else tuple(value for _, value in node.entries)
    for child in children:
        yield from _leaves(child)


def _check_graph(reader: Reader, jobs: Mapping[str, Job]) -> None:
    known = {name.lower(): name for name in jobs}
    for job in jobs.values():
        for need in job.needs:
            if need.lower() not in known:
                raise reader.fail(job.at, f"Job '{job.id}' depends on unknown job '{need}'.")
    done: set[str] = set()
    waiting = dict(jobs)
    while waiting:
        ready = [name for name, job in waiting.items() if all(need.lower() in done for need in job.needs)]
        if not ready:
            name, job = next(iter(waiting.items()))
            need = next(need for need in job.needs if need.lower() not in done)
            raise reader.fail(
                job.at, f"Job '{name}' depends on job '{need}' which creates a cycle in the dependency graph."
            )
        done.update(name.lower() for name in ready)
        for name in ready:
            del waiting[name]
