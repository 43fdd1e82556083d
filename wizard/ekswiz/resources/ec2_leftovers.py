"""What holds a network back from being deleted, by name: AWS only says that there is something.

Load balancers that the cluster's controllers made, their security groups, and interfaces that the cluster's nodes left
behind outlive the cluster. They are named with the command that removes them; they are not ours to delete.
Sources: EC2 API, DescribeNetworkInterfaces, DescribeSecurityGroups; EKS user guide, "Delete a cluster".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ekswiz.clients.aws_errors import InUse, pages
from ekswiz.errors import Unreadable
from ekswiz.resources.ec2 import tags_of
from ekswiz.target import Target

SHOWN = 4
"""Objects that a message names."""
BALANCER_REMEDY = "Delete Services of type LoadBalancer, Ingresses and Gateways of the cluster, then run this again."


@contextmanager
def explained(target: Target, filter_name: str, identifier: str) -> Iterator[None]:
    """A DependencyViolation of the block, with what still lives there. `filter_name` is e.g. `vpc-id`.

    Raises:
        InUse: With the names; it is expected to pass, because AWS removes a cluster's own interfaces a little later.
    """
    try:
        yield
    except InUse as error:
        try:
            left = _left(target, filter_name, identifier)
        except Unreadable as unseen:
            left = f"What it holds cannot be seen ({unseen.detail})."
        raise InUse(f"{error.detail} {left}", BALANCER_REMEDY, within=error.within) from error


def residents(target: Target, vpc: str, cluster: str) -> str:
    """What of others lives in a network that is to be deleted, as a sentence; empty if nothing does."""
    try:
        interfaces = [_interface(each) for each in _interfaces(target, "vpc-id", vpc) if _balancer(each)]
        groups = [_group(each) for each in _groups(target, vpc) if not _clusters(each, cluster)]
    except Unreadable as error:
        return f"Whether others use the network cannot be seen: unreadable: {error.detail}"
    if not interfaces and not groups:
        return ""
    return f"The network holds what is not ours to delete: {_some([*interfaces, *groups])}. {BALANCER_REMEDY}"


def _left(target: Target, filter_name: str, identifier: str) -> str:
    found = [_interface(each) for each in _interfaces(target, filter_name, identifier)]
    if filter_name == "vpc-id":
        found += [_group(each) for each in _groups(target, identifier)]
    return f"It still holds {_some(found)}." if found else "AWS does not say what it still holds."


def _interfaces(target: Target, filter_name: str, identifier: str) -> list[Mapping[str, Any]]:
    only = [{"Name": filter_name, "Values": [identifier]}]
    return list(pages(target, "ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=only))


def _groups(target: Target, vpc: str) -> list[Mapping[str, Any]]:
    """Security groups besides the VPC's default one, which goes with it."""
    only = [{"Name": "vpc-id", "Values": [vpc]}]
    found = pages(target, "ec2", "describe_security_groups", "SecurityGroups", Filters=only)
    return [each for each in found if each["GroupName"] != "default"]


def _balancer(interface: Mapping[str, Any]) -> bool:
    described = interface.get("Description", "").startswith("ELB ")
    return described or interface.get("InterfaceType") in ("network_load_balancer", "load_balancer")


def _clusters(group: Mapping[str, Any], cluster: str) -> bool:
    """Whether EKS made the group for this cluster, and so removes it with the cluster."""
    return tags_of(group).get("aws:eks:cluster-name") == cluster or group["GroupName"].startswith(
        f"eks-cluster-sg-{cluster}-"
    )


def _interface(found: Mapping[str, Any]) -> str:
    identifier = found["NetworkInterfaceId"]
    what = "a load balancer's interface" if _balancer(found) else "a network interface"
    said = f", {found['Description']!r}" if found.get("Description") else ""
    if found.get("Status") == "available":
        return f"{identifier} ({what}{said}; aws ec2 delete-network-interface --network-interface-id {identifier})"
    return f"{identifier} ({what}{said})"


def _group(found: Mapping[str, Any]) -> str:
    identifier = found["GroupId"]
    remedy = f"aws ec2 delete-security-group --group-id {identifier}"
    return f"{identifier} (security group {found['GroupName']!r}; {remedy})"


def _some(found: list[str]) -> str:
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more
