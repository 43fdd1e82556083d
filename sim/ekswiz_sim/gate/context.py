"""Condition keys of a request: what every request has, and what its parameters and its resource add.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ekswiz_sim.gate.keys import Keyring
from ekswiz_sim.gate.wire import Request
from ekswiz_sim.seams import Principal

Context = Mapping[str, Sequence[str]]
_ISO = "%Y-%m-%dT%H:%M:%SZ"


def stamp(at: float) -> str:
    """A moment in the form that date conditions compare."""
    return datetime.fromtimestamp(at, UTC).strftime(_ISO)


def principal_arn(principal: Principal) -> str:
    """What `aws:PrincipalArn` holds: the IAM role behind a session, else the caller itself."""
    return principal.role_arn or principal.arn


def user_id(principal: Principal) -> str:
    """What `aws:userid` and GetCallerIdentity's UserId hold."""
    if principal.kind == "assumed-role":
        return f"{principal.unique_id}:{principal.session_name}"
    return principal.unique_id


def of_time(now: float) -> Context:
    """`aws:CurrentTime` and `aws:EpochTime`."""
    return {"aws:CurrentTime": [stamp(now)], "aws:EpochTime": [str(int(now))]}


_TYPES = {"user": "User", "assumed-role": "AssumedRole", "root": "Account"}


def of_principal(principal: Principal, keys: Keyring) -> Context:
    """The keys that describe the caller."""
    found: dict[str, Sequence[str]] = {
        "aws:PrincipalArn": [principal_arn(principal)],
        "aws:PrincipalAccount": [principal.account],
        "aws:PrincipalType": [_TYPES[principal.kind]],
        "aws:PrincipalIsAWSService": ["false"],
        "aws:ViaAWSService": ["false"],
        "aws:userid": [user_id(principal)],
        **{f"aws:PrincipalTag/{key}": [value] for key, value in principal.tags.items()},
    }
    if principal.kind == "user":
        found["aws:username"] = [principal.name]
    session = keys.session(principal.access_key)
    if session is not None:
        found["aws:TokenIssueTime"] = [stamp(session.issued)]
        found["aws:MultiFactorAuthPresent"] = ["false"]
        found.update(session.context)
    return found


def of_request(request: Request, region: str) -> Context:
    """The keys that describe the connection.

    The world's plain loopback port stands for AWS's TLS endpoint: a policy that demands TLS must judge as at AWS.
    """
    agent = request.header("user-agent")
    return {
        "aws:RequestedRegion": [region],
        "aws:SourceIp": [request.source_ip],
        "aws:SecureTransport": ["true"],
        **({"aws:UserAgent": [agent]} if agent else {}),
    }


def of_tags(tags: Mapping[str, str]) -> Context:
    """`aws:RequestTag/…` and `aws:TagKeys`."""
    if not tags:
        return {}
    return {"aws:TagKeys": list(tags), **{f"aws:RequestTag/{key}": [value] for key, value in tags.items()}}


def of_resource(tags: Mapping[str, str], service: str) -> Context:
    """`aws:ResourceTag/…`, and the service's older name for the same (iam, ecr and ec2 have one)."""
    found: dict[str, Sequence[str]] = {f"aws:ResourceTag/{key}": [value] for key, value in tags.items()}
    if service in {"iam", "ecr", "ec2"}:
        found.update({f"{service}:ResourceTag/{key}": [value] for key, value in tags.items()})
    return found


def request_tags(params: Mapping[str, Any]) -> Mapping[str, str]:
    """The tags that a request sets, whatever form the service gives them."""
    tags = params.get("Tags", params.get("tags", ()))
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    found = {}
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, Mapping):
            key = tag.get("Key", tag.get("key"))
            found[str(key)] = str(tag.get("Value", tag.get("value", "")))
    return found


def removed_keys(params: Mapping[str, Any]) -> Sequence[str]:
    """The tag keys that an untagging request removes."""
    keys = params.get("TagKeys", params.get("tagKeys", ()))
    return [str(key) for key in keys] if isinstance(keys, list) else []
