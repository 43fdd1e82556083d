"""What the user told us: `ekswiz.toml`.

Every value that reaches a policy, a workflow file or a command line passes `validate` first: a field that could be read
as a pattern, an expression or an option somewhere further down is refused here, with its name.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Literal, get_args

from ekswiz.errors import InputError
from ekswiz.fields.regions import regions
from ekswiz.fields.rules import MAX_PORT, RULES, UNPRIVILEGED_PORT

SHOWN = 80
"""Longest value that a message repeats."""

Subject = Literal["immutable", "classic"]

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
    subject: Subject = "immutable"
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
    def ref(self) -> str:
        """The git ref that may deploy, as GitHub writes it in the `ref` claim."""
        return f"refs/heads/{self.branch}"

    @property
    def repository(self) -> str:
        """`OWNER/REPO`, as GitHub writes it in the `repository` claim."""
        return f"{self.owner}/{self.repo}"

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


def validate(answers: Answers) -> Answers:
    """The answers themselves, if every field can be used.

    Raises:
        InputError: A field cannot be used: which, why, and what to do. The first one found, in the order of the fields.
    """
    for field in fields(answers):
        check_field(field.name, getattr(answers, field.name))
    _check_region(answers)
    return answers


def check_field(name: str, value: object) -> None:
    """Check one answer by itself, e.g. while it is typed.

    Raises:
        InputError: The value cannot be used.
    """
    if name == "port":
        return _check_port(value)
    if name == "environment" and value is None:
        return None
    if not isinstance(value, str):
        raise InputError(name, f"is {value!r}, a {type(value).__name__}, and must be a string.", "Put it in quotes.")
    if name in ("region", "partition", "subject"):
        return _check_choice(name, value)
    breach = RULES[name].breach(value)
    if breach:
        raise InputError(name, f"{shown(value)} {breach}.", f"Change `{name}`.")
    return None


def shown(value: str) -> str:
    """A value as it can be shown in a message: quoted, escaped, shortened."""
    return ascii(value if len(value) <= SHOWN else value[: SHOWN - 3] + "...")


def _check_port(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError("port", f"is {value!r} and must be a number.", "Write it without quotes, e.g. port = 8000.")
    if not UNPRIVILEGED_PORT <= value <= MAX_PORT:
        raise InputError(
            "port",
            f"{value} must be from {UNPRIVILEGED_PORT} to {MAX_PORT}: the container does not run as root.",
            "Let the service listen on 8000 and say port = 8000.",
        )


def _check_choice(name: str, value: str) -> None:
    """Fields with a known set of values; the refusal names the closest ones."""
    known = {"region": sorted(regions()), "partition": sorted(set(regions().values())), "subject": get_args(Subject)}
    if value in known[name]:
        return
    close = get_close_matches(value, known[name], n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"Known are {', '.join(known[name][:5])}, ..."
    if name == "region":
        hint += " A newer region needs a newer botocore."
    raise InputError(name, f"{shown(value)} is not known.", hint)


def _check_region(answers: Answers) -> None:
    """The region belongs to the partition, and the partition's STS knows the claims that the trust policies ask for."""
    partition = regions()[answers.region]
    if partition != answers.partition:
        raise InputError(
            "partition", f"{answers.region} is in {partition}, not in {answers.partition}.", f"Say {partition}."
        )
    if partition != "aws":
        raise InputError(
            "region",
            f"{answers.region} is in {partition}, whose STS is not known to check repository_id and job_workflow_ref; "
            "a role that asked for them could never be assumed, and one that did not would be too open.",
            "Choose a region of the commercial partition.",
        )
