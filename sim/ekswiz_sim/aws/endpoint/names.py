"""What a call makes or removes, by its own words: the tables behind the note of what a world made."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import TYPE_CHECKING

from ekswiz_sim.gate.actions_ec2 import CREATES

if TYPE_CHECKING:
    from ekswiz_sim.aws.endpoint.iam_seen import IamSeen

Thing = tuple[str, str]
Form = Mapping[str, str]
ABOUT_ME = frozenset({"GetUser", "ListAccessKeys", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"})
"""Calls of IAM that without a name are about whoever calls."""
EC2_MADE: Mapping[str, str] = CREATES
EC2_ID: Mapping[str, str] = {
    "vpc": "vpcId",
    "subnet": "subnetId",
    "internet-gateway": "internetGatewayId",
    "natgateway": "natGatewayId",
    "route-table": "routeTableId",
    "security-group": "groupId",
    "network-interface": "networkInterfaceId",
    "elastic-ip": "allocationId",
}
"""Kind -> the member of the answer that holds its id."""
_EC2_REMOVED: Mapping[str, tuple[str, str]] = {
    "DeleteVpc": ("vpc", "VpcId"),
    "DeleteSubnet": ("subnet", "SubnetId"),
    "DeleteInternetGateway": ("internet-gateway", "InternetGatewayId"),
    "DeleteNatGateway": ("natgateway", "NatGatewayId"),
    "DeleteRouteTable": ("route-table", "RouteTableId"),
    "DeleteSecurityGroup": ("security-group", "GroupId"),
    "DeleteNetworkInterface": ("network-interface", "NetworkInterfaceId"),
    "ReleaseAddress": ("elastic-ip", "AllocationId"),
}
_IAM: Mapping[str, tuple[str, str]] = {
    "Role": ("role", "RoleName"),
    "User": ("user", "UserName"),
    "Group": ("group", "GroupName"),
    "InstanceProfile": ("instance-profile", "InstanceProfileName"),
}
_BY_ARN: Mapping[str, tuple[str, str]] = {
    "DeletePolicy": ("policy", "PolicyArn"),
    "DeleteOpenIDConnectProvider": ("oidc-provider", "OpenIDConnectProviderArn"),
}


def made_by(operation: str, form: Form, arns: str) -> Thing | None:
    """What an IAM call makes; `arns` is how the account's IAM ARNs begin. A key has no id yet: only its user."""
    kind = _IAM.get(operation.removeprefix("Create")) if operation.startswith("Create") else None
    if kind is not None:
        return kind[0], form.get(kind[1], "")
    if operation == "CreatePolicy":
        return "policy", f"{arns}policy{form.get('Path', '/')}{form.get('PolicyName', '')}"
    if operation == "CreateOpenIDConnectProvider":
        return "oidc-provider", f"{arns}oidc-provider/{form.get('Url', '').partition('://')[2]}"
    return ("access-key", form.get("UserName", "")) if operation == "CreateAccessKey" else None


def there(thing: Thing, seen: IamSeen) -> bool:
    """Whether IAM has something of that kind and name. A user's keys have no names: never."""
    kind, name = thing
    held: Mapping[str, Container[str]] = {
        "role": {role.name for role in seen.roles.values()},
        "user": seen.users,
        "group": seen.groups,
        "instance-profile": seen.instance_profiles,
        "policy": seen.managed_policies,
        "oidc-provider": seen.open_id_providers,
    }
    return name in held.get(kind, ())


def removed_by(service: str, operation: str, form: Form) -> Thing | None:
    """What a call that was carried out removed."""
    if service == "ec2":
        kind, parameter = _EC2_REMOVED.get(operation, ("", ""))
        return (kind, form.get(parameter, "")) if kind else None
    named = _BY_ARN.get(operation) or (_IAM.get(operation.removeprefix("Delete")) if "Delete" in operation else None)
    if named is not None:
        return named[0], form.get(named[1], "")
    if operation == "DeleteAccessKey":
        return "access-key", f"{form.get('UserName', '')}/{form.get('AccessKeyId', '')}"
    return None


def member(text: str, name: str) -> str:
    """The first element of that name in an answer's XML, which holds no markup of its own."""
    found = re.search(rf"<(?:\w+:)?{name}>([^<]*)</", text)
    return found[1] if found else ""
