"""A subnet in one zone, public or private, tagged so that load balancers find it.

Sources: EC2 API, CreateSubnet, ModifySubnetAttribute, DeleteSubnet; EKS user guide, "Subnet requirements"; AWS Load
Balancer Controller, "Subnet auto-discovery".
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, tell
from ekswiz.plan import Action, Ref, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.ec2 import SUBNET, Attempt, create_once, find, known, ours, retag, scopes, specification
from ekswiz.resources.ec2_leftovers import explained
from ekswiz.resources.ec2_shell import ec2, identify, listing, lookup, retagging, tagging
from ekswiz.resources.shell import lines
from ekswiz.resources.tags import owner
from ekswiz.target import Target

PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("ec2:DescribeSubnets",),
    "create": ("ec2:CreateSubnet", "ec2:CreateTags", "ec2:ModifySubnetAttribute"),
    "update": ("ec2:ModifySubnetAttribute", "ec2:CreateTags"),
    "delete": ("ec2:DeleteSubnet", "ec2:DescribeNetworkInterfaces"),
}


@dataclass(frozen=True, slots=True)
class SubnetAttributes:
    """`public_addresses`: whether what is launched here gets a public IPv4 address."""

    vpc: str | Ref
    cidr: str
    zone: str | Ref
    public_addresses: bool
    tags: Mapping[str, str]


@dataclass(slots=True)
class Subnet:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: SubnetAttributes
    stack: str
    why: str
    scopes: Mapping[str, str]
    needs: tuple[str, ...] = ("vpc.main", "availability_zones.main")
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"vpc", "cidr", "zone"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)
    attempt: Attempt = field(default_factory=Attempt)

    def read(self, target: Target) -> Live[SubnetAttributes] | None:
        """The subnet that bears our tags."""
        found = find(target, SUBNET, self.stack, self.address)
        if found is None:
            return None
        attributes = SubnetAttributes(
            vpc=found["VpcId"],
            cidr=found["CidrBlock"],
            zone=found["AvailabilityZone"],
            public_addresses=bool(found.get("MapPublicIpOnLaunch", False)),
            tags=ours(found, self.desired.tags),
        )
        identifier = found["SubnetId"]
        outputs = {"id": identifier, "zone": found["AvailabilityZone"]}
        return Live(attributes, outputs, identifier, owner(found["Tags"]))

    def create(
        self,
        target: Target,
        desired: SubnetAttributes,
        token: str,  # noqa: ARG002 - CreateSubnet has no idempotency token
        tags: Mapping[str, str],
    ) -> Live[SubnetAttributes]:
        """Create it with its tags, then say whether it hands out public addresses."""
        call = partial(
            tell, target, "ec2", "create_subnet",
            VpcId=known(desired.vpc), CidrBlock=desired.cidr, AvailabilityZone=known(desired.zone),
            TagSpecifications=specification(SUBNET, tags, desired.tags),
        )  # fmt: skip
        look = partial(find, target, SUBNET, self.stack, self.address)
        made = create_once(target, self.attempt, look, self.address, call)["Subnet"]["SubnetId"]
        if desired.public_addresses:
            _map_public(target, made, desired)
        self.attempt.over()
        return Live(desired, {"id": made, "zone": known(desired.zone)}, made, self.stack)

    def update(self, target: Target, live: Live[SubnetAttributes], desired: SubnetAttributes) -> Live[SubnetAttributes]:
        """Switch the public addresses and set the tags that differ."""
        if live.attributes.public_addresses != desired.public_addresses:
            _map_public(target, live.unique_id, desired)
        retag(target, live.unique_id, live.attributes.tags, desired.tags)
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[SubnetAttributes]) -> None:
        """Delete it; what still has an address in it is named."""
        with suppress(Absent), explained(target, "subnet-id", live.unique_id):
            tell(target, "ec2", "delete_subnet", SubnetId=live.unique_id)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        here = lookup(self.stack, self.address)
        sign = "" if self.desired.public_addresses else "no-"
        mapping = ec2("modify-subnet-attribute", f"--{sign}map-public-ip-on-launch", subnet_id=here)
        if action in (Action.CREATE, Action.REPLACE):
            tags = tagging(SUBNET, self.stack, self.address, self.desired.tags)
            where = {"vpc_id": identify(self.stack, self.desired.vpc), "availability_zone": self._zone()}
            return lines(ec2("create-subnet", "--cidr-block", self.desired.cidr, *tags, **where), mapping)
        if action is Action.UPDATE:
            return lines(mapping, retagging(self.stack, self.address, self.desired.tags))
        if action is Action.DELETE:
            return ec2("delete-subnet", subnet_id=here)
        return listing(SUBNET, self.stack, self.address)

    def risks(self, live: Live[SubnetAttributes] | None) -> tuple[Risk, ...]:
        """A subnet cannot move: another range or zone means another subnet."""
        if live is None or (live.attributes.cidr == self.desired.cidr):
            return ()
        sentence = f"{self.address} changes from {live.attributes.cidr}: what has an address in it must go first."
        return (Risk("subnet-replaced", sentence),)

    def farewell(self, target: Target, live: Live[SubnetAttributes]) -> Farewell:
        """Nothing is lost with it."""
        del target, live
        return Farewell()

    def _zone(self) -> str:
        """The zone, or a `$(...)` that prints the one of this number in the list; the plan says which it is."""
        zone = self.desired.zone
        if not isinstance(zone, Ref):
            return zone
        query = f"AvailabilityZones[{int(zone.output) - 1}].ZoneName"
        return f"$(aws ec2 describe-availability-zones --query '{query}' --output text)"


def public_subnet(answers: Answers, number: int, cidr: str, tags: Mapping[str, str]) -> Subnet:
    """Where load balancers and the NAT gateway are."""
    why = f"Zone {number}'s way out: load balancers and the NAT gateway live here."
    return _subnet(answers, ("public", number), cidr, {**tags, "kubernetes.io/role/elb": "1"}, why)


def private_subnet(answers: Answers, number: int, cidr: str, tags: Mapping[str, str]) -> Subnet:
    """Where nodes and pods are."""
    why = f"Nodes and pods in zone {number}: nothing on the internet reaches them directly."
    return _subnet(answers, ("private", number), cidr, {**tags, "kubernetes.io/role/internal-elb": "1"}, why)


def _subnet(answers: Answers, name: tuple[str, int], cidr: str, tags: Mapping[str, str], why: str) -> Subnet:
    side, number = name
    zone = Ref("availability_zones.main", str(number))
    shared = {**tags, f"kubernetes.io/cluster/{answers.cluster}": "shared"}
    attributes = SubnetAttributes(Ref("vpc.main", "id"), cidr, zone, side == "public", dict(sorted(shared.items())))
    return Subnet(
        address=f"subnet.{side}{number}",
        desired=attributes,
        stack=answers.stack,
        why=why,
        scopes=scopes(answers, PERMISSIONS),
    )


def _map_public(target: Target, identifier: str, desired: SubnetAttributes) -> None:
    value = {"Value": desired.public_addresses}
    tell(target, "ec2", "modify_subnet_attribute", SubnetId=identifier, MapPublicIpOnLaunch=value)
