"""What happened at GitHub: the event that starts a run, and the repository it happened in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_FROM_FORKS = frozenset({"pull_request", "pull_request_review", "pull_request_review_comment"})
_DEPENDABOT = "dependabot[bot]"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as GitHub's API names it: canonical casing, numeric ids as strings."""

    owner: str
    name: str
    id: str
    owner_id: str
    default_branch: str = "main"
    visibility: str = "private"

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class RunEvent:
    """An event and its run's numbers.

    `ref` is full: refs/heads/main, refs/tags/v1, refs/pull/7/merge. `action` is the activity type, e.g. "opened".
    `payload` is `github.event`. `inputs` belong to workflow_dispatch. `paths` are the changed files; None means that
    GitHub could not tell, and then path filters let the run through. `fork` says that a pull request's head lies in
    another repository.
    """

    name: str
    ref: str
    sha: str
    actor: str = "octocat"
    actor_id: str = "583231"
    action: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    head_ref: str = ""
    base_ref: str = ""
    fork: bool = False
    paths: tuple[str, ...] | None = None
    run_id: str = "1"
    run_number: str = "1"
    run_attempt: str = "1"

    @property
    def ref_type(self) -> str:
        """Either "branch" or "tag"."""
        return "tag" if self.ref.startswith("refs/tags/") else "branch"

    @property
    def ref_name(self) -> str:
        """The ref without refs/heads/, refs/tags/ or refs/pull/."""
        for prefix in ("refs/heads/", "refs/tags/", "refs/pull/"):
            if self.ref.startswith(prefix):
                return self.ref.removeprefix(prefix)
        return self.ref

    @property
    def restricted(self) -> bool:
        """Whether GitHub withholds secrets, variables, write permissions and `id-token`: forks and Dependabot."""
        return (self.fork and self.name in _FROM_FORKS) or self.actor == _DEPENDABOT


def push(branch: str, sha: str, repository: Repository, *, run_id: str = "1", actor: str = "octocat") -> RunEvent:
    """A push to a branch."""
    payload = {"ref": f"refs/heads/{branch}", "after": sha, "repository": _payload(repository), "forced": False}
    return RunEvent("push", f"refs/heads/{branch}", sha, actor=actor, payload=payload, run_id=run_id)


def push_tag(tag: str, sha: str, repository: Repository, *, run_id: str = "1", actor: str = "octocat") -> RunEvent:
    """A push of a tag."""
    payload = {"ref": f"refs/tags/{tag}", "after": sha, "repository": _payload(repository)}
    return RunEvent("push", f"refs/tags/{tag}", sha, actor=actor, payload=payload, run_id=run_id)


def dispatch(
    branch: str, sha: str, repository: Repository, inputs: Mapping[str, str] | None = None, *, run_id: str = "1"
) -> RunEvent:
    """A manual start on a branch."""
    given = dict(inputs or {})
    payload = {"ref": f"refs/heads/{branch}", "inputs": given, "repository": _payload(repository)}
    return RunEvent("workflow_dispatch", f"refs/heads/{branch}", sha, payload=payload, inputs=given, run_id=run_id)


def pull_request(
    number: int,
    head: str,
    base: str,
    sha: str,
    repository: Repository,
    *,
    fork: str = "",
    run_id: str = "1",
    actor: str = "octocat",
) -> RunEvent:
    """A pull request from branch `head` into `base`; `fork` is "owner/name" of the head's repository if another."""
    head_name = fork or repository.full_name
    payload = {
        "action": "opened",
        "number": number,
        "pull_request": {
            "number": number,
            "head": {"ref": head, "sha": sha, "repo": {"full_name": head_name, "fork": bool(fork)}},
            "base": {"ref": base, "repo": _payload(repository)},
        },
        "repository": _payload(repository),
    }
    return RunEvent(
        "pull_request",
        f"refs/pull/{number}/merge",
        sha,
        actor=actor,
        action="opened",
        payload=payload,
        head_ref=head,
        base_ref=base,
        fork=bool(fork),
        run_id=run_id,
    )


def _payload(repository: Repository) -> dict[str, Any]:
    return {
        "id": int(repository.id) if repository.id.isdigit() else repository.id,
        "name": repository.name,
        "full_name": repository.full_name,
        "default_branch": repository.default_branch,
        "private": repository.visibility == "private",
        "owner": {"login": repository.owner, "id": repository.owner_id},
    }
