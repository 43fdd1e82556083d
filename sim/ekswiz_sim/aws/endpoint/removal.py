"""Removing objects from an endpoint, in an order in which none holds another, with what hangs on each."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from ekswiz_sim.aws.endpoint.wire import Wire
from ekswiz_sim.seams import ServiceError

# EC2 kind -> (describing operation, its list, the field of the id, deleting operation, its parameter)
_EC2: Mapping[str, tuple[str, str, str, str, str]] = {
    "natgateway": ("DescribeNatGateways", "NatGateways", "NatGatewayId", "DeleteNatGateway", "NatGatewayId"),
    "network-interface": (
        "DescribeNetworkInterfaces", "NetworkInterfaces", "NetworkInterfaceId", "DeleteNetworkInterface",
        "NetworkInterfaceId",
    ),
    "elastic-ip": ("DescribeAddresses", "Addresses", "AllocationId", "ReleaseAddress", "AllocationId"),
    "internet-gateway": (
        "DescribeInternetGateways", "InternetGateways", "InternetGatewayId", "DeleteInternetGateway",
        "InternetGatewayId",
    ),
    "subnet": ("DescribeSubnets", "Subnets", "SubnetId", "DeleteSubnet", "SubnetId"),
    "route-table": ("DescribeRouteTables", "RouteTables", "RouteTableId", "DeleteRouteTable", "RouteTableId"),
    "security-group": ("DescribeSecurityGroups", "SecurityGroups", "GroupId", "DeleteSecurityGroup", "GroupId"),
    "vpc": ("DescribeVpcs", "Vpcs", "VpcId", "DeleteVpc", "VpcId"),
}  # fmt: skip
_ORDER = ("access-key", "instance-profile", "user", "group", "role", "policy", "oidc-provider", *_EC2)
GONE = ("NoSuchEntity", "NotFound", "InvalidAllocationID", "InvalidAddressID")
"""Codes that say, by their beginning or their end, that there is no such thing."""


def remove(wire: Wire, things: Sequence[tuple[str, str]]) -> list[str]:
    """Remove them; those that could not be removed, in words.

    Raises:
        ServiceError: ServiceUnavailable; the endpoint does not answer.
    """
    left = []
    for kind, name in sorted(set(things), key=lambda thing: (_ORDER.index(thing[0]), thing[1])):
        try:
            _WAYS.get(kind, _ec2(kind))(wire, name)
        except ServiceError as error:
            if error.code == "ServiceUnavailable":
                raise
            if not gone(error):
                left.append(f"{kind} {name} at {wire.url}: {error.code} {error.message}")
    return left


def gone(error: ServiceError) -> bool:
    """Whether an endpoint says that there is no such thing."""
    return error.code.startswith(GONE) or error.code.endswith(GONE)


def tagged(wire: Wire, kind: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every object of an EC2 kind with its tags."""
    describe, member, field, _, _ = _EC2[kind]
    for one in wire.every("ec2", describe, member):
        yield str(one[field]), {str(tag["Key"]): str(tag.get("Value") or "") for tag in one.get("Tags") or ()}


def _access_key(wire: Wire, name: str) -> None:
    user, _, key = name.partition("/")
    wire.ask("iam", "DeleteAccessKey", UserName=user, AccessKeyId=key)


