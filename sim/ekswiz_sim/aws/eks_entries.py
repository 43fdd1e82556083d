"""Access entries and their access policies.

Surprising: an entry keeps the IAM principal's unique id. A role that was deleted and made again has another one behind
the same ARN, and the entry, which looks healthy, lets nobody in.

Source: https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ekswiz_sim.aws.access_policies import policy_arn
from ekswiz_sim.aws.eks_state import (
    Cluster,
    Entry,
    Params,
    State,
    in_use,
    invalid_parameter,
    invalid_request,
    new_id,
    not_found,
    page,
)
from ekswiz_sim.seams import Principal

PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):(?P<type>root$|(?:role|user)(?=/))(?:/[\w+=,.@/-]+)?", re.ASCII
)
RESERVED = ("system:", "eks:", "aws:", "amazon:", "iam:")
NODE_TYPES = ("EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX", "HYPERPOD_LINUX")
NODE_USERNAME = "system:node:{{EC2PrivateDNSName}}"
SESSION_NAMES = ("{{SessionName}}", "{{SessionNameRaw}}")
LONGEST_GROUP = 63
UNKNOWN_PRINCIPAL = (
    "The specified principalArn could not be found. You can view your available access entries with"
    " 'list-access-entries'."
)


class Entries:
    """The operations on access entries.

    Args:
        state: What the service remembers.
        principals: The unique id behind the ARN of an IAM role or user; None if there is none.
    """

    def __init__(self, state: State, principals: Callable[[str], str | None]) -> None:
        self.state = state
        self.unique_id = principals

    def create(self, params: Params, _: Principal) -> dict[str, Any]:
        """CreateAccessEntry."""
        unique_id = self.unique_id(params["principalArn"])  # IAM has a lock of its own: never ask it holding ours
        with self.state.lock:
            again = self.state.replayed("CreateAccessEntry", params)
            if isinstance(again, Entry):
                return {"accessEntry": self.described(params["clusterName"], again)}
            cluster = self._cluster(params)
            entry = self._checked(cluster, params, unique_id)
            cluster.entries[entry.principal_arn] = entry
            self.state.keep("CreateAccessEntry", params, entry)
            return {"accessEntry": self.described(cluster.name, entry)}

    def describe(self, params: Params, _: Principal) -> dict[str, Any]:
        """DescribeAccessEntry."""
        with self.state.lock:
            return {"accessEntry": self.described(params["clusterName"], self.entry(params))}

    def list(self, params: Params, _: Principal) -> dict[str, Any]:
        """ListAccessEntries."""
        policy = params.get("associatedPolicyArn")
        with self.state.lock:
            entries = self._cluster(params).entries.values()
            found = sorted(each.principal_arn for each in entries if policy is None or policy in each.policies)
        arns, more = page(found, params)
        return {"accessEntries": arns, **more}

    def update(self, params: Params, _: Principal) -> dict[str, Any]:
        """UpdateAccessEntry; what is not given stays."""
        with self.state.lock:
            entry = self.entry(params)
            _must_be_standard(entry)
            groups = params.get("kubernetesGroups", entry.groups)
            username = params.get("username") or entry.username
            _check_groups(groups)
            if username != entry.username:
                _check_username(username)
            entry.groups, entry.username, entry.modified = list(groups), username, self.state.now()
            return {"accessEntry": self.described(params["clusterName"], entry)}

    def delete(self, params: Params, _: Principal) -> dict[str, Any]:
        """DeleteAccessEntry."""
        with self.state.lock:
            entry = self.entry(params)
            del self._cluster(params).entries[entry.principal_arn]
            self.state.forget(entry)
            return {}

    def add_creator(self, cluster: Cluster) -> None:
        """The entry that `bootstrapClusterCreatorAdminPermissions` gives to whoever made the cluster."""
        if not cluster.bootstrap or cluster.creator is None or cluster.mode == "CONFIG_MAP":
            return
        arn, unique_id = cluster.creator
        found = PRINCIPAL.fullmatch(arn)
        if found is None or arn in cluster.entries:
            return
        now = self.state.now()
        admin = policy_arn("AmazonEKSClusterAdminPolicy", self.state.partition)
        scope = {"type": "cluster", "namespaces": []}
        policy = {"policyArn": admin, "accessScope": scope, "associatedAt": now, "modifiedAt": now}
        own = self._arn(cluster.name, found, arn)
        entry = Entry(arn, unique_id, own, default_username(arn), [], "STANDARD", now, now, policies={admin: policy})
        cluster.entries[arn] = entry

    def add_nodes(self, cluster: Cluster, role_arn: str, unique_id: str, kind: str = "EC2_LINUX") -> None:
        """The entry that EKS itself makes for a node role; there is none where the mode knows no entries."""
        found = PRINCIPAL.fullmatch(role_arn)
        if found is None or role_arn in cluster.entries or cluster.mode == "CONFIG_MAP":
            return
        now, own = self.state.now(), self._arn(cluster.name, found, role_arn)
        groups = ["system:nodes"] if kind == "EC2_LINUX" else []
        cluster.entries[role_arn] = Entry(role_arn, unique_id, own, NODE_USERNAME, groups, kind, now, now)

    def remove_nodes(self, cluster: Cluster, role_arn: str) -> None:
        """Take that entry away again."""
        entry = cluster.entries.get(role_arn)
        if entry is not None and entry.type in NODE_TYPES:
            del cluster.entries[role_arn]

    def described(self, cluster: str, entry: Entry) -> dict[str, Any]:
        """The members of EKS's AccessEntry."""
        return {
            "clusterName": cluster,
            "principalArn": entry.principal_arn,
            "kubernetesGroups": entry.groups,
            "accessEntryArn": entry.arn,
            "createdAt": entry.created,
            "modifiedAt": entry.modified,
            "tags": entry.tags,
            "username": entry.username,
            "type": entry.type,
        }

    def arn_of(self, cluster: str, principal_arn: str) -> str:
        """The ARN that an operation on an entry is authorised on; of one that is not there, all but its identifier."""
        with self.state.lock:
            known = self.state.clusters.get(cluster)
            entry = known.entries.get(principal_arn) if known else None
        if entry:
            return entry.arn
        found = PRINCIPAL.fullmatch(principal_arn)
        return self._arn(cluster, found, principal_arn, "*") if found else self.state.arn(f"access-entry/{cluster}/*")

    def entry(self, params: Params) -> Entry:
        """The entry that a request names. The caller holds the lock.

        Raises:
            ServiceError: No such cluster or entry, or the cluster's mode has none.
        """
        found = self._cluster(params).entries.get(params["principalArn"])
        if found is None:
            raise not_found(UNKNOWN_PRINCIPAL, clusterName=params["clusterName"])
        return found

    def _cluster(self, params: Params) -> Cluster:
        cluster = self.state.active(params["clusterName"])
        if cluster.mode == "CONFIG_MAP":
            raise invalid_request(
                "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this"
                " operation.",
                clusterName=cluster.name,
            )
        return cluster

    def _checked(self, cluster: Cluster, params: Params, unique_id: str | None) -> Entry:
        arn = params["principalArn"]
        found = PRINCIPAL.fullmatch(arn)
        if found is None:
            raise invalid_parameter("The principalArn parameter format is not valid", clusterName=cluster.name)
        if ":role/aws-service-role/" in arn:
            raise invalid_parameter(
                "The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role"
            )
        if unique_id is None:
            raise invalid_parameter("The specified principalArn is invalid: invalid principal.")
        if arn in cluster.entries:
            raise in_use(
                "The specified access entry resource is already in use on this cluster.", clusterName=cluster.name
            )
        kind, username, groups = _identity(params, found["type"])
        now = self.state.now()
        own = self._arn(cluster.name, found, arn)
        return Entry(arn, unique_id, own, username, groups, kind, now, now, dict(params.get("tags", {})))

    def _arn(self, cluster: str, found: re.Match[str], principal_arn: str, identifier: str = "") -> str:
        name = principal_arn.rpartition("/")[2] if "/" in principal_arn else "root"
        owner = f"{found['type']}/{found['account']}/{name}"
        return self.state.arn(f"access-entry/{cluster}/{owner}/{identifier or new_id()}")


