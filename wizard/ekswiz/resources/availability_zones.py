"""The zones that the subnets go to: those where EKS makes clusters and the nodes' instance type is sold.

The surprising thing: a zone, once used, stays. Where this stack has subnets already, their zones come first, whatever
AWS lists today; otherwise a new zone in a region would move a running network.
Sources: EC2 API, DescribeAvailabilityZones, DescribeInstanceTypeOfferings; EKS user guide, "Subnet requirements".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import ask, pages
from ekswiz.errors import TargetError
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.ec2 import SUBNET, listed, scopes, tags_of
from ekswiz.resources.shell import command
from ekswiz.resources.tags import ADDRESS
from ekswiz.target import Target

UNSUITABLE = frozenset({"use1-az3", "usw1-az2", "cac1-az3"})
"""Zones (by id: their letters differ between accounts) in which EKS makes no clusters."""
PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("ec2:DescribeAvailabilityZones", "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeSubnets"),
    "create": (),
    "update": (),
    "delete": (),
}


@dataclass(frozen=True, slots=True)
class ZonesAttributes:
    """`zones` are names, e.g. eu-west-1a, in the order of the subnets' numbers."""

    zones: tuple[str, ...]


@dataclass(slots=True)
class AvailabilityZones:
    """See `ekswiz.resource.Resource`. `node_type` is empty where AWS chooses the instances."""

    address: str
    desired: ZonesAttributes
    wanted: int
    node_type: str
    region: str
    stack: str
    scopes: Mapping[str, str]
    needs: tuple[str, ...] = ()
    why: str = "EKS wants subnets in at least two zones; these are suitable."
    tenure: Tenure = "external"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[ZonesAttributes] | None:
        """The zones; None if there are too few."""
        used = _used(listed(target, SUBNET, self.stack), self.wanted)
        answer = ask(target, "ec2", "describe_availability_zones") or {}
        selling = _selling(target, self.node_type) if self.node_type else None
        suitable = [z["ZoneName"] for z in answer.get("AvailabilityZones", ()) if _suitable(z, selling)]
        zones = assigned(used, sorted(suitable), self.wanted)
        if len(zones) < self.wanted:
            return None
        outputs = {str(number): zone for number, zone in enumerate(zones, 1)}
        return Live(ZonesAttributes(zones), outputs, f"{self.region}:{','.join(zones)}", None)

    def create(
        self, target: Target, desired: ZonesAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[ZonesAttributes]:
        """Not ours to make."""
        del target, desired, token, tags
        self._refuse()

    def update(self, target: Target, live: Live[ZonesAttributes], desired: ZonesAttributes) -> Live[ZonesAttributes]:
        """Not ours to change."""
        del target, live, desired
        self._refuse()

    def delete(self, target: Target, live: Live[ZonesAttributes]) -> None:
        """Not ours to delete."""
        del target, live
        self._refuse()

    def cli(self, action: Action) -> str:
        """The AWS CLI's command to look at them."""
        del action
        return command("aws", "ec2", "describe-availability-zones", "--filters", "Name=state,Values=available")

    def risks(self, live: Live[ZonesAttributes] | None) -> tuple[Risk, ...]:
        """Too few zones stand in the way."""
        if live is not None:
            return ()
        nodes = f" and {self.node_type} nodes" if self.node_type else ""
        sentence = f"{self.region} has fewer than {self.wanted} zones for EKS{nodes}. Choose another type or region."
        return (Risk("too-few-zones", sentence),)

    def farewell(self, target: Target, live: Live[ZonesAttributes]) -> Farewell:
        """They are AWS's."""
        del target, live
        return Farewell(keep="Kept: they are AWS's.")

    def _refuse(self) -> NoReturn:
        raise TargetError("the zones of a region are AWS's.", "Choose another region.")


def availability_zones(answers: Answers) -> AvailabilityZones:
    """The zones of a new cluster's network."""
    return AvailabilityZones(
        address="availability_zones.main",
        desired=ZonesAttributes(()),
        wanted=answers.zones,
        node_type=answers.node_type if answers.compute == "nodegroup" else "",
        region=answers.region,
        stack=answers.stack,
        scopes=scopes(answers, PERMISSIONS),
    )


def assigned(used: Mapping[int, str], suitable: Sequence[str], wanted: int) -> tuple[str, ...]:
    """A zone for each number from 1: the one in use, else the next suitable one; shorter if there are too few."""
    free = iter([zone for zone in suitable if zone not in used.values()])
    found = [used[number] if number in used else next(free, "") for number in range(1, wanted + 1)]
    return tuple(zone for zone in found if zone)


def _used(subnets: Iterable[Mapping[str, Any]], wanted: int) -> dict[int, str]:
    """Zones of this stack's subnets by the number at the end of their addresses."""
    found: dict[int, str] = {}
    for each in sorted(subnets, key=lambda subnet: str(subnet["SubnetId"])):
        number = tags_of(each).get(ADDRESS, "")[-1:]
        if number.isdecimal() and 1 <= int(number) <= wanted:
            found.setdefault(int(number), each["AvailabilityZone"])
    return found


def _selling(target: Target, node_type: str) -> frozenset[str]:
    only = [{"Name": "instance-type", "Values": [node_type]}]
    asked = {"LocationType": "availability-zone", "Filters": only}
    offered = pages(target, "ec2", "describe_instance_type_offerings", "InstanceTypeOfferings", **asked)
    return frozenset(each["Location"] for each in offered)


def _suitable(zone: Mapping[str, Any], selling: frozenset[str] | None) -> bool:
    usable = zone.get("State") == "available" and zone.get("OptInStatus", "opt-in-not-required") != "not-opted-in"
    ordinary = zone.get("ZoneType", "availability-zone") == "availability-zone"
    sold = selling is None or zone["ZoneName"] in selling
    return usable and ordinary and sold and zone.get("ZoneId") not in UNSUITABLE
