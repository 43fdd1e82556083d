"""A network's whole life under the operator's own policy, and what the engine may rely on of each of its types."""

import dataclasses
from typing import Any

import pytest

from ekswiz.errors import Conflict, TargetError
from ekswiz.plan import Action
from ekswiz.resources.network import network
from unit.network.room import STACK, Room, signs

NAMES = [
    "vpc.main", "internet_gateway.main", "subnet.public1", "subnet.public2", "subnet.private1", "subnet.private2",
    "route_table.public", "elastic_ip.nat", "nat_gateway.main", "route_table.private",
]  # fmt: skip


def test_a_whole_life(room: Room) -> None:
    # given: an account without a network
    before = room.snapshot()
    made = room.plan()
    assert signs(made) == dict.fromkeys(NAMES, "+")
    # when: it is made; then: there is nothing left to do
    room.applied(made)
    assert signs(room.plan()) == {}
    # then: every object bears the tags that the create call set, before anything could go wrong
    held = room.snapshot()
    kinds = ("ec2_vpcs", "ec2_subnets", "ec2_internetgateways", "ec2_natgateways", "ec2_addresses")
    for thing in (each for kind in kinds for each in held[kind].values()):
        tags = {tag["key"]: tag["value"] for tag in thing["tagSet"]}
        assert tags["ekswiz:stack"] == STACK
        assert tags["ekswiz:address"] in NAMES
        assert {"ekswiz:version", "Name"} <= set(tags)
    # when: it is destroyed; then: the account is as it was
    room.destroyed()
    assert room.snapshot() == before
    assert signs(room.destroy_plan()) == {}


def test_load_balancers_find_the_subnets_and_the_nodes_their_way_out(made: Room) -> None:
    room = made
    subnets = {
        {t["Key"]: t["Value"] for t in s["Tags"]}["ekswiz:address"]: s
        for s in room.root.describe_subnets(Filters=[{"Name": "tag:ekswiz:stack", "Values": [STACK]}])["Subnets"]
    }
    for name, subnet in subnets.items():
        tags = {tag["Key"]: tag["Value"] for tag in subnet["Tags"]}
        public = "public" in name
        assert subnet["MapPublicIpOnLaunch"] is public
        assert tags["kubernetes.io/role/elb" if public else "kubernetes.io/role/internal-elb"] == "1"
        assert tags["kubernetes.io/cluster/platform-dev"] == "shared"
    assert len({subnet["AvailabilityZone"] for subnet in subnets.values()}) == 2
    assert subnets["subnet.public1"]["AvailabilityZone"] == subnets["subnet.private1"]["AvailabilityZone"]
    assert [subnets[f"subnet.{n}"]["CidrBlock"] for n in ("public1", "public2", "private1", "private2")] == [
        "192.168.0.0/19", "192.168.32.0/19", "192.168.128.0/19", "192.168.160.0/19",
    ]  # fmt: skip
    for setting in ("enableDnsSupport", "enableDnsHostnames"):
        answer = room.root.describe_vpc_attribute(VpcId=room.id("vpc.main"), Attribute=setting)
        assert answer[setting[0].upper() + setting[1:]]["Value"] is True


def _retag(address: str, key: str = "Name") -> Any:
    def meddle(room: Room) -> None:
        room.root.create_tags(Resources=[room.id(address)], Tags=[{"Key": key, "Value": "changed"}])

    return meddle


def _no_support(room: Room) -> None:
    room.root.modify_vpc_attribute(VpcId=room.id("vpc.main"), EnableDnsSupport={"Value": False})


def _no_hostnames(room: Room) -> None:
    room.root.modify_vpc_attribute(VpcId=room.id("vpc.main"), EnableDnsHostnames={"Value": False})


def _other_mapping(room: Room) -> None:
    room.root.modify_subnet_attribute(SubnetId=room.id("subnet.private1"), MapPublicIpOnLaunch={"Value": True})


def _no_route(room: Room) -> None:
    room.root.delete_route(RouteTableId=room.id("route_table.private"), DestinationCidrBlock="0.0.0.0/0")


