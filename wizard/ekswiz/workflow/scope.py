"""Lint: names that are read where they do not exist.

Shell variables, steps, needs and outputs all turn out empty then, and the step stays green.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ekswiz.workflow.expressions import segments
from ekswiz.workflow.finding import Finding
from ekswiz.workflow.model import Job, Step, Text, Workflow
from ekswiz.workflow.references import references
from ekswiz.workflow.shellscan import scan

_SHELL = frozenset(
    {
        "HOME",
        "PATH",
        "PWD",
        "OLDPWD",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TERM",
        "TMPDIR",
        "HOSTNAME",
        "CI",
        "IFS",
        "RANDOM",
        "SRANDOM",
        "SECONDS",
        "LINENO",
        "FUNCNAME",
        "PIPESTATUS",
        "UID",
        "EUID",
        "PPID",
        "OSTYPE",
        "HOSTTYPE",
        "MACHTYPE",
        "REPLY",
        "OPTARG",
        "OPTIND",
        "OPTERR",
        "COLUMNS",
        "LINES",
        "EPOCHSECONDS",
        "EPOCHREALTIME",
        "DIRSTACK",
        "SHLVL",
        "GROUPS",
        "SHELLOPTS",
        "ImageOS",
        "ImageVersion",
        "AGENT_TOOLSDIRECTORY",
        "CONDA",
        "NVM_DIR",
        "PIPX_HOME",
        "PIPX_BIN_DIR",
        "DEBIAN_FRONTEND",
        "_",
    }
)
_PREFIXES = ("GITHUB_", "RUNNER_", "ACTIONS_", "BASH", "LC_", "XDG_", "JAVA_HOME", "GOROOT", "ANDROID_", "DOTNET_")
_AWS = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_EXPORTS: Mapping[str, tuple[str, ...]] = {
    "aws-actions/configure-aws-credentials": _AWS,
    "actions/setup-python": ("pythonLocation", "Python_ROOT_DIR", "Python2_ROOT_DIR", "Python3_ROOT_DIR"),
}
_KNOWN_OWNERS = ("actions/", "aws-actions/", "docker/")
_WRITTEN = re.compile(r"([A-Za-z_]\w*)(?:=|<<)", re.ASCII)


def undefined_variables(workflow: Workflow) -> Iterator[Finding]:
    """Variables that a `run:` reads and nobody sets: not the step, the job, the workflow, or an earlier step."""
    for job in workflow.jobs.values():
        known = {*workflow.env, *job.env}
        opaque = False
        for step in job.steps:
            if step.run is not None and not opaque and _is_bash(workflow, job, step):
                yield from _in_step(job, step, step.run, known)
            opaque = _leave(step, known) or opaque


def _is_bash(workflow: Workflow, job: Job, step: Step) -> bool:
    shell = next((text for text in (step.shell, job.defaults.shell, workflow.defaults.shell) if text), None)
    return shell is None or shell.value.split(" ")[0] in ("bash", "sh")


def _in_step(job: Job, step: Step, run: Text, known: set[str]) -> Iterator[Finding]:
    found = scan(_without_expressions(run.value))
    if found.opaque:
        return
    reported: set[str] = set()
    for use in found.uses:
        ours = use.name in known or use.name in step.env or use.name in found.defines
        if use.guarded or ours or use.name in _SHELL or use.name.startswith(_PREFIXES) or use.name in reported:
            continue
        reported.add(use.name)
        elsewhere = _where_else(job, step, use.name)
        yield Finding(
            "undefined-variable",
            "error",
            run.position(use.offset),
            f"${use.name} is not defined in this step, so it is empty{elsewhere}.",
            f"Add {use.name} to this step's `env:`, or to the job's if several steps need it.",
        )


def _where_else(job: Job, step: Step, name: str) -> str:
    for other in job.steps:
        if other is not step and name in other.env:
            return f" (it is set only in the step at line {other.at.line})"
    return ""


def _without_expressions(script: str) -> str:
    """The script with each `${{ }}` blanked out, so that offsets stay."""
    made = list(script)
    for piece in segments(script):
        if piece.expression:
            start, end = piece.offset - 3, piece.offset + len(piece.text) + 2
            made[start:end] = "x" * (end - start)
    return "".join(made)


def _leave(step: Step, known: set[str]) -> bool:
    """Add what a step leaves for later ones; True if that cannot be told."""
    if step.uses is not None:
        action = step.uses.value.partition("@")[0].lower()
        known.update(_EXPORTS.get(action, ()))
        return not action.startswith(_KNOWN_OWNERS)
    assert step.run is not None
    if "GITHUB_ENV" not in step.run.value:
        return False
    names = {name for line in step.run.value.splitlines() for name in _WRITTEN.findall(line)}
    known.update(names)
    return not names


def unknown_references(workflow: Workflow) -> Iterator[Finding]:
    """`needs.x` and `steps.x` that do not exist there: null, hence empty."""
    for job in workflow.jobs.values():
        for text in _job_texts(job):
            yield from _needs(workflow, job, text)
        seen: set[str] = set()
        for step in job.steps:
            for text in _step_texts(step):
                yield from _needs(workflow, job, text)
                yield from _steps(step, text, seen)
            if step.id is not None:
                seen.add(step.id.lower())
        for text in job.outputs.values():
            yield from _steps(None, text, seen)


def _job_texts(job: Job) -> Iterator[Text]:
    yield from (text for text in (job.name, job.timeout, *job.runs_on) if text is not None)
    if job.condition is not None:
        yield _as_template(job.condition)
    if job.environment is not None:
        yield job.environment.name
    yield from (*job.env.values(), *job.outputs.values(), *job.inputs.values())


def _step_texts(step: Step) -> Iterator[Text]:
    yield from (text for text in (step.name, step.run, step.working_directory, step.timeout) if text is not None)
    if step.condition is not None:
        yield _as_template(step.condition)
    yield from (*step.env.values(), *step.inputs.values())


def _as_template(text: Text) -> Text:
    """A bare condition with its braces; columns are off by their width, so the scalar's begin is named."""
    if "${{" in text.value:
        return text
    return Text("${{" + text.value + "}}", text.at, shift=text.shift - 3)


