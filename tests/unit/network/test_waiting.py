"""Lost replies, statuses that take minutes, stops: nothing is made twice and nothing is lost."""

import threading
from typing import Any

import pytest

from ekswiz.clients.aws_errors import Absent, InUse
from ekswiz.plan import Action
from unit.network.room import Room, signs

CREATES = [
    "CreateVpc",
    "CreateSubnet",
    "CreateInternetGateway",
    "AllocateAddress",
    "CreateNatGateway",
    "CreateRouteTable",
]


def _numbers(room: Room) -> dict[str, int]:
    return {kind: len(things) for kind, things in room.snapshot().items()}


def test_a_lost_reply_to_each_create_call_makes_nothing_twice(room: Room) -> None:
    for operation in CREATES:
        room.world.gate.faults.add("ec2", operation, "lost-reply-after-effect")
    events = room.applied()
    assert {event.type for event in events if event.message and "exists already" in event.message} == {"progress"}
    assert _numbers(room)["ec2_vpcs"] == 1
    assert _numbers(room)["ec2_subnets"] == 4
    assert _numbers(room)["ec2_addresses"] == 1
    assert _numbers(room)["ec2_natgateways"] == 1
    assert len(room.snapshot()["ec2_routetables"]) == 3  # two of ours and the VPC's main one
    assert signs(room.plan()) == {}


@pytest.mark.parametrize("kind", ["throttle", "500", "503", "reset"])
def test_what_passes_is_tried_again(room: Room, kind: Any) -> None:
    room.skip_waits()
    first = [each for each in room.resources if each.address in ("vpc.main", "internet_gateway.main")]
    for operation in ("CreateVpc", "ModifyVpcAttribute", "CreateInternetGateway", "AttachInternetGateway"):
        room.world.gate.faults.add("ec2", operation, kind)
    room.applied(resources=first)
    assert signs(room.plan(first)) == {}
    assert _numbers(room)["ec2_vpcs"] == 1


def test_a_create_call_whose_fate_is_unknown_is_not_repeated_while_the_object_may_still_appear(room: Room) -> None:
    """The reply is lost, and for some seconds the listing does not show what was made."""
    vpc = next(each for each in room.resources if each.address == "vpc.main")
    room.skip_waits()
    hidden = room.clients["ec2"]
    looks: list[Any] = []

    class Blind:
        def __getattr__(self, name: str) -> Any:
            return getattr(hidden, name)

        def get_paginator(self, operation: str) -> Any:
            looks.append(operation)
            return self if operation == "describe_vpcs" and len(looks) < 5 else hidden.get_paginator(operation)

        def paginate(self, **_: Any) -> list[Any]:
            return []

    room.clients["ec2"] = Blind()
    room.world.gate.faults.add("ec2", "CreateVpc", "lost-reply-after-effect")
    room.applied(resources=[vpc])
    assert len(looks) > 4
    assert _numbers(room)["ec2_vpcs"] == 1


def test_a_stop_while_the_nat_gateway_comes_up_is_obeyed_and_the_next_run_waits_for_the_same_one(room: Room) -> None:
    stop = threading.Event()
    wait = room.clock.wait
    room.clock.wait = lambda seconds, flag: stop.set() or wait(0.0, flag)  # type: ignore[method-assign, func-returns-value]
    events = room.apply(stop=stop)
    assert {event.address for event in events if event.type == "stopped"} == {"nat_gateway.main", "route_table.private"}
    room.clock.wait = wait  # type: ignore[method-assign]
    made = room.plan()
    assert signs(made) == {"route_table.private": "+"}
    room.applied(made)
    assert room.called.count("CreateNatGateway") == 1
    assert signs(room.plan()) == {}


def test_a_nat_gateway_that_failed_is_replaced(room: Room) -> None:
    room.applied()
    failed = room.id("nat_gateway.main")
    room.world.backend.ec2.nat_gateways[failed].state = "failed"
    made = room.plan()
    change = next(each for each in made.changes if each.address == "nat_gateway.main")
    assert change.action is Action.REPLACE
    assert [risk.id for risk in change.risks] == ["nat-failed"]
    room.applied(made)
    assert room.id("nat_gateway.main") != failed
    assert signs(room.plan()) == {}


def test_a_nat_gateway_without_an_internet_gateway_fails_and_says_so(room: Room) -> None:
    names = ("vpc.main", "availability_zones.main", "subnet.public1", "elastic_ip.nat", "nat_gateway.main")
    some = [each for each in room.resources if each.address in names]
    for each in some:
        each.needs = tuple(need for need in each.needs if need in names)
    (event,) = [event for event in room.apply(resources=some) if event.type == "failed"]
    assert event.address == "nat_gateway.main"
    assert "is failed" in event.message


def test_what_still_uses_the_network_is_named_when_it_cannot_go(room: Room) -> None:
    room.applied()
    root, vpc, subnet = room.root, room.id("vpc.main"), room.id("subnet.public2")
    group = root.create_security_group(GroupName="k8s-elb-1", Description="left", VpcId=vpc)["GroupId"]
    balancer = root.create_network_interface(SubnetId=subnet, Description="ELB app/shop/1")["NetworkInterface"]
    room.skip_waits()
    # when: a destroy is planned; then: it says beforehand what stands in the way
    made = room.destroy_plan()
    (risk,) = [risk for change in made.changes for risk in change.risks if risk.id == "network-in-use"]
    assert balancer["NetworkInterfaceId"] in risk.sentence
    assert group in risk.sentence
    # when: it is carried out nevertheless; then: what is not in the way goes, and the rest names its guests
    events = room.apply(made)
    failed = {event.address: event.message for event in events if event.type == "failed"}
    assert set(failed) == {"subnet.public2"}
    assert "ELB app/shop/1" in failed["subnet.public2"]
    assert "Services of type LoadBalancer" in failed["subnet.public2"]
    assert {event.address for event in events if event.type == "skipped"} == {"vpc.main"}
    # when: the balancer goes; then: the VPC names the group
    root.delete_network_interface(NetworkInterfaceId=balancer["NetworkInterfaceId"])
    (event,) = [event for event in room.apply(room.destroy_plan()) if event.type == "failed"]
    assert f"aws ec2 delete-security-group --group-id {group}" in event.message
    # when: that goes, too; then: nothing is left
    root.delete_security_group(GroupId=group)
    room.destroyed()
    assert _numbers(room)["ec2_vpcs"] == 0


def test_codes_of_ec2_become_our_errors() -> None:
    from ekswiz.clients.aws_errors import foreign
    from unit.engine.fakes import aws_error

    for code in ("InvalidVpcID.NotFound", "NatGatewayNotFound", "Gateway.NotAttached"):
        assert isinstance(foreign(aws_error(code, "", "DeleteVpc"), "ec2:DeleteVpc"), Absent)
    assert isinstance(foreign(aws_error("DependencyViolation", "", "DeleteVpc"), "ec2:DeleteVpc"), InUse)