def _other_route(room: Room) -> None:
    room.root.replace_route(
        RouteTableId=room.id("route_table.private"),
        DestinationCidrBlock="0.0.0.0/0",
        GatewayId=room.id("internet_gateway.main"),
    )


def _no_association(room: Room) -> None:
    (found,) = room.root.describe_route_tables(RouteTableIds=[room.id("route_table.public")])["RouteTables"]
    room.root.disassociate_route_table(AssociationId=found["Associations"][0]["RouteTableAssociationId"])


DRIFTS: dict[str, tuple[list[Any], set[str]]] = {
    "every Name tag": ([_retag(name) for name in NAMES], set(NAMES)),
    "one attribute each": (
        [_no_support, _other_mapping, _no_route, _no_association],
        {"vpc.main", "subnet.private1", "route_table.private", "route_table.public"},
    ),
    "another attribute each": (
        [_no_hostnames, _retag("subnet.public1", "kubernetes.io/role/elb"), _other_route],
        {"vpc.main", "subnet.public1", "route_table.private"},
    ),
}


@pytest.mark.parametrize("name", DRIFTS)
def test_drift_is_seen_and_mended(made: Room, name: str) -> None:
    before = _comparable(made)
    meddling, expected = DRIFTS[name]
    for meddle in meddling:
        meddle(made)
    found = made.plan()
    assert signs(found) == dict.fromkeys(expected, "~")
    made.applied(found)
    assert signs(made.plan()) == {}
    assert _comparable(made) == before


def test_a_gateway_that_was_detached_is_attached_again(room: Room) -> None:
    # AWS lets go of the gateway only when nothing has a public address: before the NAT gateway is there.
    first = [each for each in room.resources if each.address in ("vpc.main", "internet_gateway.main")]
    room.applied(resources=first)
    identifier, vpc = room.id("internet_gateway.main"), room.id("vpc.main")
    room.root.detach_internet_gateway(InternetGatewayId=identifier, VpcId=vpc)
    assert signs(room.plan(first)) == {"internet_gateway.main": "~"}
    other = room.root.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    room.root.attach_internet_gateway(InternetGatewayId=identifier, VpcId=other)
    # The operator may not touch a VPC that does not bear the stack's tag.
    (failed,) = [event for event in room.apply(resources=first) if event.type == "failed"]
    assert f"ec2:DetachInternetGateway on resource: arn:aws:ec2:eu-west-1:{room.world.account}:vpc/{other}" in (
        failed.message
    )
    room.root.detach_internet_gateway(InternetGatewayId=identifier, VpcId=other)
    room.applied(resources=first)
    assert signs(room.plan(first)) == {}


def _comparable(room: Room) -> Any:
    """The network without associations' ids, which moto makes up anew."""
    held = room.snapshot()
    for table in held["ec2_routetables"].values():
        table["associationSet"] = sorted(each.get("subnetId", "main") for each in table["associationSet"])
        table["routeSet"] = sorted(str(sorted(route.items())) for route in table["routeSet"])
    for kind in ("ec2_natgateways", "ec2_addresses", "ec2_vpcs", "ec2_subnets", "ec2_internetgateways"):
        for thing in held[kind].values():
            thing["tagSet"] = sorted(thing["tagSet"], key=lambda tag: str(tag["key"]))
    return held


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        # What names the lost object's id has to follow; nothing else does.
        ("elastic_ip.nat", {"elastic_ip.nat": "+", "nat_gateway.main": "±", "route_table.private": "~"}),
        ("nat_gateway.main", {"nat_gateway.main": "+", "route_table.private": "~"}),
        ("route_table.public", {"route_table.public": "+"}),
        ("subnet.private2", {"subnet.private2": "+", "route_table.private": "~"}),
    ],
)
def test_one_lost_object_is_planned_and_made_again(room: Room, gone: str, expected: dict[str, str]) -> None:
    room.applied()
    root, identifier = room.root, room.id(gone)
    kept = {name: room.id(name) for name in NAMES if name not in expected}
    if gone in ("nat_gateway.main", "elastic_ip.nat"):
        root.delete_nat_gateway(NatGatewayId=room.id("nat_gateway.main"))
        room.clock.advance(600)
    if gone == "elastic_ip.nat":
        expected = {**expected, "nat_gateway.main": "+"}
        root.release_address(AllocationId=identifier)
    if gone == "route_table.public":
        (found,) = root.describe_route_tables(RouteTableIds=[identifier])["RouteTables"]
        for each in found["Associations"]:
            root.disassociate_route_table(AssociationId=each["RouteTableAssociationId"])
        root.delete_route_table(RouteTableId=identifier)
    if gone == "subnet.private2":
        root.delete_subnet(SubnetId=identifier)
    assert signs(room.plan()) == expected
    room.applied()
    assert signs(room.plan()) == {}
    assert {name: room.id(name) for name in kept} == kept


