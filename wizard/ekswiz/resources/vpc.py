"""The cluster's own network. EKS needs DNS support and DNS host names in it.

Sources: EC2 API, CreateVpc, ModifyVpcAttribute, DescribeVpcAttribute, DeleteVpc; EKS user guide, "VPC requirements".
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, tell
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.ec2 import VPC, Attempt, create_once, find, ours, retag, scopes, specification
from ekswiz.resources.ec2_leftovers import explained, residents
from ekswiz.resources.ec2_shell import ec2, listing, lookup, retagging, tagging
from ekswiz.resources.shell import lines
from ekswiz.resources.tags import owner
from ekswiz.target import Target

PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("ec2:DescribeVpcs", "ec2:DescribeVpcAttribute"),
    "create": ("ec2:CreateVpc", "ec2:CreateTags", "ec2:ModifyVpcAttribute"),
    "update": ("ec2:ModifyVpcAttribute", "ec2:CreateTags"),
    "delete": ("ec2:DeleteVpc", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
}


@dataclass(frozen=True, slots=True)
class VpcAttributes:
    """`tags` are those that we set besides the ownership tags."""

    cidr: str
    dns_support: bool
    dns_hostnames: bool
    tags: Mapping[str, str]


@dataclass(slots=True)
class Vpc:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: VpcAttributes
    stack: str
    cluster: str
    scopes: Mapping[str, str]
    needs: tuple[str, ...] = ()
    why: str = "The cluster's own network: what lives in it is apart from everything else in the account."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"cidr"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)
    attempt: Attempt = field(default_factory=Attempt)

    def read(self, target: Target) -> Live[VpcAttributes] | None:
        """The VPC that bears our tags, with its two DNS settings."""
        found = find(target, VPC, self.stack, self.address)
        if found is None:
            return None
        identifier = found["VpcId"]
        attributes = VpcAttributes(
            cidr=found["CidrBlock"],
            dns_support=_setting(target, identifier, "enableDnsSupport"),
            dns_hostnames=_setting(target, identifier, "enableDnsHostnames"),
            tags=ours(found, self.desired.tags),
        )
        return Live(attributes, {"id": identifier, "cidr": attributes.cidr}, identifier, owner(found["Tags"]))

    def create(
        self,
        target: Target,
        desired: VpcAttributes,
        token: str,  # noqa: ARG002 - CreateVpc has no idempotency token
        tags: Mapping[str, str],
    ) -> Live[VpcAttributes]:
        """Create it with its tags, then switch its DNS settings."""
        wanted = specification(VPC, tags, desired.tags)
        call = partial(tell, target, "ec2", "create_vpc", CidrBlock=desired.cidr, TagSpecifications=wanted)
        look = partial(find, target, VPC, self.stack, self.address)
        made = create_once(target, self.attempt, look, self.address, call)["Vpc"]
        # AWS's own start: DNS support on, host names off.
        _switch(target, made["VpcId"], VpcAttributes(desired.cidr, True, False, {}), desired)
        self.attempt.over()
        return Live(desired, {"id": made["VpcId"], "cidr": desired.cidr}, made["VpcId"], self.stack)

    def update(self, target: Target, live: Live[VpcAttributes], desired: VpcAttributes) -> Live[VpcAttributes]:
        """Switch the DNS settings and set the tags that differ."""
        _switch(target, live.unique_id, live.attributes, desired)
        retag(target, live.unique_id, live.attributes.tags, desired.tags)
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[VpcAttributes]) -> None:
        """Delete it; what still lives in it is named."""
        with suppress(Absent), explained(target, "vpc-id", live.unique_id):
            tell(target, "ec2", "delete_vpc", VpcId=live.unique_id)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        here = lookup(self.stack, self.address)
        dns = [
            ec2("modify-vpc-attribute", f"--enable-dns-{name}", f'{{"Value":{str(on).lower()}}}', vpc_id=here)
            for name, on in (("support", self.desired.dns_support), ("hostnames", self.desired.dns_hostnames))
        ]
        if action in (Action.CREATE, Action.REPLACE):
            tags = tagging(VPC, self.stack, self.address, self.desired.tags)
            return lines(ec2("create-vpc", "--cidr-block", self.desired.cidr, *tags), *dns)
        if action is Action.UPDATE:
            return lines(*dns, retagging(self.stack, self.address, self.desired.tags))
        if action is Action.DELETE:
            return ec2("delete-vpc", vpc_id=here)
        return listing(VPC, self.stack, self.address)

    def risks(self, live: Live[VpcAttributes] | None) -> tuple[Risk, ...]:
        """Another address range means another network, and everything in it anew."""
        if live is None or live.attributes.cidr == self.desired.cidr:
            return ()
        sentence = f"The network changes from {live.attributes.cidr}: it and all that lives in it are made anew."
        return (Risk("network-replaced", sentence),)

    def farewell(self, target: Target, live: Live[VpcAttributes]) -> Farewell:
        """Load balancers and security groups that somebody else put into it would hold it back: said beforehand."""
        sentence = residents(target, live.unique_id, self.cluster)
        return Farewell(risks=(Risk("network-in-use", sentence),) if sentence else ())


def vpc(answers: Answers, tags: Mapping[str, str]) -> Vpc:
    """The network of a new cluster."""
    return Vpc(
        address="vpc.main",
        desired=VpcAttributes(answers.vpc_cidr, dns_support=True, dns_hostnames=True, tags=tags),
        stack=answers.stack,
        cluster=answers.cluster,
        scopes=scopes(answers, PERMISSIONS),
    )


def _setting(target: Target, identifier: str, name: str) -> bool:
    answer = ask(target, "ec2", "describe_vpc_attribute", VpcId=identifier, Attribute=name) or {}
    return bool(answer.get(name[0].upper() + name[1:], {}).get("Value", False))


def _switch(target: Target, identifier: str, before: VpcAttributes, after: VpcAttributes) -> None:
    """One setting per call: EC2 takes no two at once."""
    wanted = {
        "EnableDnsSupport": (before.dns_support, after.dns_support),
        "EnableDnsHostnames": (before.dns_hostnames, after.dns_hostnames),
    }
    for name, (was, shall_be) in wanted.items():
        if was != shall_be:
            tell(target, "ec2", "modify_vpc_attribute", VpcId=identifier, **{name: {"Value": shall_be}})
