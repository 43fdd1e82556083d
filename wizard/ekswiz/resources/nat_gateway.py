"""The nodes' way out to the internet, and nobody's way in. One for all zones: cheaper, and as available as its zone.

The surprising thing: it takes minutes to come up and minutes to go. Both are waited for by asking again, so that a stop
never waits; a new run finds a pending gateway by its tags and goes on. Sources: EC2 API, CreateNatGateway (idempotent
by ClientToken), DescribeNatGateways, DeleteNatGateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, tell
from ekswiz.errors import TargetError, Transient
from ekswiz.plan import Action, Ref, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.ec2 import NAT_GATEWAY, find, known, ours, retag, scopes, specification
from ekswiz.resources.ec2_shell import ec2, identify, listing, lookup, retagging, tagging
from ekswiz.resources.shell import lines
from ekswiz.resources.tags import owner
from ekswiz.target import Target

AVAILABLE_WITHIN = 600.0
GONE_WITHIN = 900.0
"""Seconds; as long as Terraform waits, at most."""
AVAILABLE, PENDING, FAILED = "available", "pending", "failed"
GOING = frozenset({"deleting", "deleted"})
PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("ec2:DescribeNatGateways",),
    "create": ("ec2:CreateNatGateway", "ec2:CreateTags"),
    "update": ("ec2:CreateTags",),
    "delete": ("ec2:DeleteNatGateway",),
}


@dataclass(frozen=True, slots=True)
class NatGatewayAttributes:
    """`allocation` is the elastic IP's. `usable` is false for one that failed; one that comes up is as good as up."""

    subnet: str | Ref
    allocation: str | Ref
    usable: bool
    tags: Mapping[str, str]


@dataclass(slots=True)
class NatGateway:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: NatGatewayAttributes
    stack: str
    scopes: Mapping[str, str]
    needs: tuple[str, ...] = ("internet_gateway.main", "subnet.public1", "elastic_ip.nat")
    why: str = "Lets nodes pull images and reach AWS, and lets nobody in."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"subnet", "allocation", "usable"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[NatGatewayAttributes] | None:
        """The gateway that bears our tags; one that is on its way out is none."""
        found = self._find(target)
        return None if found is None else self._live(found)

    def create(
        self, target: Target, desired: NatGatewayAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[NatGatewayAttributes]:
        """Create it with its tags, and see that it comes up."""
        found = self._find(target) or tell(
            target, "ec2", "create_nat_gateway",
            SubnetId=known(desired.subnet), AllocationId=known(desired.allocation), ClientToken=token,
            TagSpecifications=specification(NAT_GATEWAY, tags, desired.tags),
        )["NatGateway"]  # fmt: skip
        require_available(found)
        return self._live(found)

    def update(
        self, target: Target, live: Live[NatGatewayAttributes], desired: NatGatewayAttributes
    ) -> Live[NatGatewayAttributes]:
        """Set the tags that differ."""
        retag(target, live.unique_id, live.attributes.tags, desired.tags)
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[NatGatewayAttributes]) -> None:
        """Delete it, and see that it is gone: until then it holds its address and its subnet."""
        identifier = live.unique_id
        if _state(target, identifier) not in GOING:
            with suppress(Absent):
                tell(target, "ec2", "delete_nat_gateway", NatGatewayId=identifier)
        if _state(target, identifier) != "deleted":
            raise Transient(f"{self.address} is being deleted.", within=GONE_WITHIN)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        here = lookup(self.stack, self.address)
        if action in (Action.CREATE, Action.REPLACE):
            tags = tagging(NAT_GATEWAY, self.stack, self.address, self.desired.tags)
            subnet, allocation = (identify(self.stack, each) for each in (self.desired.subnet, self.desired.allocation))
            create = ec2("create-nat-gateway", *tags, subnet_id=subnet, allocation_id=allocation)
            return lines(create, ec2("wait", "nat-gateway-available", nat_gateway_ids=here))
        if action is Action.UPDATE:
            return retagging(self.stack, self.address, self.desired.tags)
        if action is Action.DELETE:
            gone = ec2("wait", "nat-gateway-deleted", nat_gateway_ids="$id")
            return lines(f'id="{here}"', ec2("delete-nat-gateway", nat_gateway_id="$id"), gone)
        return listing(NAT_GATEWAY, self.stack, self.address)

    def risks(self, live: Live[NatGatewayAttributes] | None) -> tuple[Risk, ...]:
        """It costs money from its first minute, used or not; and there is one for all zones."""
        if live is None:
            costs = "AWS charges for a NAT gateway by the hour and by the gigabyte, used or not."
            single = "There is one NAT gateway: if its zone fails, nodes in the others lose their way out."
            return (Risk("nat-costs", costs), Risk("single-nat", single))
        if not live.attributes.usable:
            return (
                Risk("nat-failed", f"{self.address} has failed and is made anew; nodes have no way out till then."),
            )
        return ()

    def farewell(self, target: Target, live: Live[NatGatewayAttributes]) -> Farewell:
        """Nothing is lost with it."""
        del target, live
        return Farewell()

    def _find(self, target: Target) -> Mapping[str, Any] | None:
        return find(target, NAT_GATEWAY, self.stack, self.address, lambda each: each["State"] not in GOING)

    def _live(self, found: Mapping[str, Any]) -> Live[NatGatewayAttributes]:
        addresses = found.get("NatGatewayAddresses") or [{}]
        attributes = NatGatewayAttributes(
            subnet=found["SubnetId"],
            allocation=addresses[0].get("AllocationId", ""),
            usable=found["State"] != FAILED,
            tags=ours(found, self.desired.tags),
        )
        outputs = {"id": found["NatGatewayId"], "public_ip": addresses[0].get("PublicIp", "")}
        return Live(attributes, outputs, found["NatGatewayId"], owner(found.get("Tags")))


def nat_gateway(answers: Answers, tags: Mapping[str, str]) -> NatGateway:
    """The one NAT gateway of a new cluster's network."""
    return NatGateway(
        address="nat_gateway.main",
        desired=NatGatewayAttributes(Ref("subnet.public1", "id"), Ref("elastic_ip.nat", "id"), usable=True, tags=tags),
        stack=answers.stack,
        scopes=scopes(answers, PERMISSIONS),
    )


def require_available(found: Mapping[str, Any]) -> None:
    """Go on only with a gateway that is up.

    Raises:
        Transient: It is coming up.
        TargetError: It failed, or is gone.
    """
    state, identifier = found["State"], found["NatGatewayId"]
    if state == PENDING:
        raise Transient(f"NAT gateway {identifier} is coming up.", within=AVAILABLE_WITHIN)
    if state != AVAILABLE:
        why = f": {found['FailureMessage']}" if found.get("FailureMessage") else ""
        raise TargetError(f"NAT gateway {identifier} is {state}{why}.", "Plan again: it will be made anew.")


def require_gateway(target: Target, identifier: str) -> None:
    """See that the gateway of this id is up, before a route leads to it.

    Raises:
        Transient, TargetError: As for `require_available`.
    """
    answer = ask(target, "ec2", "describe_nat_gateways", NatGatewayIds=[identifier]) or {}
    for found in answer.get("NatGateways", ()):
        require_available(found)


def _state(target: Target, identifier: str) -> str:
    answer = ask(target, "ec2", "describe_nat_gateways", NatGatewayIds=[identifier]) or {}
    return next((str(each["State"]) for each in answer.get("NatGateways", ())), "deleted")