def test_another_address_range_makes_the_whole_network_anew(made: Room) -> None:
    moved = network(dataclasses.replace(made.answers, vpc_cidr="10.20.0.0/16"))
    found = made.plan(moved)
    subnets = [name for name in NAMES if name.startswith("subnet")]
    assert {name: sign for name, sign in signs(found).items() if sign == "±"} == dict.fromkeys(
        ["vpc.main", *subnets, "nat_gateway.main", "route_table.public", "route_table.private"], "±"
    )
    risks = {risk.id for change in found.changes for risk in change.risks}
    assert {"network-replaced", "subnet-replaced"} <= risks


def test_a_third_zone_moves_nobody(room: Room) -> None:
    room.applied()
    kept = {name: room.id(name) for name in NAMES}
    room.answers = dataclasses.replace(room.answers, zones=3)
    assert signs(room.plan()) == {
        "subnet.public3": "+", "subnet.private3": "+", "route_table.public": "~", "route_table.private": "~",
    }  # fmt: skip
    room.applied()
    assert {name: room.id(name) for name in kept} == kept
    assert signs(room.plan()) == {}


def test_what_exists_is_not_made_again(made: Room) -> None:
    room = made
    before, target = room.snapshot(), room.target()
    tags = {"ekswiz:stack": STACK, "ekswiz:version": "0"}
    for resource in room.resources:
        live = room.live(resource.address)
        given = {**tags, "ekswiz:address": resource.address}
        if resource.tenure == "external":
            continue
        if resource.address == "nat_gateway.main":
            assert resource.create(target, live.attributes, "a-token", given).unique_id == live.unique_id
            continue
        with pytest.raises(Conflict):
            resource.create(target, live.attributes, "a-token", given)
    assert room.snapshot() == before


def test_what_is_gone_already_is_deleted(room: Room) -> None:
    room.applied()
    lives = {resource.address: room.live(resource.address) for resource in room.resources}
    room.destroyed()
    before = room.snapshot()
    for resource in room.resources:
        if resource.tenure != "external":
            resource.delete(room.target(), lives[resource.address])
    assert room.snapshot() == before


def test_another_stacks_network_is_nobodys_business(made: Room) -> None:
    tags = [{"Key": "ekswiz:stack", "Value": "other"}, {"Key": "ekswiz:address", "Value": "vpc.main"}]
    other = _twin(made, tags)
    assert signs(made.plan()) == {}
    assert made.id("vpc.main") != other
    made.root.delete_vpc(VpcId=other)


def test_two_objects_of_one_address_are_not_chosen_between(made: Room) -> None:
    tags = [{"Key": "ekswiz:stack", "Value": STACK}, {"Key": "ekswiz:address", "Value": "vpc.main"}]
    twin = _twin(made, tags)
    with pytest.raises(TargetError, match=twin):
        made.plan()
    made.root.delete_vpc(VpcId=twin)


def _twin(room: Room, tags: list[dict[str, str]]) -> str:
    wanted = [{"ResourceType": "vpc", "Tags": tags}]
    return str(room.root.create_vpc(CidrBlock="192.168.0.0/16", TagSpecifications=wanted)["Vpc"]["VpcId"])


def test_every_type_says_how_to_do_it_by_hand(made: Room) -> None:
    for resource in made.resources:
        for action in Action:
            for line in resource.cli(action).splitlines():
                assert "Ref(" not in line
                assert "aws ec2 " in line
