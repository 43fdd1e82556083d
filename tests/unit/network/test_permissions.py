"""The printed policy is enough, nothing in it is idle, and it reaches nobody else's network."""

from collections.abc import Callable
from typing import Any

import pytest

from ekswiz.iam.evaluate import evaluate
from ekswiz.plan import Plan
from ekswiz.resources.network import network
from unit.network.room import STACK, Room, network_policy, signs, without

MAKING = [
    "ec2:AllocateAddress", "ec2:AssociateRouteTable", "ec2:AttachInternetGateway", "ec2:CreateInternetGateway",
    "ec2:CreateNatGateway", "ec2:CreateRoute", "ec2:CreateRouteTable", "ec2:CreateSubnet", "ec2:CreateTags",
    "ec2:CreateVpc", "ec2:ModifySubnetAttribute", "ec2:ModifyVpcAttribute",
]  # fmt: skip
TAKING = [
    "ec2:DeleteInternetGateway", "ec2:DeleteNatGateway", "ec2:DeleteRouteTable", "ec2:DeleteSubnet", "ec2:DeleteVpc",
    "ec2:DetachInternetGateway", "ec2:DisassociateRouteTable", "ec2:ReleaseAddress",
]  # fmt: skip
LOOKING = [
    "ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones", "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInternetGateways", "ec2:DescribeNatGateways", "ec2:DescribeRouteTables", "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute", "ec2:DescribeVpcs",
]  # fmt: skip
CHANGING = ["ec2:ReplaceRouteTableAssociation", "ec2:ReplaceRoute"]
LEAVING = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"]


def _actions(room: Room) -> set[str]:
    return {action for statement in network_policy(room.answers)["Statement"] for action in statement["Action"]}


def test_every_action_of_the_policy_is_tried_here(made: Room) -> None:
    assert _actions(made) == {*MAKING, *TAKING, *LOOKING, *CHANGING, *LEAVING}


def test_each_missing_action_is_named_by_what_fails_for_it(room: Room) -> None:
    """Begin with nothing but looking, and grant what the messages ask for: every action is asked for by its name."""
    assert _granted(room, MAKING, room.plan) == set(MAKING)
    assert signs(room.plan()) == {}
    assert _granted(room, TAKING, room.destroy_plan) == set(TAKING)
    assert signs(room.destroy_plan()) == {}


def _granted(room: Room, actions: list[str], planned: Callable[[], Plan]) -> set[str]:
    missing = set(actions)
    while True:
        room.allow(without(network_policy(room.answers), *missing))
        _keep_versions_few(room)
        failed = [event.message for event in room.apply(planned()) if event.type == "failed"]
        named = {action for action in missing for message in failed if f"perform: {action} on" in message}
        assert bool(failed) == bool(named), failed
        if not named:
            return set(actions) - missing
        missing -= named


def test_without_any_one_looking_action_the_plan_says_unreadable(made: Room) -> None:
    for action in LOOKING:
        made.allow(without(network_policy(made.answers), action))
        unknown = [change.why for change in made.plan().changes if change.action.value == "?"]
        assert any(action in why and "Not readable" in why for why in unknown), action
        _keep_versions_few(made)
    for action in LEAVING:
        made.allow(without(network_policy(made.answers), action))
        risks = [risk.sentence for change in made.destroy_plan().changes for risk in change.risks]
        assert any(action in sentence and "unreadable" in sentence for sentence in risks), action
        _keep_versions_few(made)
    made.allow(network_policy(made.answers))


def test_without_a_changing_action_a_message_names_it(made: Room) -> None:
    table, gateway = made.id("route_table.private"), made.id("internet_gateway.main")
    made.root.replace_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    (public,) = made.root.describe_route_tables(RouteTableIds=[made.id("route_table.public")])["RouteTables"]
    made.root.replace_route_table_association(
        RouteTableId=table, AssociationId=public["Associations"][0]["RouteTableAssociationId"]
    )
    # The private table would let go of the subnet by itself, and the public one find it free.
    alone = [each for each in made.resources if each.address != "route_table.private"]
    for action, resources in zip(CHANGING, (alone, made.resources), strict=True):
        made.allow(without(network_policy(made.answers), action, "ec2:DisassociateRouteTable"))
        failed = [event.message for event in made.apply(resources=resources) if event.type == "failed"]
        assert any(action in message for message in failed), action
    made.allow(network_policy(made.answers))
    made.applied()
    assert signs(made.plan()) == {}


def _keep_versions_few(room: Room) -> None:
    """IAM keeps five versions of a policy."""
    iam, arn = room.world.client("iam"), room.world.arn("policy/operator")
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


START = "arn:aws:ec2:eu-west-1:123456789012:"
OURS = {"aws:ResourceTag/ekswiz:stack": [STACK]}
OTHERS = {"aws:ResourceTag/ekswiz:stack": ["other"]}
ASKED = {"aws:RequestTag/ekswiz:stack": [STACK]}


@pytest.mark.parametrize(
    ("action", "resource", "context", "expected"),
    [
        ("ec2:CreateVpc", "vpc/*", ASKED, True),
        ("ec2:CreateVpc", "vpc/*", {}, False),
        ("ec2:CreateSubnet", "subnet/*", ASKED, True),
        ("ec2:CreateSubnet", "vpc/vpc-1", OURS, True),
        ("ec2:CreateSubnet", "vpc/vpc-1", {**OTHERS, **ASKED}, False),
        ("ec2:CreateNatGateway", "subnet/subnet-1", {**OTHERS, **ASKED}, False),
        ("ec2:DeleteVpc", "vpc/vpc-1", OURS, True),
        ("ec2:DeleteVpc", "vpc/vpc-1", OTHERS, False),
        ("ec2:DeleteVpc", "vpc/vpc-1", {}, False),
        ("ec2:CreateTags", "vpc/*", {**ASKED, "ec2:CreateAction": ["CreateVpc"]}, True),
        ("ec2:CreateTags", "instance/*", {**ASKED, "ec2:CreateAction": ["RunInstances"]}, False),
        ("ec2:CreateTags", "vpc/vpc-1", ASKED, False),
        ("ec2:CreateTags", "vpc/vpc-1", OURS, True),
        ("ec2:RunInstances", "instance/*", ASKED, False),
        ("ec2:DeleteSecurityGroup", "security-group/sg-1", OURS, False),
    ],
)
def test_it_reaches_this_stacks_network_alone(action: str, resource: str, context: Any, expected: bool) -> None:
    from unit.engine.fakes import ANSWERS

    policy = network_policy(ANSWERS)
    assert evaluate(action, START + resource, context, identity=[policy]).allowed is expected


def test_every_permission_has_its_place() -> None:
    from unit.engine.fakes import ANSWERS

    for resource in network(ANSWERS):
        assert {action for verb in resource.permissions.values() for action in verb} == set(resource.scopes)