def default_username(principal_arn: str) -> str:
    """What EKS calls a principal in Kubernetes: a role by its session, without path; a user by its ARN."""
    if ":role/" not in principal_arn:
        return principal_arn
    prefix, _, path = principal_arn.partition(":role/")
    return f"{prefix.replace(':iam:', ':sts:')}:assumed-role/{path.rpartition('/')[2]}/{{{{SessionName}}}}"


def _identity(params: Params, principal_type: str) -> tuple[str, str, list[str]]:
    """Type, username and groups of a new entry."""
    kind = params.get("type") or "STANDARD"
    groups, username = list(params.get("kubernetesGroups", ())), params.get("username")
    if kind == "STANDARD":
        _check_groups(groups)
        if username:
            _check_username(username)
        return kind, username or default_username(params["principalArn"]), groups
    if kind not in NODE_TYPES:
        raise invalid_parameter(f"The access entry type {kind} is not valid")
    if principal_type != "role":
        raise invalid_parameter(f"The principalArn of an access entry of type {kind} must be an IAM role")
    if groups or username:
        raise invalid_parameter(f"An access entry of type {kind} takes neither kubernetesGroups nor username")
    return kind, NODE_USERNAME, ["system:nodes"]


def _must_be_standard(entry: Entry) -> None:
    if entry.type != "STANDARD":
        raise invalid_parameter('This operation can only be performed on Access Entries with a type of "STANDARD".')


def _check_groups(groups: list[str]) -> None:
    for group in groups:
        prefix = next((each for each in RESERVED if group.startswith(each)), None)
        if prefix:
            raise invalid_parameter(f"The kubernetes group name {group} is invalid, it cannot start with {prefix}")
        if not group.strip() or len(group) > LONGEST_GROUP:
            raise invalid_parameter(f"The kubernetes group name {group} is invalid")


def _check_username(username: str) -> None:
    prefix = next((each for each in RESERVED if username.startswith(each)), None)
    if prefix:
        raise invalid_parameter(f"The username must not begin with {prefix}")
    for session_name in SESSION_NAMES:
        before, found, _ = username.partition(session_name)
        if found and ":" not in before:
            raise invalid_parameter(f"The username must include a colon before {session_name}")
