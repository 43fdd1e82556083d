"""Every IAM and EC2 object of an account as plain JSON, in a stable order, to compare a world before and after.

EC2's defaults (the default VPC and what belongs to it) are left out: moto makes them with the first EC2 call, and no
plan touches them. So are NAT gateways that are gone, which EC2 goes on listing for an hour.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from ekswiz_sim.aws.moto_backend import MotoBackend

VARYING = ("unique_id", "created", "access_keys")
"""IAM fields that are made up anew: ids, creation times, access key ids. EC2 makes up every id that ends in Id."""

# describing action -> (the list in its answer, the field that identifies one)
_EC2: Mapping[str, tuple[str, str]] = {
    "DescribeVpcs": ("vpcSet", "vpcId"),
    "DescribeSubnets": ("subnetSet", "subnetId"),
    "DescribeRouteTables": ("routeTableSet", "routeTableId"),
    "DescribeInternetGateways": ("internetGatewaySet", "internetGatewayId"),
    "DescribeNatGateways": ("natGatewaySet", "natGatewayId"),
    "DescribeAddresses": ("addressesSet", "allocationId"),
    "DescribeSecurityGroups": ("securityGroupInfo", "groupId"),
    "DescribeNetworkInterfaces": ("networkInterfaceSet", "networkInterfaceId"),
}


def snapshot(backend: MotoBackend) -> Mapping[str, Any]:
    """All objects: kind -> identifier (ARN or EC2 id) -> fields."""
    return {**_iam(backend), **_ec2(backend)}


def _iam(backend: MotoBackend) -> Mapping[str, Any]:
    with backend.lock:
        iam = backend.iam
        own = [policy for policy in iam.managed_policies.values() if policy.arn.split(":")[4] != "aws"]
        return {
            "iam_role": _by_arn(iam.roles.values(), _role),
            "iam_user": _by_arn(iam.users.values(), _user),
            "iam_group": _by_arn(iam.groups.values(), _group),
            "iam_policy": _by_arn(own, _policy),
            "iam_instance_profile": _by_arn(iam.instance_profiles.values(), _profile),
            "oidc_provider": _by_arn(iam.open_id_providers.values(), _provider),
        }


def _by_arn(things: Any, view: Any) -> dict[str, Any]:
    return {str(thing.arn): view(thing) for thing in sorted(things, key=lambda each: str(each.arn))}


def _tags(tags: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in sorted(tags or (), key=lambda tag: str(tag["Key"]))}


def _held(holder: Any) -> dict[str, Any]:
    return {
        "unique_id": holder.id,
        "created": holder.create_date.isoformat(),
        "path": holder.path,
        "inline": {name: json.loads(text) for name, text in sorted(holder.policies.items())},
        "attached": sorted(holder.managed_policies),
    }


def _role(role: Any) -> dict[str, Any]:
    return {
        **_held(role),
        "trust": json.loads(role.assume_role_policy_document),
        "boundary": role.permissions_boundary_arn,
        "description": role.description or "",
        "max_session_duration": int(role.max_session_duration or 3600),
        "tags": _tags(role.tags),
    }


def _user(user: Any) -> dict[str, Any]:
    keys = [key.access_key_id for key in user.access_keys]
    return {**_held(user), "access_keys": keys, "groups": sorted(user.group_list), "tags": _tags(user.tags)}


def _group(group: Any) -> dict[str, Any]:
    return {**_held(group), "users": sorted(user.name for user in group.users)}


def _policy(policy: Any) -> dict[str, Any]:
    return {
        "unique_id": policy.id,
        "created": policy.create_date.isoformat(),
        "default_version": policy.default_version_id,
        "versions": {version.version_id: json.loads(version.document) for version in policy.versions},
        "description": policy.description,
        "tags": _tags((policy.tags or {}).values()),
    }


def _profile(profile: Any) -> dict[str, Any]:
    roles = sorted(role.name for role in profile.roles)
    return {"unique_id": profile.id, "created": profile.create_date.isoformat(), "roles": roles}


def _provider(provider: Any) -> dict[str, Any]:
    return {
        "created": provider.create_date.isoformat(),
        "client_ids": sorted(provider.client_id_list or ()),
        "thumbprints": list(provider.thumbprint_list or ()),
        "tags": _tags(provider.tags.values()),
    }


def _ec2(backend: MotoBackend) -> Mapping[str, Any]:
    if "ec2" not in backend.used:
        return {_kind(action): {} for action in _EC2}
    described = {action: _described(backend, action) for action in _EC2}
    default = {key for key, vpc in described["DescribeVpcs"].items() if vpc.get("isDefault") == "true"}
    return {
        _kind(action): {key: thing for key, thing in things.items() if _there(thing, default)}
        for action, things in described.items()
    }


def _there(thing: Mapping[str, Any], default: set[str]) -> bool:
    """Whether an object is somebody's, and not a default or gone (only NAT gateways have that state)."""
    return thing.get("vpcId") not in default and thing.get("state") != "deleted"


def _kind(action: str) -> str:
    return "ec2_" + action.removeprefix("Describe").lower()


def _described(backend: MotoBackend, action: str) -> dict[str, Any]:
    name, key = _EC2[action]
    # The text is our own moto's, made in this process.
    root = ET.fromstring(backend.call("ec2", {"Action": action}).body)  # noqa: S314 - see above
    held = next((child for child in root if _name(child) == name), None)
    things = [_plain(item) for item in held] if held is not None else []
    return {thing[key]: thing for thing in sorted(things, key=lambda each: str(each[key]))}


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _plain(element: ET.Element) -> Any:
    if len(element) == 0:
        return [] if _name(element).endswith("Set") else (element.text or "")
    if all(_name(child) == "item" for child in element):
        return [_plain(child) for child in element]
    return {_name(child): _plain(child) for child in element}
