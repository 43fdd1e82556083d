"""The gate: the one door to the emulated AWS, and the other doors' adviser.

Every request is verified, attributed to a principal, judged by the policies in force and recorded, before any service
sees it. What is not known here is refused by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from ekswiz.iam.decision import Decision
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.aws.snapshot import snapshot
from ekswiz_sim.aws.webtoken import IssuerKeys
from ekswiz_sim.clock import SimClock
from ekswiz_sim.gate.calls import Calls
from ekswiz_sim.gate.checks import Check
from ekswiz_sim.gate.eks_token import LIFE, presigned
from ekswiz_sim.gate.faults import Faults
from ekswiz_sim.gate.keys import AccessKey, Credentials
from ekswiz_sim.gate.parts import assemble
from ekswiz_sim.gate.policies import Policies
from ekswiz_sim.gate.seeds import Seeds
from ekswiz_sim.gate.sigv4 import BadSignature, check_signature, check_time, claim
from ekswiz_sim.gate.staleness import Staleness
from ekswiz_sim.seams import NO_CONTEXT, Door, Principal, Record, RefusedByGate, Service

if TYPE_CHECKING:
    from aiohttp import web


class KnowsPasswords(Protocol):
    """The service that hands out registry passwords."""

    def identity(self, username: str, password: str) -> Principal:
        """The principal behind a login.

        Raises:
            RefusedByGate: Unknown, altered or expired.
        """
        ...


class Gate:
    """Implements `Gatekeeper` and serves AWS on one port.

    Args:
        account: Twelve digits, unique among the worlds of this process.
        region: The world's only region; another one in a credential scope is refused.
        backend: The account's IAM and EC2.
        services: "eks" and "ecr"; may be filled after the gate was made.
        issuer_keys: The JWKS of an OIDC issuer's URL; None if the issuer cannot be reached.
        clock: Epoch seconds. Signatures and tokens are made with real time.
    """

    def __init__(  # noqa: PLR0917 - the order is the contract of the world's rooms
        self,
        account: str,
        region: str,
        backend: MotoBackend,
        services: Mapping[str, Service],
        issuer_keys: IssuerKeys,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.account = account
        self.region = region
        self.public_url = ""
        self.faults = Faults()
        self._clock = clock
        self._parts = assemble(backend, services, issuer_keys, clock)
        self.staleness = Staleness()
        self._calls = Calls(self._parts, clock, region, self.faults, self.staleness)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="gate")
        self._passwords: KnowsPasswords | None = None
        self.seeds = Seeds(self._parts)

    # ---- the door

    def app(self) -> web.Application:
        """The aiohttp application that speaks AWS. Call it on the world's loop."""
        from ekswiz_sim.gate.door import application  # aiohttp is heavy

        return application(self._calls.answer, self._worker)

    def close(self) -> None:
        """Stop the worker and forget the account's state."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._parts.backend.reset()

    @property
    def root_key(self) -> AccessKey:
        """The account root user's key pair: for the world itself, to plant what exists beforehand."""
        return self._parts.keys.root

    # ---- Gatekeeper

    def authorize(
        self,
        door: Door,
        principal: Principal,
        action: str,
        resource: str,
        context: Mapping[str, Sequence[str]] = NO_CONTEXT,
    ) -> Decision:
        """Judge one IAM action of another door."""
        check = self._parts.judge.tagged(Check(action, resource, context))
        return self._parts.judge.decide(door, principal, check, {"aws:SecureTransport": ["true"]})

    def eks_identity(self, token: str, cluster: str) -> Principal:
        """The principal behind an EKS bearer token.

        Raises:
            RefusedByGate: 401, with the reason for the record; clients of Kubernetes only learn "Unauthorized".
        """
        resource = f"arn:{self._parts.backend.partition}:eks:{self.region}:{self.account}:cluster/{cluster}"
        try:
            principal = self._token_principal(token, cluster)
        except BadSignature as bad:
            decision = Decision(False, "signature", None, None, (), (), bad.message)
            self.record("eks", "anonymous", "sts:GetCallerIdentity", resource, decision)
            raise RefusedByGate(decision, "Unauthorized", 401, bad.message) from None
        decision = Decision(True, "signature", None, None, (), (), f"The token is {principal.arn}'s for {cluster}.")
        self.record("eks", principal.arn, "sts:GetCallerIdentity", resource, decision)
        return principal

    def _token_principal(self, token: str, cluster: str) -> Principal:
        held = presigned(token, cluster, self.public_url)
        made = claim(held.request)
        if (made.service, made.region) != ("sts", self.region):
            raise BadSignature("signature", "The pre-signed URL is not for this region's STS.")
        now = self._clock()
        key = self._parts.keys.find(made.access_key, made.token, now)
        check_time(made, now, life=LIFE)
        check_signature(held.request, made, key.secret)
        return key.principal

    def know_time(self, clock: SimClock) -> None:
        """Tell EC2 what its statuses take their time by; until then they are reached at once."""
        self._parts.ec2.clock = clock

    def know_passwords(self, service: KnowsPasswords) -> None:
        """Tell the gate who knows the registry's passwords (the ECR service)."""
        self._passwords = service

    def registry_identity(self, username: str, password: str) -> Principal:
        """The principal behind a registry login.

        Raises:
            RefusedByGate: Another user than "AWS", or an unknown, altered or expired password.
        """
        if self._passwords is None:
            decision = Decision(False, "registry", None, None, (), (), "No service hands out registry passwords.")
            raise RefusedByGate(decision, "UNAUTHORIZED", 401)
        try:
            return self._passwords.identity(username, password)
        except RefusedByGate as refused:
            self.record("registry", "anonymous", "ecr:GetAuthorizationToken", "*", refused.decision)
            raise

    def record(self, door: Door, principal: str, action: str, resource: str, decision: Decision) -> None:
        """Keep a decision that another door made by itself."""
        self._parts.ledger.keep(door, principal, action, resource, decision)

    # ---- for the world

    def records(self, since: int = 0) -> Sequence[Record]:
        """The kept decisions after number `since`."""
        return self._parts.ledger.since(since)

    def unique_id(self, arn: str) -> str | None:
        """IAM's id of a role or user (AROA…, AIDA…), or None if there is none of that ARN."""
        return self._parts.directory.unique_id(arn)

    def policies_of(self, principal: Principal) -> Policies:
        """The policies that speak for a principal now."""
        return self._parts.directory.policies_of(principal)

    def service_session(self, role_name: str, service: str = "ec2.amazonaws.com") -> Credentials:
        """Credentials that an AWS service gets for a role, e.g. a node's; the role's trust is really judged.

        Raises:
            RefusedByGate: There is no such role, or it does not trust the service.
        """
        return self._parts.sts.service_session(role_name, service)

    def trusts(self, role_name: str, service: str, action: str = "sts:AssumeRole") -> bool:
        """Whether a role's trust policy lets an AWS service do this."""
        return self._parts.sts.trusts(role_name, service, action)

    def iam_snapshot(self) -> Mapping[str, Any]:
        """Every IAM and EC2 object as plain JSON; `aws.snapshot.VARYING` names the made-up fields."""
        return snapshot(self._parts.backend)
