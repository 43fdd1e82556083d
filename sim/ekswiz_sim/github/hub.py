"""One repository at GitHub: who mints its jobs' tokens, and with which claims."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from ekswiz.answers import Answers
from ekswiz_sim.github import events
from ekswiz_sim.github.issuer import Issuer, Key
from ekswiz_sim.github.state import RepositoryState
from ekswiz_sim.seams import Grant

if TYPE_CHECKING:
    from ekswiz_sim.runner.request import EnvironmentSettings, JobIdentity


@dataclass(frozen=True, slots=True)
class GitHub:
    """The repository of a rehearsal and its issuer."""

    issuer: Issuer
    repository: events.Repository
    branch: str
    state: RepositoryState
    """What the REST API reads and changes."""
    workflow: str
    """The file that an ordinary push starts."""
    token: str = field(default="", repr=False)
    """What the REST API takes as a sign-in."""

    def mint(self, claims: Mapping[str, Any], *, audience: str, key: Key, lifetime: int) -> str:
        """A token with these claims; those that are not given are an ordinary push's."""
        push = events.push(self.branch, str(claims.get("sha", "0" * 40)), self.repository)
        usual = events.claims(self.repository, push, workflow_path=self.workflow)
        return self.issuer.mint({**usual, **claims}, audience, key, lifetime)

    def grant(self, job: JobIdentity) -> Grant:
        """What a job with `id-token: write` gets: its own claims, whatever its steps say."""
        form: Literal["immutable", "classic"] = "immutable" if self.state.immutable else "classic"
        claims = events.claims(
            replace(self.repository, subject=form),
            job.event,
            workflow_path=job.workflow_path,
            job_workflow_path=job.job_workflow_path,
            environment=job.environment,
        )
        return self.issuer.grant(claims if self.state.use_default else self._customized(claims))

    def environments(self) -> dict[str, EnvironmentSettings]:
        """What jobs of each environment are held to; one that nobody has made lets every job in, as at GitHub."""
        from ekswiz_sim.runner.request import EnvironmentSettings  # the runner is loaded to run

        return {
            found.name: EnvironmentSettings(
                branches=self.state.admitted(found),
                variables={name: one.value for name, one in found.variables.items()},
            )
            for found in self.state.environments.values()
        }

    def variables(self) -> dict[str, str]:
        """The repository's variables, which workflows read as `vars`."""
        return {name: one.value for name, one in self.state.variables.items()}

    def _customized(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Claims whose `sub` is made of the keys that the repository's customization names, in their order."""
        context = str(claims["sub"]).partition(f"/{self.repository.name}")[2].partition(":")[2]
        parts = {"repo": f"repo:{self.repository.full_name}", "context": context}
        chosen = [parts.get(key, f"{key}:{claims.get(key, '')}") for key in self.state.claims]
        return {**claims, "sub": ":".join(chosen)}


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
    state = RepositoryState(repository, answers.branch)
    issuer = Issuer(f"https://{answers.issuer}")
    return GitHub(issuer, repository, answers.branch, state, answers.workflow, secrets.token_hex(20))
