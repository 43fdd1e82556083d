"""What the user told us: `ekswiz.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ISSUER = "token.actions.githubusercontent.com"
"""Host of GitHub's OIDC issuer for github.com, as IAM writes it in ARNs and condition keys."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that a plan depends on, validated. Twelve-digit numbers and ids are strings.

    `subject` is the form of GitHub's `sub` claim for this repository: "immutable" (`repo:O@OID/R@RID:...`, for
    repositories created, renamed or transferred after 2026-07-15) or "classic" (`repo:O/R:...`).
    `environment` is the deploy job's GitHub environment; None means that the deploy job lives in a reusable workflow
    file of its own. `context`, `dockerfile` and `manifests` are paths inside the repository. `workload` is the name of
    the Deployment (and of its Service); its first container takes the image.
    """

    stack: str
    account: str
    region: str
    owner: str
    repo: str
    owner_id: str
    repo_id: str
    branch: str
    cluster: str
    namespace: str
    ecr_repository: str
    workload: str
    environment: str | None = "production"
    subject: Literal["immutable", "classic"] = "immutable"
    partition: str = "aws"
    issuer: str = ISSUER
    context: str = "."
    dockerfile: str = "Dockerfile"
    manifests: str = "manifests"
    port: int = 8000

    @property
    def push_role(self) -> str:
        """Name of the role that the build job assumes."""
        return f"ekswiz-{self.stack}-push"

    @property
    def deploy_role(self) -> str:
        """Name of the role that the deploy job assumes."""
        return f"ekswiz-{self.stack}-deploy"

    @property
    def kubernetes_group(self) -> str:
        """The Kubernetes group that the deploy role's access entry carries and the RoleBinding names."""
        return f"ekswiz:{self.stack}:deployers"

    @property
    def subject_prefix(self) -> str:
        """`sub` up to the context, in this repository's own form."""
        return self.subject_prefixes[0]

    @property
    def subject_prefixes(self) -> tuple[str, ...]:
        """All exact prefixes to trust: a classic repository may move to the immutable form at any time."""
        immutable = f"repo:{self.owner}@{self.owner_id}/{self.repo}@{self.repo_id}"
        return (immutable,) if self.subject == "immutable" else (f"repo:{self.owner}/{self.repo}", immutable)
