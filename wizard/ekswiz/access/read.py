"""Reads a real role: its trust, its policies, its boundary, its providers and its ways into a cluster.

Surprising: only the trust policy has to be readable. What else is denied is named in `Role.unread`, and whoever
computes with the role must then say "not known" instead of "no".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import ask, pages
from ekswiz.errors import EkswizError, InputError
from ekswiz.lint.clauses import clauses
from ekswiz.lint.finding import Role, Way
from ekswiz.plan import Json
from ekswiz.target import Target

T = TypeVar("T")
NOTHING: Json = {"Version": "2012-10-17", "Statement": []}


def read_role(target: Target, answers: Answers, name: str) -> Role:
    """The role of this name or ARN, with its way into the answers' cluster.

    Raises:
        InputError: There is no such role in the account.
        TargetError: The role itself may not be read.
    """
    held = ask(target, "iam", "get_role", RoleName=name.rpartition("/")[2])
    role = held["Role"] if held else None
    if role is None or (name.startswith("arn:") and role["Arn"] != name):
        raise InputError("ROLE", f"account {answers.account} has no role {name}.", "Name a role of this account.")
    reading = _Reading(target)
    trust = role["AssumeRolePolicyDocument"]
    where = {"RoleName": role["RoleName"]}
    bound = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return Role(
        arn=role["Arn"],
        trust=trust,
        inline=reading.part("its inline policies", lambda: dict(_inline(target, where)), {}),
        managed=reading.part("its managed policies", lambda: dict(_attached(target, where)), {}),
        boundary=reading.part("its boundary", lambda: _managed(target, bound), NOTHING) if bound else None,
        session_seconds=int(role.get("MaxSessionDuration", 3600)),
        audiences=reading.part("its identity providers", lambda: dict(_audiences(target, trust)), {}),
        ways=reading.part("its access entry", lambda: _ways(target, answers.cluster, role["Arn"]), ()),
        unread=tuple(reading.unread),
    )


class _Reading:
    """Reads part by part, and keeps what was refused."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.unread: list[str] = []

    def part(self, what: str, read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except EkswizError as refused:
            self.unread.append(f"{what} ({refused.detail})")
            return otherwise


def _inline(target: Target, where: Mapping[str, str]) -> Iterator[tuple[str, Json]]:
    for name in pages(target, "iam", "list_role_policies", "PolicyNames", **where):
        answer = ask(target, "iam", "get_role_policy", PolicyName=name, **where)
        if answer is not None:
            yield name, answer["PolicyDocument"]


def _attached(target: Target, where: Mapping[str, str]) -> Iterator[tuple[str, Json]]:
    for policy in pages(target, "iam", "list_attached_role_policies", "AttachedPolicies", **where):
        yield policy["PolicyArn"], _managed(target, policy["PolicyArn"])


def _managed(target: Target, arn: str) -> Json:
    """A managed policy's document in its default version; one that is gone allows nothing."""
    policy = ask(target, "iam", "get_policy", PolicyArn=arn)
    version = policy and ask(
        target, "iam", "get_policy_version", PolicyArn=arn, VersionId=policy["Policy"]["DefaultVersionId"]
    )
    document: Any = version["PolicyVersion"]["Document"] if version else NOTHING
    return dict(document)


def _audiences(target: Target, trust: Json) -> Iterator[tuple[str, tuple[str, ...]]]:
    named = {value for clause in clauses(trust) for kind, value in clause.principals if kind == "Federated"}
    for arn in sorted(each for each in named if ":oidc-provider/" in each):
        provider = ask(target, "iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
        yield arn, tuple(provider.get("ClientIDList", ())) if provider else ()


def _ways(target: Target, cluster: str, arn: str) -> tuple[Way, ...]:
    where = {"clusterName": cluster, "principalArn": arn}
    entry = ask(target, "eks", "describe_access_entry", **where)
    if entry is None:
        return ()
    policies = tuple(
        (each["policyArn"], tuple(each["accessScope"].get("namespaces", ())))
        for each in pages(target, "eks", "list_associated_access_policies", "associatedAccessPolicies", **where)
    )
    return (Way(cluster, tuple(entry["accessEntry"].get("kubernetesGroups", ())), policies),)
