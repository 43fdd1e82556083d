"""What a job of a run is to GitHub's token issuer: the claims of its OIDC token.

The surprising thing: with an environment, `sub` no longer tells a branch from a pull request; `ref` still does.
Source: https://docs.github.com/en/actions/reference/security/oidc
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Literal

from ekswiz_sim.runner import event as runs
from ekswiz_sim.runner.event import RunEvent, dispatch, pull_request, push, push_tag

__all__ = [
    "Repository",
    "RunEvent",
    "case_variant",
    "claims",
    "dispatch",
    "fork_pull_request",
    "look_alike_owner",
    "other_repository",
    "pull_request",
    "pull_request_target",
    "push",
    "push_tag",
    "subject",
]

OTHER_ID = "987650001"
OTHER_OWNER_ID = "987650002"


@dataclass(frozen=True, slots=True)
class Repository(runs.Repository):
    """A repository with the form of its `sub` claim. `created_at` is ISO 8601, as the REST API writes it."""

    subject: Literal["immutable", "classic"] = "immutable"
    created_at: str = ""

    @property
    def created(self) -> str:
        """When it was created: as given, else a day that fits the form of its subject."""
        return self.created_at or ("2026-08-01T09:00:00Z" if self.subject == "immutable" else "2024-02-01T09:00:00Z")

    @property
    def subject_prefix(self) -> str:
        """`sub` up to its context."""
        if self.subject == "classic":
            return f"repo:{self.owner}/{self.name}"
        return f"repo:{self.owner}@{self.owner_id}/{self.name}@{self.id}"


def other_repository(repository: Repository) -> Repository:
    """Another repository of the same owner."""
    return replace(repository, name=f"{repository.name}-other", id=OTHER_ID)


def look_alike_owner(repository: Repository) -> Repository:
    """The same name under an owner whose name starts with the right one."""
    return replace(repository, owner=f"{repository.owner}-evil", owner_id=OTHER_OWNER_ID, id=OTHER_ID)


def case_variant(repository: Repository) -> Repository:
    """The same names in other case. GitHub mints canonical casing only: such a token is forged."""
    return replace(repository, owner=repository.owner.swapcase(), name=repository.name.swapcase())


def fork_pull_request(
    number: int, head: str, base: str, sha: str, repository: Repository, *, by: str = "mallory", run_id: str = "1"
) -> RunEvent:
    """A pull request from a fork: GitHub hands its jobs no token, whatever their `permissions` say."""
    fork = f"{by}/{repository.name}"
    return pull_request(number, head, base, sha, repository, fork=fork, run_id=run_id, actor=by)


def pull_request_target(
    number: int, head: str, base: str, sha: str, repository: Repository, *, fork: str = "", run_id: str = "1"
) -> RunEvent:
    """A pull request whose run has the rights of the base branch: its ref and token are the base branch's."""
    opened = pull_request(number, head, base, sha, repository, fork=fork, run_id=run_id)
    return replace(opened, name="pull_request_target", ref=f"refs/heads/{base}")


def subject(repository: Repository, event: RunEvent, environment: str | None = None) -> str:
    """The `sub` claim: environment before pull request before ref; a colon in a name is written `%3A`."""
    return f"{repository.subject_prefix}:{_context(event, environment)}"


def claims(
    repository: Repository,
    event: RunEvent,
    *,
    workflow_path: str,
    job_workflow_path: str = "",
    environment: str | None = None,
    workflow: str = "Deploy to EKS",
) -> dict[str, Any]:
    """All claims of a job's token except those that the issuer adds (iss, aud, iat, nbf, exp, jti).

    `workflow_path` is the file that the event started, `job_workflow_path` the one that holds the job (the same if
    empty). GitHub leaves `enterprise` out where there is none, and writes numbers and booleans as strings.
    """
    job_path = job_workflow_path or workflow_path
    found = {
        "sub": subject(repository, event, environment),
        **_about_repository(repository),
        **_about_run(event),
        "workflow": workflow,
        "workflow_ref": f"{repository.full_name}/{workflow_path}@{event.ref}",
        "workflow_sha": event.sha,
        "job_workflow_ref": f"{repository.full_name}/{job_path}@{event.ref}",
        "job_workflow_sha": event.sha,
        "runner_environment": "github-hosted",
        "check_run_id": _number(f"{event.run_id}/{job_path}/{environment}"),
    }
    return found | ({"environment": environment} if environment else {})


def _context(event: RunEvent, environment: str | None) -> str:
    if environment:
        return f"environment:{_escaped(environment)}"
    if event.name == "pull_request":
        return "pull_request"
    return f"ref:{_escaped(event.ref)}"


def _about_repository(repository: Repository) -> dict[str, str]:
    return {
        "repository": repository.full_name,
        "repository_id": repository.id,
        "repository_owner": repository.owner,
        "repository_owner_id": repository.owner_id,
        "repository_visibility": repository.visibility,
    }


def _about_run(event: RunEvent) -> dict[str, str]:
    return {
        "actor": event.actor,
        "actor_id": event.actor_id,
        "event_name": event.name,
        "ref": event.ref,
        "ref_type": event.ref_type,
        "ref_protected": "false",
        "sha": event.sha,
        "base_ref": event.base_ref,
        "head_ref": event.head_ref,
        "run_id": event.run_id,
        "run_number": event.run_number,
        "run_attempt": event.run_attempt,
    }


def _escaped(name: str) -> str:
    # GitHub escapes nothing else, not even "%": "a:b" and "a%3Ab" have one subject.
    return name.replace(":", "%3A")


def _number(of: str) -> str:
    return str(int.from_bytes(hashlib.sha256(of.encode()).digest()[:4], "big"))
