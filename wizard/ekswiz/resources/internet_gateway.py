"""The network's door to the internet, attached to its VPC.

Sources: EC2 API, CreateInternetGateway, AttachInternetGateway, DetachInternetGateway, DeleteInternetGateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, tell
from ekswiz.errors import Conflict
from ekswiz.plan import Action, Ref, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.ec2 import INTERNET_GATEWAY as KIND
from ekswiz.resources.ec2 import Attempt, create_once, find, known, ours, retag, scopes, specification
from ekswiz.resources.ec2_leftovers import explained
from ekswiz.resources.ec2_shell import ec2, identify, listing, lookup, retagging, tagging
from ekswiz.resources.shell import lines
from ekswiz.resources.tags import owner
from ekswiz.target import Target

PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("ec2:DescribeInternetGateways",),
    "create": ("ec2:CreateInternetGateway", "ec2:CreateTags", "ec2:AttachInternetGateway"),
    "update": ("ec2:AttachInternetGateway", "ec2:DetachInternetGateway", "ec2:CreateTags"),
    "delete": (
        "ec2:DetachInternetGateway", "ec2:DeleteInternetGateway",
        "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class InternetGatewayAttributes:
    """`vpc` is the id of the VPC that it is attached to; empty if it is attached to none."""

    vpc: str | Ref
    tags: Mapping[str, str]


@dataclass(slots=True)
class InternetGateway:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: InternetGatewayAttributes
    stack: str
    scopes: Mapping[str, str]
    needs: tuple[str, ...] = ("vpc.main",)
    why: str = "The network's way to the internet, and the load balancers' way in."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)
    attempt: Attempt = field(default_factory=Attempt)

    def read(self, target: Target) -> Live[InternetGatewayAttributes] | None:
        """The gateway that bears our tags."""
        found = find(target, KIND, self.stack, self.address)
        if found is None:
            return None
        attached = next((each["VpcId"] for each in found.get("Attachments", ())), "")
        attributes = InternetGatewayAttributes(attached, ours(found, self.desired.tags))
        identifier = found["InternetGatewayId"]
        return Live(attributes, {"id": identifier}, identifier, owner(found["Tags"]))

    def create(
        self,
        target: Target,
        desired: InternetGatewayAttributes,
        token: str,  # noqa: ARG002 - CreateInternetGateway has no idempotency token
        tags: Mapping[str, str],
    ) -> Live[InternetGatewayAttributes]:
        """Create it with its tags, then attach it."""
        wanted = specification(KIND, tags, desired.tags)
        call = partial(tell, target, "ec2", "create_internet_gateway", TagSpecifications=wanted)
        look = partial(find, target, KIND, self.stack, self.address)
        made = create_once(target, self.attempt, look, self.address, call)["InternetGateway"]["InternetGatewayId"]
        _attach(target, made, known(desired.vpc))
        self.attempt.over()
        return Live(desired, {"id": made}, made, self.stack)

    def update(
        self, target: Target, live: Live[InternetGatewayAttributes], desired: InternetGatewayAttributes
    ) -> Live[InternetGatewayAttributes]:
        """Attach it where it belongs and set the tags that differ."""
        identifier, attached = live.unique_id, known(live.attributes.vpc)
        if attached != desired.vpc:
            if attached:
                _detach(target, identifier, attached)
            _attach(target, identifier, known(desired.vpc))
        retag(target, identifier, live.attributes.tags, desired.tags)
        return Live(desired, live.outputs, identifier, live.owner)

    def delete(self, target: Target, live: Live[InternetGatewayAttributes]) -> None:
        """Detach and delete it; a load balancer that still has a public address is named."""
        attached = known(live.attributes.vpc)
        if attached:
            with explained(target, "vpc-id", attached):
                _detach(target, live.unique_id, attached)
        with suppress(Absent):
            tell(target, "ec2", "delete_internet_gateway", InternetGatewayId=live.unique_id)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        here, where = lookup(self.stack, self.address), identify(self.stack, self.desired.vpc)
        attach = ec2("attach-internet-gateway", internet_gateway_id=here, vpc_id=where)
        if action in (Action.CREATE, Action.REPLACE):
            tags = tagging(KIND, self.stack, self.address, self.desired.tags)
            return lines(ec2("create-internet-gateway", *tags), attach)
        if action is Action.UPDATE:
            return lines(attach, retagging(self.stack, self.address, self.desired.tags))
        if action is Action.DELETE:
            detach = ec2("detach-internet-gateway", internet_gateway_id=here, vpc_id=where)
            return lines(detach, ec2("delete-internet-gateway", internet_gateway_id=here))
        return listing(KIND, self.stack, self.address)

    def risks(self, live: Live[InternetGatewayAttributes] | None) -> tuple[Risk, ...]:
        """A gateway by itself lets nobody in: routes and public addresses do."""
        del live
        return ()

    def farewell(self, target: Target, live: Live[InternetGatewayAttributes]) -> Farewell:
        """Nothing is lost with it."""
        del target, live
        return Farewell()


def internet_gateway(answers: Answers, tags: Mapping[str, str]) -> InternetGateway:
    """The internet gateway of a new cluster's network."""
    return InternetGateway(
        address="internet_gateway.main",
        desired=InternetGatewayAttributes(Ref("vpc.main", "id"), tags),
        stack=answers.stack,
        scopes=scopes(answers, PERMISSIONS),
    )


def _attach(target: Target, identifier: str, vpc: str) -> None:
    """Attach it; an earlier call that reads do not show yet may have done so."""
    try:
        tell(target, "ec2", "attach_internet_gateway", InternetGatewayId=identifier, VpcId=vpc)
    except Conflict as error:
        if not error.detail.endswith(f" {vpc}"):
            raise


def _detach(target: Target, identifier: str, vpc: str) -> None:
    with suppress(Absent):
        tell(target, "ec2", "detach_internet_gateway", InternetGatewayId=identifier, VpcId=vpc)
