"""EC2's operations, as far as a network for a cluster needs them: the resources each one is judged on.

Resource types come from the parameters' names: whoever names a VpcId acts on that VPC.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ekswiz_sim.gate.tables import names

Params = Mapping[str, Any]

CREATES: Mapping[str, str] = {
    "CreateVpc": "vpc",
    "CreateSubnet": "subnet",
    "CreateInternetGateway": "internet-gateway",
    "CreateNatGateway": "natgateway",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "AllocateAddress": "elastic-ip",
}
ACTS = names(
    """
    DeleteVpc ModifyVpcAttribute DeleteSubnet ModifySubnetAttribute AttachInternetGateway
    DetachInternetGateway DeleteInternetGateway DeleteNatGateway ReleaseAddress DeleteRouteTable CreateRoute
    DeleteRoute ReplaceRoute AssociateRouteTable DisassociateRouteTable DeleteSecurityGroup
    AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress
    RevokeSecurityGroupEgress DeleteNetworkInterface CreateTags DeleteTags
    """
)
READS = names(
    """
    DescribeVpcs DescribeVpcAttribute DescribeSubnets DescribeInternetGateways DescribeNatGateways
    DescribeRouteTables DescribeAddresses DescribeSecurityGroups DescribeSecurityGroupRules
    DescribeNetworkInterfaces DescribeTags DescribeAvailabilityZones DescribeRegions DescribeAccountAttributes
    DescribeInstances DescribeInstanceTypes DescribeInstanceTypeOfferings DescribeNetworkAcls
    DescribeDhcpOptions
    """
)
MODELLED = frozenset(CREATES) | ACTS | READS

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


def arns(operation: str, params: Params, start: str) -> Sequence[str]:
    """The ARNs that the operation is judged on. `start` is `arn:…:ec2:REGION:ACCOUNT:`."""
    if operation in READS:
        return ["*"]
    found = [f"{start}{CREATES[operation]}/*"] if operation in CREATES else []
    found += [f"{start}{kind}/{params[name]}" for name, kind in _PARAMETERS.items() if name in params]
    if operation in {"CreateTags", "DeleteTags"}:
        found += [_by_prefix(str(each), start) for each in params.get("ResourceId", ())]
    return found or ["*"]


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
