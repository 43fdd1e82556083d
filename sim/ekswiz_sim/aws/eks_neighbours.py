"""What EKS sees of its neighbours IAM and EC2 when it is handed a role or subnets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ekswiz_sim.aws.moto_backend import MotoBackend

TAG_SESSION = "sts:TagSession"


class Neighbours:
    """No neighbours at all: every role is trusted, every subnet exists in a zone of its own (for EKS by itself)."""

    known = False
    """Whether there are real neighbours to ask."""

    def assumable(self, role_arn: str, service: str, *, session_tags: bool = False) -> bool:
        """Whether the role's trust policy lets the service in, with session tags if it wants to set some."""
        del role_arn, service, session_tags
        return True

    def attached(self, role_arn: str) -> frozenset[str]:
        """Names of the managed policies that are attached to the role."""
        del role_arn
        return frozenset()

    def zones(self, subnets: Sequence[str]) -> dict[str, str]:
        """The availability zone of each subnet that exists."""
        return {each: each for each in subnets}


class Trusts(Protocol):
    """Who judges a role's trust policy."""

    def trusts(self, role_name: str, service: str, action: str = "sts:AssumeRole") -> bool:
        """Whether the role lets the service do this."""
        ...


class RealNeighbours(Neighbours):
    """One account's IAM and EC2.

    Args:
        backend: Its state.
        trusts: Judges a role's trust (the gate).
    """

    known = True

    def __init__(self, backend: MotoBackend, trusts: Trusts) -> None:
        self._backend = backend
        self._trusts = trusts

    def assumable(self, role_arn: str, service: str, *, session_tags: bool = False) -> bool:
        """As EKS finds out: by trying."""
        name = role_arn.rpartition("/")[2]
        return self._trusts.trusts(name, service) and (
            not session_tags or self._trusts.trusts(name, service, TAG_SESSION)
        )

    def attached(self, role_arn: str) -> frozenset[str]:
        """Names of the managed policies that are attached to the role."""
        with self._backend.lock:
            for role in self._backend.iam.roles.values():
                if role.arn == role_arn:
                    return frozenset(policy.name for policy in role.managed_policies.values())
        return frozenset()

    def zones(self, subnets: Sequence[str]) -> dict[str, str]:
        """The availability zone of each subnet that exists."""
        with self._backend.lock:
            held = self._backend.ec2.subnets
            return {one: zone for zone, there in held.items() for one in there if one in subnets}
