"""Lint: who could make the workflow do what it should not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ekswiz.workflow.expressions import segments
from ekswiz.workflow.finding import Finding, Severity
from ekswiz.workflow.model import Job, Position, Step, Text, Workflow
from ekswiz.workflow.permissions import effective
from ekswiz.workflow.references import references

_PINNED = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_HARMLESS = frozenset({"number", "id", "sha", "before", "after", "action", "forced", "created_at", "updated_at"})
_OIDC_ACTION = "aws-actions/configure-aws-credentials"


def action_name(step: Step) -> str:
    """The action's name without its ref, in lower case; empty for a `run:` step."""
    return step.uses.value.partition("@")[0].lower() if step.uses is not None else ""


def has_id_token(workflow: Workflow, job: Job) -> bool:
    """Whether the job can ask for an OIDC token."""
    return effective(workflow.permissions, job.permissions).level("id-token") == "write"


def injections(workflow: Workflow) -> Iterator[Finding]:
    """`${{ }}` inside `run:` is pasted into the script before the shell reads it."""
    for _, step in workflow.steps():
        if step.run is None:
            continue
        for offset, path in references(step.run.value):
            severity = _danger(path)
            if severity is not None:
                name = _as_written(step.run.value, offset, path)
                yield Finding(
                    "script-injection" if severity == "error" else "secret-in-script",
                    severity,
                    step.run.position(offset),
                    f"`{name}` is pasted into the script before the shell reads it, so its value can run as code.",
                    f'Set it in `env:` (NAME: ${{{{ {name} }}}}) and read it as "$NAME".',
                )


def _as_written(script: str, offset: int, path: tuple[str, ...]) -> str:
    """The path in the file's own letters, where it is written with dots."""
    name = ".".join(path)
    written = script[offset : offset + len(name)]
    return written if written.lower() == name else name


def _danger(path: tuple[str, ...]) -> Severity | None:
    if path[0] == "secrets":
        return "warning"
    if path[0] == "inputs":
        return "error"
    if path[0] != "github":
        return None
    if path[1:2] == ("event",):
        return None if path[-1] in _HARMLESS else "error"
    return "error" if path[1:2] in (("head_ref",), ("ref_name",), ("actor",), ("triggering_actor",)) else None


def missing_id_token(workflow: Workflow) -> Iterator[Finding]:
    """Without `id-token: write` the job gets no OIDC token, and the action fails."""
    called_only = set(workflow.triggers) == {"workflow_call"}
    for job, step in workflow.steps():
        if action_name(step) != _OIDC_ACTION or "aws-access-key-id" in step.inputs or has_id_token(workflow, job):
            continue
        if called_only and job.permissions is None and workflow.permissions is None:
            continue  # the caller decides
        yield Finding(
            "missing-id-token",
            "error",
            step.at,
            f"Job `{job.id}` has no `id-token: write`, so GitHub gives it no OIDC token.",
            "Add `permissions: {id-token: write, contents: read}` to the job.",
        )


def unpinned_actions(workflow: Workflow) -> Iterator[Finding]:
    """A tag or branch can be moved to other code."""
    for _, step in workflow.steps():
        if step.uses is None:
            continue
        name, _, ref = step.uses.value.partition("@")
        if not _PINNED.fullmatch(ref):
            yield Finding(
                "unpinned-action",
                "warning",
                step.uses.position(len(name) + 1),
                f"`{name}` is used by the movable ref `{ref}`.",
                "Use the 40-digit commit id, with the version as a comment.",
            )


def broad_permissions(workflow: Workflow) -> Iterator[Finding]:
    """Jobs that hold more than they say, or say more than they need."""
    if workflow.permissions is None and any(job.permissions is None for job in workflow.jobs.values()):
        yield Finding(
            "implicit-permissions",
            "warning",
            Position(1, 1),
            "The workflow does not say its permissions, so the repository's default decides.",
            "Add `permissions: {}` at the top, and to each job what it needs.",
        )
    for permissions in (workflow.permissions, *(job.permissions for job in workflow.jobs.values())):
        if permissions is not None and permissions.every == "write":
            sentence = "`write-all` lets every step change everything in the repository."
            yield Finding("write-all", "error", permissions.at, sentence, "Name the scopes that the job needs.")


def untrusted_checkout(workflow: Workflow) -> Iterator[Finding]:
    """`pull_request_target` has secrets and tokens; a fork's code must not run there."""
    if "pull_request_target" not in workflow.triggers:
        return
    for _, step in workflow.steps():
        ref = step.inputs.get("ref")
        if action_name(step) == "actions/checkout" and ref is not None and "head" in ref.value:
            yield Finding(
                "untrusted-checkout",
                "error",
                ref.at,
                "`pull_request_target` checks out the pull request's code next to this repository's secrets.",
                "Use `pull_request`, or do not check out the head.",
            )


def kept_credentials(workflow: Workflow) -> Iterator[Finding]:
    """Checkout leaves the token in the workspace unless told otherwise."""
    for _, step in workflow.steps():
        keeps = step.inputs.get("persist-credentials", Text("true", step.at)).value != "false"
        if action_name(step) == "actions/checkout" and keeps:
            yield Finding(
                "persisted-credentials",
                "info",
                step.at,
                "The checkout leaves the job's token on the runner's disk, where every later step can read it.",
                "Add `with: {persist-credentials: false}`.",
            )


def always_true(workflow: Workflow) -> Iterator[Finding]:
    """A condition that mixes text and `${{ }}` is a string, and a string that is not empty is true."""
    conditions = [job.condition for job in workflow.jobs.values()]
    conditions += [step.condition for _, step in workflow.steps()]
    for text in conditions:
        if text is not None and "${{" in text.value and len(segments(text.value)) > 1:
            yield Finding(
                "if-always-true",
                "error",
                text.at,
                "This `if` is text around an expression, which is a string and always true.",
                "Write the whole condition without `${{ }}`.",
            )
