"""Who is calling, and which policies speak for them: read with the caller's own rights.

Sources: STS API, GetCallerIdentity; IAM User Guide, "Policy evaluation logic" (users, groups, roles, boundaries).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ekswiz.clients.aws_errors import ask, pages
from ekswiz.errors import EkswizError
from ekswiz.plan import Json
from ekswiz.target import Target

Kind = Literal["root", "user", "role"]
_ARN = re.compile(
    r"arn:(?P<partition>[a-z-]+):(?:iam|sts)::(?P<account>[0-9]{12}):"
    r"(?:(?P<root>root)|user/(?P<user>.+)|assumed-role/(?P<role>[^/]+)/(?P<session>.+))",
    re.ASCII,
)


class Unseen(Exception):
    """The caller's policies cannot be read, or are of a kind whose policies nobody can read (a federated user)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`arn` as STS says it; `policy_source` the ARN of the user or role whose policies speak."""

    arn: str
    kind: Kind
    name: str
    policy_source: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """The policies of a caller. Session policies are not among them: AWS shows them to nobody."""

    identity: tuple[Json, ...]
    boundary: Json | None


def caller(target: Target) -> Caller:
    """Whoever these credentials belong to.

    Raises:
        TargetError: STS does not say.
        Unseen: Neither a user nor a role nor the root user.
    """
    answer = ask(target, "sts", "get_caller_identity") or {}
    arn = str(answer.get("Arn", ""))
    found = _ARN.fullmatch(arn)
    if found is None:
        raise Unseen(f"{arn or 'the caller'} is neither a user nor a role.")
    context = {"aws:PrincipalAccount": (found["account"],), "aws:userid": (str(answer.get("UserId", "")),)}
    if found["root"]:
        return Caller(arn, "root", "root", arn, context)
    if found["user"]:
        name = found["user"].rpartition("/")[2]
        context |= {"aws:PrincipalArn": (arn,), "aws:username": (name,), "aws:PrincipalType": ("User",)}
        return Caller(arn, "user", name, arn, context)
    source = _role_arn(target, found)
    context |= {"aws:PrincipalArn": (source,), "aws:PrincipalType": ("AssumedRole",)}
    return Caller(arn, "role", found["role"], source, context)


def policies(who: Caller, target: Target) -> Held:
    """The policies of a user (with groups) or role.

    Raises:
        TargetError: One of them may not be read.
    """
    kind = who.kind
    holder = {"UserName" if kind == "user" else "RoleName": who.name}
    found = list(_of(target, kind, holder))
    if kind == "user":
        for group in pages(target, "iam", "list_groups_for_user", "Groups", **holder):
            found += _of(target, "group", {"GroupName": group["GroupName"]})
    described = ask(target, "iam", f"get_{kind}", **holder) or {}
    bound = described.get(kind.title(), {}).get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return Held(tuple(found), _managed(target, bound) if bound else None)


def _role_arn(target: Target, found: re.Match[str]) -> str:
    """The role's own ARN: a session's does not hold the role's path."""
    plain = f"arn:{found['partition']}:iam::{found['account']}:role/{found['role']}"
    try:
        answer = ask(target, "iam", "get_role", RoleName=found["role"])
    except EkswizError:
        return plain
    return str(answer["Role"]["Arn"]) if answer else plain


def _of(target: Target, kind: str, holder: Mapping[str, str]) -> Iterator[Any]:
    for name in pages(target, "iam", f"list_{kind}_policies", "PolicyNames", **holder):
        answer = ask(target, "iam", f"get_{kind}_policy", PolicyName=name, **holder)
        if answer is not None:
            yield answer["PolicyDocument"]
    for policy in pages(target, "iam", f"list_attached_{kind}_policies", "AttachedPolicies", **holder):
        yield _managed(target, policy["PolicyArn"])


def _managed(target: Target, arn: str) -> Any:
    """A managed policy's document in its default version; one that is gone allows nothing."""
    policy = ask(target, "iam", "get_policy", PolicyArn=arn)
    version = policy and ask(
        target, "iam", "get_policy_version", PolicyArn=arn, VersionId=policy["Policy"]["DefaultVersionId"]
    )
    return version["PolicyVersion"]["Document"] if version else {"Version": "2012-10-17", "Statement": []}
