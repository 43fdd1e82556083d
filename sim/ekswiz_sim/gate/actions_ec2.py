"""EC2's operations, as far as a network for a cluster needs them: the resources each one is judged on, and with what.

Which resources an operation acts on is a table, for not every id in a request counts: CreateRoute is judged on the
route table and not on the gateway. A tag of the request counts for the object that is made; its parents are judged by
the tags that they have. Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon
EC2" (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ekswiz_sim.gate.context import of_tags
from ekswiz_sim.gate.tables import names

Params = Mapping[str, Any]
Context = Mapping[str, Sequence[str]]
Question = tuple[str, str, Context]
"""Action, ARN, and the condition keys that the request adds."""

CREATES: Mapping[str, str] = {
    "CreateVpc": "vpc",
    "CreateSubnet": "subnet",
    "CreateInternetGateway": "internet-gateway",
    "CreateNatGateway": "natgateway",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateNetworkInterface": "network-interface",
    "AllocateAddress": "elastic-ip",
}
"""Operation -> the type of what it makes."""
_PARAMETERS: Mapping[str, str] = {
    "VpcId": "vpc",
    "SubnetId": "subnet",
    "InternetGatewayId": "internet-gateway",
    "NatGatewayId": "natgateway",
    "RouteTableId": "route-table",
    "AllocationId": "elastic-ip",
    "GroupId": "security-group",
    "NetworkInterfaceId": "network-interface",
}
_ON: Mapping[str, str] = {
    "CreateSubnet": "VpcId",
    "CreateNatGateway": "SubnetId AllocationId",
    "CreateRouteTable": "VpcId",
    "CreateSecurityGroup": "VpcId",
    "CreateNetworkInterface": "SubnetId",
    "DeleteVpc": "VpcId",
    "ModifyVpcAttribute": "VpcId",
    "DeleteSubnet": "SubnetId",
    "ModifySubnetAttribute": "SubnetId",
    "AttachInternetGateway": "InternetGatewayId VpcId",
    "DetachInternetGateway": "InternetGatewayId VpcId",
    "DeleteInternetGateway": "InternetGatewayId",
    "DeleteNatGateway": "NatGatewayId",
    "ReleaseAddress": "AllocationId",
    "DeleteRouteTable": "RouteTableId",
    "CreateRoute": "RouteTableId",
    "ReplaceRoute": "RouteTableId",
    "DeleteRoute": "RouteTableId",
    "AssociateRouteTable": "RouteTableId SubnetId",
    "ReplaceRouteTableAssociation": "RouteTableId",
    "DeleteSecurityGroup": "GroupId",
    "AuthorizeSecurityGroupIngress": "GroupId",
    "AuthorizeSecurityGroupEgress": "GroupId",
    "RevokeSecurityGroupIngress": "GroupId",
    "RevokeSecurityGroupEgress": "GroupId",
    "DeleteNetworkInterface": "NetworkInterfaceId",
}
"""Operation -> the parameters whose objects it is judged on, besides what it makes."""
_TAGGING = names("CreateTags DeleteTags")
_BY_ASSOCIATION = names("DisassociateRouteTable ReplaceRouteTableAssociation")
"""Judged on the route table and the subnet of the association that they name, too."""
READS = names(
    """
    DescribeVpcs DescribeVpcAttribute DescribeSubnets DescribeInternetGateways DescribeNatGateways
    DescribeRouteTables DescribeAddresses DescribeSecurityGroups DescribeSecurityGroupRules
    DescribeNetworkInterfaces DescribeTags DescribeAvailabilityZones DescribeRegions DescribeAccountAttributes
    DescribeInstances DescribeInstanceTypes DescribeInstanceTypeOfferings DescribeNetworkAcls
    DescribeDhcpOptions
    """
)
MODELLED = frozenset(CREATES) | frozenset(_ON) | _TAGGING | _BY_ASSOCIATION | READS
_PREFIXES: Mapping[str, str] = {
    "vpc": "vpc",
    "subnet": "subnet",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "eipalloc": "elastic-ip",
    "sg": "security-group",
    "eni": "network-interface",
}


def questions(
    operation: str, params: Params, start: str, members: Callable[[str], Sequence[str]]
) -> Sequence[Question]:
    """Everything that the judge must say yes to.

    Args:
        operation: EC2's name for it.
        params: The request.
        start: `arn:…:ec2:REGION:ACCOUNT:`.
        members: Ids of the route table and the subnet of a route table association; none if there is no such.
    """
    action, tags = f"ec2:{operation}", new_tags(params)
    if operation in READS:
        return [(action, "*", {})]
    if operation in _TAGGING:
        named = [_by_prefix(str(each), start) for each in params.get("ResourceId", ())]
        return [(action, arn, of_tags(tags)) for arn in named or ["*"]]
    made = [f"{start}{CREATES[operation]}/*"] if operation in CREATES else []
    asked = [(action, arn, of_tags(tags)) for arn in made]
    asked += [(action, arn, {}) for arn in _acted_on(operation, params, start, members)]
    if made and tags:
        asked.append(("ec2:CreateTags", made[0], {**of_tags(tags), "ec2:CreateAction": [operation]}))
    return asked or [(action, "*", {})]


def _acted_on(operation: str, params: Params, start: str, members: Callable[[str], Sequence[str]]) -> Sequence[str]:
    names_ = _ON.get(operation, "").split()
    found = [f"{start}{_PARAMETERS[name]}/{params[name]}" for name in names_ if name in params]
    if operation in _BY_ASSOCIATION:
        found += [_by_prefix(each, start) for each in members(str(params.get("AssociationId", "")))]
    return list(dict.fromkeys(found))


def _by_prefix(identifier: str, start: str) -> str:
    return f"{start}{_PREFIXES.get(identifier.partition('-')[0], '*')}/{identifier}"


def new_tags(params: Params) -> Mapping[str, str]:
    """The tags that a request sets: `Tag.N` or `TagSpecification.N.Tag.N`."""
    tags = [*_dicts(params.get("Tag"))]
    for specification in _dicts(params.get("TagSpecification")):
        tags += _dicts(specification.get("Tag"))
    return {str(tag.get("Key")): str(tag.get("Value", "")) for tag in tags}


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
