"""EC2's objects at an endpoint, as the guards look at them: each list is read when it is first asked for.

The shapes are those of the embedded backend's objects, as far as they are read. A write makes the whole picture stale:
the backend then takes a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ekswiz_sim.aws.endpoint.wire import Wire

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Vpc:
    """A network."""

    id: str


@dataclass(frozen=True, slots=True)
class InternetGateway:
    """An internet gateway, and the network it is attached to."""

    id: str
    vpc: Vpc | None


@dataclass(frozen=True, slots=True)
class Group:
    """A security group."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet."""

    id: str
    vpc_id: str


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface, and the public address it is mapped to."""

    id: str
    subnet: Subnet
    public_ip: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """An elastic IP address."""

    allocation_id: str
    association_id: str | None
    public_ip: str


@dataclass(frozen=True, slots=True)
class NatGateway:
    """A NAT gateway, with the ids of its interfaces and of its addresses' associations."""

    id: str
    vpc_id: str
    state: str
    interfaces: Sequence[str]
    associations: Sequence[str]


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table; `_associations` are subnets by association id."""

    id: str
    vpc_id: str
    main_association_id: str | None
    _associations: Mapping[str, str]


class Ec2Seen:
    """One look at an account and region. Every attribute may raise ServiceError: the endpoint does not answer."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @cached_property
    def internet_gateways(self) -> dict[str, InternetGateway]:
        """By id."""
        found = {}
        for one in self._every("DescribeInternetGateways", "InternetGateways"):
            vpcs = [Vpc(str(held["VpcId"])) for held in one.get("Attachments") or () if held.get("VpcId")]
            found[str(one["InternetGatewayId"])] = InternetGateway(one["InternetGatewayId"], vpcs[0] if vpcs else None)
        return found

    @cached_property
    def groups(self) -> dict[str, dict[str, Group]]:
        """Security groups by network and id."""
        found: dict[str, dict[str, Group]] = {}
        for one in self._every("DescribeSecurityGroups", "SecurityGroups"):
            group = Group(str(one["GroupId"]), str(one["GroupName"]))
            found.setdefault(str(one.get("VpcId") or ""), {})[group.id] = group
        return found

    @cached_property
    def enis(self) -> dict[str, Interface]:
        """Network interfaces by id."""
        found = {}
        for one in self._every("DescribeNetworkInterfaces", "NetworkInterfaces"):
            public = (one.get("Association") or {}).get("PublicIp")
            subnet = Subnet(str(one.get("SubnetId") or ""), str(one.get("VpcId") or ""))
            found[str(one["NetworkInterfaceId"])] = Interface(one["NetworkInterfaceId"], subnet, public)
        return found

    @cached_property
    def addresses(self) -> list[Address]:
        """Elastic IP addresses."""
        return [
            Address(str(one.get("AllocationId") or ""), one.get("AssociationId"), str(one.get("PublicIp") or ""))
            for one in self._every("DescribeAddresses", "Addresses")
        ]

    @cached_property
    def nat_gateways(self) -> dict[str, NatGateway]:
        """By id."""
        found = {}
        for one in self._every("DescribeNatGateways", "NatGateways"):
            held = one.get("NatGatewayAddresses") or ()
            interfaces = [str(each["NetworkInterfaceId"]) for each in held if each.get("NetworkInterfaceId")]
            associations = [str(each["AssociationId"]) for each in held if each.get("AssociationId")]
            vpc, state = str(one.get("VpcId") or ""), str(one.get("State") or "")
            found[str(one["NatGatewayId"])] = NatGateway(one["NatGatewayId"], vpc, state, interfaces, associations)
        return found

    @cached_property
    def route_tables(self) -> dict[str, RouteTable]:
        """By id."""
        found = {}
        for one in self._every("DescribeRouteTables", "RouteTables"):
            held = one.get("Associations") or ()
            main = next((str(each["RouteTableAssociationId"]) for each in held if each.get("Main")), None)
            subnets = {str(each["RouteTableAssociationId"]): str(each["SubnetId"]) for each in held if _of_subnet(each)}
            name, vpc = str(one["RouteTableId"]), str(one.get("VpcId") or "")
            found[name] = RouteTable(name, vpc, main, subnets)
        return found

    @cached_property
    def subnets(self) -> dict[str, dict[str, Subnet]]:
        """By zone and id."""
        found: dict[str, dict[str, Subnet]] = {}
        for one in self._every("DescribeSubnets", "Subnets"):
            subnet = Subnet(str(one["SubnetId"]), str(one.get("VpcId") or ""))
            found.setdefault(str(one.get("AvailabilityZone") or ""), {})[subnet.id] = subnet
        return found

    @cached_property
    def tags(self) -> dict[str, dict[str, str]]:
        """Tags by object."""
        found: dict[str, dict[str, str]] = {}
        for one in self._every("DescribeTags", "Tags"):
            found.setdefault(str(one["ResourceId"]), {})[str(one["Key"])] = str(one.get("Value") or "")
        return found

    def _every(self, operation: str, member: str) -> Sequence[Json]:
        return list(self._wire.every("ec2", operation, member))


def _of_subnet(association: Json) -> bool:
    return bool(association.get("SubnetId")) and not association.get("Main")
