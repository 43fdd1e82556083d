"""A fixed public IPv4 address, for the NAT gateway: what the nodes' calls to the internet come from.

Sources: EC2 API, AllocateAddress, ReleaseAddress, DescribeAddresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, InUse, tell
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.ec2 import ELASTIC_IP, Attempt, create_once, find, ours, retag, scopes, specification
from ekswiz.resources.ec2_shell import ec2, listing, lookup, retagging, tagging
from ekswiz.resources.tags import owner
from ekswiz.target import Target

RELEASED_WITHIN = 300.0
"""Seconds in which a deleted NAT gateway lets its address go."""
PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("ec2:DescribeAddresses",),
    "create": ("ec2:AllocateAddress", "ec2:CreateTags"),
    "update": ("ec2:CreateTags",),
    "delete": ("ec2:ReleaseAddress",),
}


@dataclass(frozen=True, slots=True)
class ElasticIpAttributes:
    """`tags` are all that can differ: the address itself is AWS's choice."""

    tags: Mapping[str, str]


@dataclass(slots=True)
class ElasticIp:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: ElasticIpAttributes
    stack: str
    scopes: Mapping[str, str]
    needs: tuple[str, ...] = ()
    why: str = "The one address that the nodes' calls to the internet come from."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)
    attempt: Attempt = field(default_factory=Attempt)

    def read(self, target: Target) -> Live[ElasticIpAttributes] | None:
        """The address that bears our tags."""
        found = find(target, ELASTIC_IP, self.stack, self.address)
        if found is None:
            return None
        attributes = ElasticIpAttributes(ours(found, self.desired.tags))
        return Live(attributes, _outputs(found), found["AllocationId"], owner(found["Tags"]))

    def create(
        self,
        target: Target,
        desired: ElasticIpAttributes,
        token: str,  # noqa: ARG002 - AllocateAddress has no idempotency token
        tags: Mapping[str, str],
    ) -> Live[ElasticIpAttributes]:
        """Allocate it with its tags."""
        wanted = specification(ELASTIC_IP, tags, desired.tags)
        call = partial(tell, target, "ec2", "allocate_address", Domain="vpc", TagSpecifications=wanted)
        look = partial(find, target, ELASTIC_IP, self.stack, self.address)
        made = create_once(target, self.attempt, look, self.address, call)
        self.attempt.over()
        return Live(desired, _outputs(made), made["AllocationId"], self.stack)

    def update(
        self, target: Target, live: Live[ElasticIpAttributes], desired: ElasticIpAttributes
    ) -> Live[ElasticIpAttributes]:
        """Set the tags that differ."""
        retag(target, live.unique_id, live.attributes.tags, desired.tags)
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[ElasticIpAttributes]) -> None:
        """Release it, once nothing uses it any more."""
        found = find(target, ELASTIC_IP, self.stack, self.address)
        if found is None or found["AllocationId"] != live.unique_id:
            return
        if found.get("AssociationId"):
            # EC2 would answer AuthFailure for an address that a NAT gateway still holds, which says nothing.
            user = found.get("NetworkInterfaceId") or "something"
            raise InUse(f"{found['PublicIp']} is still in use by {user}.", within=RELEASED_WITHIN)
        with suppress(Absent):
            tell(target, "ec2", "release_address", AllocationId=live.unique_id)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        if action in (Action.CREATE, Action.REPLACE):
            tags = tagging(ELASTIC_IP, self.stack, self.address, self.desired.tags)
            return ec2("allocate-address", "--domain", "vpc", *tags)
        if action is Action.UPDATE:
            return retagging(self.stack, self.address, self.desired.tags)
        if action is Action.DELETE:
            return ec2("release-address", allocation_id=lookup(self.stack, self.address))
        return listing(ELASTIC_IP, self.stack, self.address)

    def risks(self, live: Live[ElasticIpAttributes] | None) -> tuple[Risk, ...]:
        """AWS charges for every public IPv4 address by the hour."""
        if live is not None:
            return ()
        return (Risk("address-costs", "AWS charges for a public IPv4 address by the hour."),)

    def farewell(self, target: Target, live: Live[ElasticIpAttributes]) -> Farewell:
        """Whoever let this address through a firewall has to be told."""
        del target
        sentence = f"{live.outputs['public_ip']} goes back to AWS: allow-lists of others may still name it."
        return Farewell(risks=(Risk("address-lost", sentence),))


def elastic_ip(answers: Answers, tags: Mapping[str, str]) -> ElasticIp:
    """The NAT gateway's address."""
    return ElasticIp(
        address="elastic_ip.nat",
        desired=ElasticIpAttributes(tags),
        stack=answers.stack,
        scopes=scopes(answers, PERMISSIONS),
    )


def _outputs(found: Mapping[str, str]) -> dict[str, str]:
    return {"id": found["AllocationId"], "public_ip": found["PublicIp"]}
