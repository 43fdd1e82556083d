"""The seams between the rooms of the world: small Protocols, so that each room can be built and tested alone.

One asyncio loop in one thread runs every server of a world. What blocks (moto, unpacking, processes) runs in threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from ekswiz.iam.decision import Decision

Door = Literal["aws", "sts", "eks", "registry", "kubernetes"]
NO_CONTEXT: Mapping[str, Sequence[str]] = {}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. `arn` is the caller's ARN (for a session, the assumed-role ARN).

    `unique_id` is IAM's id without session name (AIDA…, AROA…). `role_arn` is the IAM role behind a session.
    """

    arn: str
    account: str
    kind: Literal["user", "assumed-role", "root"]
    name: str
    unique_id: str
    role_arn: str | None = None
    session_name: str | None = None
    access_key: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """One kept decision: who asked for what at which door, the answer, and the request's condition keys."""

    seq: int
    at: float
    door: Door
    principal: str
    action: str
    resource: str
    decision: Decision
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)


class RefusedByGate(Exception):
    """A door stays shut. `code` and `status` are AWS's (e.g. AccessDenied, 403)."""

    def __init__(self, decision: Decision, code: str = "AccessDenied", status: int = 403, message: str = "") -> None:
        super().__init__(message or decision.why)
        self.decision = decision
        self.code = code
        self.status = status
        self.message = message or decision.why


class ServiceError(Exception):
    """What an AWS service answers when it will not: AWS's code, HTTP status and text."""

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members


class Stopped(Exception):
    """The stop came while something was being made; what there was of it is removed again."""


class Service(Protocol):
    """An AWS service behind the gate, in botocore's words. Called after the request was authorised."""

    def call(self, operation: str, params: Mapping[str, Any], principal: Principal) -> Mapping[str, Any]:
        """Answer e.g. ("CreateRepository", {"repositoryName": "x"}) with the members of botocore's output shape.

        `params` are the members of botocore's input shape (URI, query and body merged). Timestamps are epoch seconds.

        Raises:
            ServiceError: The service refuses.
        """
        ...

    def arns(self, operation: str, params: Mapping[str, Any]) -> Sequence[str]:
        """The resource ARNs that the operation is authorised on ("*" where it has none)."""
        ...

    def tags(self, arn: str) -> Mapping[str, str]:
        """Tags of an existing resource, for `aws:ResourceTag`; empty where it has none or is absent."""
        ...


class Gatekeeper(Protocol):
    """What other doors ask the gate. Every answer is recorded. Called from the world's loop; does not block."""

    def authorize(
        self,
        door: Door,
        principal: Principal,
        action: str,
        resource: str,
        context: Mapping[str, Sequence[str]] = NO_CONTEXT,
    ) -> Decision:
        """Judge one IAM action, e.g. ("registry", p, "ecr:PutImage", "arn:aws:ecr:…:repository/x")."""
        ...

    def eks_identity(self, token: str, cluster: str) -> Principal:
        """The principal behind a `k8s-aws-v1.` bearer token for this cluster.

        Raises:
            RefusedByGate: The token is malformed, its signature is wrong, it is for another cluster, or it expired.
        """
        ...

    def registry_identity(self, username: str, password: str) -> Principal:
        """The principal behind a registry login that `ecr:GetAuthorizationToken` handed out (user "AWS", 12 h).

        Raises:
            RefusedByGate: Unknown, altered or expired password.
        """
        ...

    def record(self, door: Door, principal: str, action: str, resource: str, decision: Decision) -> None:
        """Keep a decision that another door made by itself (access entry, RBAC)."""
        ...


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """An EKS access entry as the cluster's front needs it. `username` is already expanded except `{{SessionName}}`.

    `policies` are (policy ARN, namespaces) pairs; no namespaces means the whole cluster. `unique_id` is the role's or
    user's IAM id when the entry was made: another id behind the same ARN is a tombstone and answers 401.
    """

    principal_arn: str
    unique_id: str
    username: str
    groups: tuple[str, ...]
    policies: tuple[tuple[str, tuple[str, ...]], ...]


class AccessEntries(Protocol):
    """Where the EKS front finds access entries."""

    def find(self, cluster: str, principal_arn: str) -> AccessEntry | None:
        """The entry for an IAM role or user ARN; None if there is none or the cluster's mode is CONFIG_MAP."""
        ...


@dataclass(frozen=True, slots=True)
class ClusterEndpoint:
    """How a Kubernetes API is reached: https URL on loopback and the CA's certificate (PEM)."""

    url: str
    ca_pem: bytes


class KubernetesProvider(Protocol):
    """What makes Kubernetes clusters when EKS is asked for one. Coroutines run on the world's loop."""

    async def create(self, cluster: str) -> ClusterEndpoint:
        """Start a cluster with its front."""
        ...

    async def delete(self, cluster: str) -> None:
        """Stop it and remove all that it made."""
        ...


@dataclass(frozen=True, slots=True)
class PulledImage:
    """An image on a node's disk: its unpacked root and the OCI config's `config` object (Env, Cmd, …)."""

    digest: str
    root: Path
    config: Mapping[str, Any]


class PullError(Exception):
    """An image cannot be pulled; the text is what containerd would say in the Kubernetes event."""


class ImagePuller(Protocol):
    """Pulls as the node role, verifying every digest."""

    async def pull(self, reference: str) -> PulledImage:
        """Pull `host:port/name@sha256:…` or `:tag`; unpacked once per digest.

        Raises:
            PullError: Not found, denied, or a digest does not match.
        """
        ...


@dataclass(frozen=True, slots=True)
class Image:
    """An OCI image in memory or on disk, ready to push: the manifest's bytes and a blob file per digest.

    `skipped` are sentences on what the builder did not do (a RUN it skipped, a FROM it recorded).
    """

    manifest: bytes
    media_type: str
    digest: str
    blobs: Mapping[str, Path]
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """What a job with `id-token: write` finds in its environment: ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class ActionCall:
    """One `uses:` step, all expressions evaluated. `inputs` are its `with:`, names in lower case."""

    uses: str
    inputs: Mapping[str, str]
    env: Mapping[str, str]
    workspace: Path
    temp: Path
    log: Callable[[str], None]
    stop: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What the step leaves for later ones: outputs, GITHUB_ENV, GITHUB_PATH, masks, and its post step."""

    ok: bool
    outputs: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    post: Callable[[ActionCall], None] | None = None
    error: str = ""


Twin = Callable[[ActionCall], ActionResult]
"""Our own stand-in for a published action: same inputs, same outputs, same refusals. Runs in the runner's thread."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Where everything is, for those who act inside the world. All URLs are on loopback.

    `registry` is host:port. `ca_file` is the CA of the world's TLS servers.
    """

    account: str
    region: str
    aws_url: str
    registry: str
    github_url: str
    ca_file: Path