def _needs(workflow: Workflow, job: Job, text: Text) -> Iterator[Finding]:
    needs = {need.lower() for need in job.needs}
    jobs = {name.lower(): found for name, found in workflow.jobs.items()}
    for offset, path in references(text.value):
        if path[0] != "needs" or len(path) < 2 or path[1] == "*":  # noqa: PLR2004 - needs.x
            continue
        at = text.position(offset)
        if path[1] not in needs:
            sentence = f"`needs.{path[1]}` is empty: job `{job.id}` does not name {path[1]} in its `needs`."
            yield Finding("unknown-need", "error", at, sentence, f"Add {path[1]} to the job's `needs`.")
            continue
        other = jobs.get(path[1])
        named = path[3] if len(path) > 3 and path[2] == "outputs" else None  # noqa: PLR2004 - needs.x.outputs.y
        if other is not None and other.uses is None and named not in (None, "*", *map(str.lower, other.outputs)):
            sentence = f"Job `{other.id}` has no output `{named}`, so this is empty."
            yield Finding("unknown-output", "error", at, sentence, f"Declare it under `outputs` of job `{other.id}`.")


def _steps(step: Step | None, text: Text, seen: set[str]) -> Iterator[Finding]:
    for offset, path in references(text.value):
        if path[0] == "steps" and len(path) > 1 and path[1] != "*" and path[1] not in seen:
            where = "before this one" if step is not None else "in this job"
            sentence = f"`steps.{path[1]}` is empty: no step {where} has that id."
            yield Finding("unknown-step", "error", text.position(offset), sentence, "Give the step that `id`.")
