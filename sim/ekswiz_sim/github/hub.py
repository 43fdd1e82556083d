"""One repository at GitHub: who mints its jobs' tokens, and with which claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ekswiz.answers import Answers
from ekswiz.paths import WORKFLOW_PATH
from ekswiz_sim.github import events
from ekswiz_sim.github.issuer import Issuer, Key
from ekswiz_sim.seams import Grant

if TYPE_CHECKING:
    from ekswiz_sim.runner.request import JobIdentity


@dataclass(frozen=True, slots=True)
class GitHub:
    """The repository of a rehearsal and its issuer."""

    issuer: Issuer
    repository: events.Repository
    branch: str

    def mint(self, claims: Mapping[str, Any], *, audience: str, key: Key, lifetime: int) -> str:
        """A token with these claims; those that are not given are an ordinary push's."""
        push = events.push(self.branch, str(claims.get("sha", "0" * 40)), self.repository)
        usual = events.claims(self.repository, push, workflow_path=WORKFLOW_PATH)
        return self.issuer.mint({**usual, **claims}, audience, key, lifetime)

    def grant(self, job: JobIdentity) -> Grant:
        """What a job with `id-token: write` gets: its own claims, whatever its steps say."""
        claims = events.claims(
            self.repository,
            job.event,
            workflow_path=job.workflow_path,
            job_workflow_path=job.job_workflow_path,
            environment=job.environment,
        )
        return self.issuer.grant(claims)


def make(answers: Answers) -> GitHub:
    """GitHub as it knows the answers' repository."""
    repository = events.Repository(
        owner=answers.owner,
        name=answers.repo,
        id=answers.repo_id,
        owner_id=answers.owner_id,
        default_branch=answers.branch,
        subject=answers.subject,
    )
    return GitHub(Issuer(f"https://{answers.issuer}"), repository, answers.branch)
