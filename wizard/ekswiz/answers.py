"""What the user told us: `ekswiz.toml`.

Every value that reaches a policy, a workflow file or a command line passes `validate` first: a field that could be read
as a pattern, an expression or an option somewhere further down is refused here, with its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args

from ekswiz.errors import InputError
from ekswiz.fields.machines import ARM
from ekswiz.fields.networks import NETWORKS, breach_of_networks
from ekswiz.fields.regions import regions
from ekswiz.fields.rules import NUMBERS, RULES
from ekswiz.paths import CHECK_WORKFLOW_PATH, DEPLOY_WORKFLOW_PATH, WORKFLOW_PATH, workflow_path

SHOWN = 80
"""Longest value that a message repeats."""

Subject = Literal["immutable", "classic"]
Compute = Literal["nodegroup", "auto"]
Expose = Literal["inside", "internal", "public"]
Rights = Literal["group", "edit"]
Platform = Literal["amd64", "arm64"]
Framework = Literal["none", "fastapi", "flask", "django", "node", "go", "static"]
GitHub = Literal["files", "api", "pull_request"]
LATEST = "latest"
"""The newest Kubernetes version in standard support."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "subject": get_args(Subject),
    "compute": get_args(Compute),
    "expose": get_args(Expose),
    "rights": get_args(Rights),
    "platform": get_args(Platform),
    "framework": get_args(Framework),
    "github": get_args(GitHub),
}
FLAGS = frozenset(
    {
        *("create_cluster", "deletion_protection", "migrate_access", "operator_access"),
        *("provenance", "path_filter", "oidc_check", "dependabot"),
    }
)
"""Answers that are true or false."""

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

    With `create_cluster` the cluster and its network are made, too: `kubernetes_version` is `latest` (the newest in
    standard support) or a minor version; `compute` is a managed node group of `node_type` (`node_min` to `node_max`
    nodes) or EKS Auto Mode; `endpoint_cidrs` (comma separated) may reach the public API endpoint.
    `migrate_access` consents to the one-way switch of an existing cluster from CONFIG_MAP to access entries,
    `operator_access` to a temporary access entry for whoever applies. `expose` is how the service is reached. `rights`
    are those of the deploy role in the namespace: a group with a Role of ours, or AWS's edit policy. `boundary` is the
    ARN of a permissions boundary for both roles; empty for none.

    The rest is about the generated files. `platform` is what the image is built for, on a runner of that kind.
    `provenance` has BuildKit attest how it was built. `path_filter` starts a run only where something of the service
    changed; `folder` is the service's place in a repository of several. `test_command` runs first, in a job without
    credentials; empty for none. `framework` writes a Dockerfile where there is none, which starts `app_entry` (empty
    for the usual one). `oidc_check` adds a workflow that compares the token's claims with what the roles ask for,
    `dependabot` an entry that keeps actions and base image fresh. `deploy_runner` is the label of the runner that the
    deploy job asks for: one of the user's own where GitHub's do not reach the cluster.

    `github` says what is done at GitHub itself: nothing, since the files go into the checkout ("files"); environment,
    variables and the form of `sub` are set up through its API ("api"); that, and the files come as a pull request
    instead of into the checkout ("pull_request").
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
    create_cluster: bool = False
    kubernetes_version: str = LATEST
    compute: Compute = "nodegroup"
    node_type: str = "t3.medium"
    node_min: int = 2
    node_max: int = 6
    endpoint_cidrs: str = "0.0.0.0/0"
    vpc_cidr: str = "192.168.0.0/16"
    zones: int = 2
    deletion_protection: bool = True
    migrate_access: bool = False
    operator_access: bool = False
    expose: Expose = "inside"
    rights: Rights = "group"
    boundary: str = ""
    platform: Platform = "amd64"
    provenance: bool = False
    path_filter: bool = False
    folder: str = "."
    test_command: str = ""
    framework: Framework = "none"
    app_entry: str = ""
    oidc_check: bool = False
    dependabot: bool = False
    deploy_runner: str = "ubuntu-latest"
    github: GitHub = "files"

    @property
    def push_role(self) -> str:
        """Name of the role that the build job assumes."""
        return f"ekswiz-{self.stack}-push"

    @property
    def deploy_role(self) -> str:
        """Name of the role that the deploy job assumes."""
        return f"ekswiz-{self.stack}-deploy"

    @property
    def workflow(self) -> str:
        """Path of the workflow that a push to the branch starts."""
        return workflow_path(WORKFLOW_PATH, self.stack, self.folder)

    @property
    def deploy_workflow(self) -> str:
        """Path of the workflow that holds the deploy job: the same one, or without an environment one of its own."""
        usual = WORKFLOW_PATH if self.environment else DEPLOY_WORKFLOW_PATH
        return workflow_path(usual, self.stack, self.folder)

    @property
    def check_workflow(self) -> str:
        """Path of the workflow that shows the token's claims."""
        return workflow_path(CHECK_WORKFLOW_PATH, self.stack, self.folder)

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
    if answers.node_min > answers.node_max:
        said = f"{answers.node_min} is more than node_max, {answers.node_max}."
        raise InputError("node_min", said, "Make it smaller, or raise `node_max`.")
    _check_platform(answers)
    return answers


def check_field(name: str, value: object) -> None:
    """Check one answer by itself, e.g. while it is typed.

    Raises:
        InputError: The value cannot be used.
    """
    if name in NUMBERS:
        return _check_number(name, value)
    if name in FLAGS:
        return _check_flag(name, value)
    if name == "environment" and value is None:
        return None
    if not isinstance(value, str):
        raise InputError(name, f"is {value!r}, a {type(value).__name__}, and must be a string.", "Put it in quotes.")
    if name in ("region", "partition") or name in CHOICES:
        return _check_choice(name, value)
    breach = breach_of_networks(name, value) if name in NETWORKS else RULES[name].breach(value)
    if breach:
        raise InputError(name, f"{shown(value)} {breach}.", f"Change `{name}`.")
    return None


def shown(value: str) -> str:
    """A value as it can be shown in a message: quoted, escaped, shortened."""
    return ascii(value if len(value) <= SHOWN else value[: SHOWN - 3] + "...")


def _check_number(name: str, value: object) -> None:
    low, high, why, remedy = NUMBERS[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(name, f"is {value!r} and must be a number.", f"Write it without quotes, e.g. {name} = {low}.")
    if not low <= value <= high:
        raise InputError(name, f"{value} must be from {low} to {high}: {why}.", remedy)


def _check_flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise InputError(name, f"is {value!r} and must be true or false.", f"Write {name} = true or {name} = false.")


def _check_choice(name: str, value: str) -> None:
    """Fields with a known set of values; the refusal names the closest ones."""
    known = {"region": sorted(regions()), "partition": sorted(set(regions().values())), **CHOICES}
    if value in known[name]:
        return
    from difflib import get_close_matches  # only a refusal needs it

    close = get_close_matches(value, known[name], n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"Known are {', '.join(known[name][:5])}, ..."
    if name == "region":
        hint += " A newer region needs a newer botocore."
    raise InputError(name, f"{shown(value)} is not known.", hint)


def _check_platform(answers: Answers) -> None:
    """An image for one processor does not start on nodes with another: `exec format error`."""
    if not answers.create_cluster or answers.compute != "nodegroup":
        return
    nodes: Platform = "arm64" if ARM.fullmatch(answers.node_type) else "amd64"
    if nodes != answers.platform:
        said = f"{answers.platform} images do not start on {answers.node_type}, which is {nodes}."
        raise InputError("platform", said, f"Say {nodes}, or choose another node type.")


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
