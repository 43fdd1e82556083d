"""Lint: what makes a deployment to AWS fail, hang or lie."""

from __future__ import annotations

from collections.abc import Iterator

from ekswiz.workflow.finding import Expectations, Finding
from ekswiz.workflow.model import Job, Workflow
from ekswiz.workflow.patterns import BadPattern, matches
from ekswiz.workflow.references import references
from ekswiz.workflow.security import action_name, has_id_token

_CONFIGURE = "aws-actions/configure-aws-credentials"


def branch_filters(workflow: Workflow, expected: Expectations) -> Iterator[Finding]:
    """Pushes that start the workflow although their token will be denied, or that do not although they should."""
    push = workflow.triggers.get("push")
    if push is None or not any(has_id_token(workflow, job) for job in workflow.jobs.values()):
        return
    wanted, ignored = push.filters.get("branches"), push.filters.get("branches-ignore")
    if wanted is None and ignored is None and "tags" not in push.filters:
        sentence = "Every push to any branch or tag starts this workflow, though the roles trust one branch."
        yield Finding("any-branch", "warning", push.at, sentence, "Add `branches: [main]` to `push`.")
    if expected.branch is None:
        return
    try:
        passes = wanted is None or matches([text.value for text in wanted.patterns], expected.branch)
        passes = passes and not (ignored and matches([text.value for text in ignored.patterns], expected.branch))
    except BadPattern as error:
        yield Finding("bad-pattern", "error", push.at, str(error), "Correct the pattern.")
        return
    if not passes:
        sentence = f"A push to {expected.branch}, which the roles trust, does not start this workflow."
        yield Finding("branch-not-started", "error", push.at, sentence, f"Add {expected.branch} to `branches`.")


def dispatch_anywhere(workflow: Workflow) -> Iterator[Finding]:
    """A manual start on another branch is denied by AWS only after a long row of retries."""
    dispatch = workflow.triggers.get("workflow_dispatch")
    if dispatch is None:
        return
    for job in workflow.jobs.values():
        guarded = job.condition is not None and "github.ref" in job.condition.value.lower()
        if has_id_token(workflow, job) and _asks_aws(job) and not guarded and not job.needs:
            yield Finding(
                "dispatch-any-branch",
                "warning",
                dispatch.at,
                f"Job `{job.id}` can be started by hand on any branch; AWS then denies it, which looks like a hang.",
                "Add `if: github.ref == 'refs/heads/main'` to the job.",
            )


def _asks_aws(job: Job) -> bool:
    """Whether the job goes to AWS with its token, as far as can be told: a called workflow may."""
    steps = (step.run is not None and "assume-role-with-web-identity" in step.run.value for step in job.steps)
    return job.uses is not None or any(steps) or any(action_name(step) == _CONFIGURE for step in job.steps)


def environments(workflow: Workflow, expected: Expectations) -> Iterator[Finding]:
    """A job's environment is part of its token's subject: it must be what the role trusts."""
    for name, environment in expected.environments.items():
        job = workflow.jobs.get(name)
        if job is None:
            sentence = f"There is no job `{name}`, which a role is made for."
            yield Finding("missing-job", "error", workflow.jobs[next(iter(workflow.jobs))].at, sentence, "Add it.")
            continue
        got = job.environment.name.value if job.environment else None
        if got != environment:
            at = job.environment.at if job.environment else job.at
            fix = f"Set `environment: {environment}`." if environment else "Remove `environment`."
            sentence = f"Job `{name}` has {_named(got)}, but its role trusts {_named(environment)}."
            yield Finding("wrong-environment", "error", at, sentence, fix)


def _named(environment: str | None) -> str:
    return f"environment {environment}" if environment else "no environment"


def masked_region(workflow: Workflow) -> Iterator[Finding]:
    """A region kept as a secret is masked in the registry's host name; outputs that hold it are dropped."""
    for _, step in workflow.steps():
        region = step.inputs.get("aws-region")
        if action_name(step) == _CONFIGURE and region is not None and _reads(region.value, "secrets"):
            yield Finding(
                "secret-region",
                "warning",
                region.at,
                "The region is a secret, so it is masked in the registry's name, and outputs that hold it are dropped.",
                "Keep it as a variable: ${{ vars.AWS_REGION }}.",
            )


def _reads(template: str, context: str) -> bool:
    return any(path[0] == context for _, path in references(template))


def constant_session(workflow: Workflow) -> Iterator[Finding]:
    """With one session name for all runs CloudTrail cannot tell them apart."""
    for _, step in workflow.steps():
        name = step.inputs.get("role-session-name")
        if action_name(step) == _CONFIGURE and name is not None and "${{" not in name.value:
            yield Finding(
                "constant-session-name",
                "info",
                name.at,
                "Every run has the same session name, so CloudTrail and the audit log cannot tell them apart.",
                "Use gha-${{ github.run_id }}-${{ github.run_attempt }}.",
            )


def unwatched_rollout(workflow: Workflow) -> Iterator[Finding]:
    """`kubectl apply` returns before anything runs: without a look at the rollout a crash loop is green."""
    for job in workflow.jobs.values():
        scripts = [step for step in job.steps if step.run is not None]
        applied = next((step for step in scripts if step.run and "kubectl apply" in step.run.value), None)
        watched = any(step.run and "rollout status" in step.run.value for step in scripts)
        if applied is not None and not watched:
            yield Finding(
                "no-rollout-status",
                "warning",
                applied.at,
                "`kubectl apply` does not wait: the job is green even if the new pods crash.",
                "Add `kubectl rollout status deployment/NAME --timeout=…`.",
            )


def unbounded(workflow: Workflow) -> Iterator[Finding]:
    """Deployments that overlap, and jobs that hang for six hours."""
    deploys = [job for job in workflow.jobs.values() if has_id_token(workflow, job)]
    if deploys and workflow.concurrency is None and not any(job.concurrency for job in deploys):
        sentence = "Two runs can deploy at the same time, and the older one may win."
        yield Finding("no-concurrency", "info", deploys[0].at, sentence, "Add `concurrency: {group: deploy}`.")
    for job in deploys:
        if job.timeout is None and job.uses is None:
            yield _no_timeout(job)


def _no_timeout(job: Job) -> Finding:
    sentence = f"Job `{job.id}` may hang for six hours, which is GitHub's default."
    return Finding("no-timeout", "info", job.at, sentence, "Add `timeout-minutes`.")