def _profile(wire: Wire, name: str) -> None:
    held = wire.ask("iam", "GetInstanceProfile", InstanceProfileName=name)["InstanceProfile"]
    for role in held.get("Roles") or ():
        wire.ask("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=role["RoleName"])
    wire.ask("iam", "DeleteInstanceProfile", InstanceProfileName=name)


def _user(wire: Wire, name: str) -> None:
    for key in list(wire.every("iam", "ListAccessKeys", "AccessKeyMetadata", UserName=name)):
        wire.ask("iam", "DeleteAccessKey", UserName=name, AccessKeyId=key["AccessKeyId"])
    for group in list(wire.every("iam", "ListGroupsForUser", "Groups", UserName=name)):
        wire.ask("iam", "RemoveUserFromGroup", UserName=name, GroupName=group["GroupName"])
    _stripped(wire, "User", name)
    wire.ask("iam", "DeleteUser", UserName=name)


def _group(wire: Wire, name: str) -> None:
    for user in list(wire.every("iam", "GetGroup", "Users", GroupName=name)):
        wire.ask("iam", "RemoveUserFromGroup", GroupName=name, UserName=user["UserName"])
    _stripped(wire, "Group", name)
    wire.ask("iam", "DeleteGroup", GroupName=name)


def _role(wire: Wire, name: str) -> None:
    for profile in list(wire.every("iam", "ListInstanceProfilesForRole", "InstanceProfiles", RoleName=name)):
        profile_name = profile["InstanceProfileName"]
        wire.ask("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=profile_name, RoleName=name)
    _stripped(wire, "Role", name)
    wire.ask("iam", "DeleteRole", RoleName=name)


def _stripped(wire: Wire, kind: str, name: str) -> None:
    """Take every policy off a user, group or role."""
    holder = {f"{kind}Name": name}
    for policy in list(wire.every("iam", f"List{kind}Policies", "PolicyNames", **holder)):
        wire.ask("iam", f"Delete{kind}Policy", PolicyName=policy, **holder)
    for policy in list(wire.every("iam", f"ListAttached{kind}Policies", "AttachedPolicies", **holder)):
        wire.ask("iam", f"Detach{kind}Policy", PolicyArn=policy["PolicyArn"], **holder)


def _policy(wire: Wire, arn: str) -> None:
    """A policy, off whatever it is attached to, with its versions."""
    held = wire.ask("iam", "ListEntitiesForPolicy", PolicyArn=arn)
    for kind in ("User", "Group", "Role"):
        for holder in held.get(f"Policy{kind}s") or ():
            wire.ask("iam", f"Detach{kind}Policy", PolicyArn=arn, **{f"{kind}Name": holder[f"{kind}Name"]})
    for version in list(wire.every("iam", "ListPolicyVersions", "Versions", PolicyArn=arn)):
        if not version.get("IsDefaultVersion"):
            wire.ask("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version["VersionId"])
    wire.ask("iam", "DeletePolicy", PolicyArn=arn)


def _provider(wire: Wire, arn: str) -> None:
    """A provider; some emulators say nothing about one that is not there."""
    wire.ask("iam", "DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=arn)


def _ec2(kind: str) -> Callable[[Wire, str], None]:
    def way(wire: Wire, name: str) -> None:
        let_go = _LETTING_GO.get(kind)
        if let_go is not None:
            with contextlib.suppress(ServiceError):  # what is gone holds nothing
                let_go(wire, name)
        _, _, _, delete, parameter = _EC2[kind]
        wire.ask("ec2", delete, **{parameter: name})

    return way


def nat_gateway_lets_go(wire: Wire, name: str) -> None:
    """A gateway that goes gives up its address and its interface, which some emulators forget."""
    for gateway in wire.ask("ec2", "DescribeNatGateways", NatGatewayIds=[name]).get("NatGateways") or ():
        for held in gateway.get("NatGatewayAddresses") or ():
            _tried(wire, "DisassociateAddress", "AssociationId", held)
            _tried(wire, "DeleteNetworkInterface", "NetworkInterfaceId", held)


def _tried(wire: Wire, operation: str, parameter: str, held: Mapping[str, str]) -> None:
    if held.get(parameter):
        with contextlib.suppress(ServiceError):
            wire.ask("ec2", operation, **{parameter: held[parameter]})


def _address_lets_go(wire: Wire, name: str) -> None:
    for address in wire.ask("ec2", "DescribeAddresses", AllocationIds=[name]).get("Addresses") or ():
        _tried(wire, "DisassociateAddress", "AssociationId", address)


def _internet_gateway_lets_go(wire: Wire, name: str) -> None:
    for gateway in wire.ask("ec2", "DescribeInternetGateways", InternetGatewayIds=[name])["InternetGateways"]:
        for held in gateway.get("Attachments") or ():
            wire.ask("ec2", "DetachInternetGateway", InternetGatewayId=name, VpcId=held["VpcId"])


def _route_table_lets_go(wire: Wire, name: str) -> None:
    for table in wire.ask("ec2", "DescribeRouteTables", RouteTableIds=[name])["RouteTables"]:
        for held in table.get("Associations") or ():
            if not held.get("Main"):
                _tried(
                    wire, "DisassociateRouteTable", "AssociationId", {"AssociationId": held["RouteTableAssociationId"]}
                )


_LETTING_GO: Mapping[str, Callable[[Wire, str], None]] = {
    "natgateway": nat_gateway_lets_go,
    "elastic-ip": _address_lets_go,
    "internet-gateway": _internet_gateway_lets_go,
    "route-table": _route_table_lets_go,
}
_WAYS: Mapping[str, Callable[[Wire, str], None]] = {
    "access-key": _access_key,
    "instance-profile": _profile,
    "user": _user,
    "group": _group,
    "role": _role,
    "policy": _policy,
    "oidc-provider": _provider,
}
