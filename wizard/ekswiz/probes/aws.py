"""Who a profile is and which clusters its account has. Only calls that read; nothing is retried."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from ekswiz.answers import check_field
from ekswiz.clients.aws_clients import clients, new_session, refuse_inherited_endpoints
from ekswiz.clients.aws_errors import ask_client, foreign, pages_client
from ekswiz.errors import EkswizError, Expired, TargetError, Unreadable
from ekswiz.frontend import ClusterSeen, Identity

WORKERS = 8
UNKNOWN = "unknown"
CONFIG_MAP = "CONFIG_MAP"
Client = Callable[[str], Any]


def open_session(profile: str | None, region: str, endpoint_url: str | None = None) -> tuple[Any, Client]:
    """A boto3 session of a profile (None or "" for the default credentials), and its clients.

    `endpoint_url` is another address than AWS's own, on purpose.

    Raises:
        InputError: There is no such profile or region, or another endpoint was left in a variable.
        TargetError: The AWS configuration cannot be used.
    """
    from botocore.exceptions import BotoCoreError

    if endpoint_url is None:
        refuse_inherited_endpoints(os.environ)
    check_field("region", region)
    try:
        session = new_session(profile, region)
        return session, _explained(clients(session, region, endpoint_url), profile)
    except BotoCoreError as error:
        raise TargetError(f"the AWS configuration cannot be used: {error}", "Correct ~/.aws/config.") from error


def identity(profile: str | None, region: str) -> Identity:
    """Who the profile is.

    Raises:
        Expired: The session is over; the remedy is the command that signs in again.
        TargetError: There are no credentials, AWS refuses them, or nobody answers.
        InputError: As for `open_session`.
    """
    session, aws = open_session(profile, region)
    return who_is(session, aws, profile)


def who_is(session: Any, aws: Client, profile: str | None) -> Identity:
    """The same, of a session that is open."""
    try:
        return who(aws, _seconds_left(session))
    except Expired as error:
        raise signed_out(error, profile) from error


def who(aws: Client, seconds_left: float | None = None) -> Identity:
    """Who these clients are. An alias that may not be read is none."""
    said = ask_client(aws("sts"), "sts", "get_caller_identity") or {}
    try:
        aliases = (ask_client(aws("iam"), "iam", "list_account_aliases") or {}).get("AccountAliases", [])
    except EkswizError:
        aliases = []
    return Identity(said.get("Account", ""), said.get("Arn", ""), next(iter(aliases), ""), seconds_left)


def clusters(profile: str | None, region: str) -> Sequence[ClusterSeen]:
    """The region's clusters, by name.

    Raises:
        Unreadable: They may not be listed.
        Expired, TargetError, InputError: As for `identity`.
    """
    _, aws = open_session(profile, region)
    try:
        return every_cluster(aws)
    except Expired as error:
        raise signed_out(error, profile) from error


def every_cluster(aws: Client) -> Sequence[ClusterSeen]:
    """Every cluster that these clients can list."""
    eks = aws("eks")
    names = sorted(pages_client(eks, "eks", "list_clusters", "clusters"))
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="ekswiz-clusters") as pool:
        return [found for found in pool.map(lambda name: one_cluster(eks, name), names) if found is not None]


def one_cluster(eks: Any, name: str) -> ClusterSeen | None:
    """One cluster; None if there is none of that name (any more). What may not be read is "unknown"."""
    try:
        answer = ask_client(eks, "eks", "describe_cluster", name=name)
    except Unreadable:
        return ClusterSeen(name, UNKNOWN, UNKNOWN, UNKNOWN, public=True)
    return None if answer is None else seen(answer["cluster"], _nodes(eks, name, answer["cluster"]))


def seen(found: Mapping[str, Any], nodes: int | None) -> ClusterSeen:
    """A cluster as DescribeCluster describes it. One from before access entries has no mode: its is CONFIG_MAP."""
    return ClusterSeen(
        name=found["name"],
        version=found.get("version", UNKNOWN),
        status=found.get("status", UNKNOWN),
        mode=found.get("accessConfig", {}).get("authenticationMode", CONFIG_MAP),
        public=bool(found.get("resourcesVpcConfig", {}).get("endpointPublicAccess", True)),
        nodes=nodes,
    )


def signed_out(error: Expired, profile: str | None) -> Expired:
    """The same, with the command that signs in again."""
    again = Expired(error.detail.rstrip("."))
    command = "aws login" if "aws login" in error.detail else "aws sso login"
    again.remedy = f"Sign in again: {command}{f' --profile {profile}' if profile else ''}"
    return again


def _nodes(eks: Any, cluster: str, found: Mapping[str, Any]) -> int | None:
    """Nodes of the managed groups; None where they may not be counted, or EKS makes them as they are needed."""
    if found.get("computeConfig", {}).get("enabled"):
        return None
    total = 0
    try:
        for name in pages_client(eks, "eks", "list_nodegroups", "nodegroups", clusterName=cluster):
            group = ask_client(eks, "eks", "describe_nodegroup", clusterName=cluster, nodegroupName=name)
            total += (group or {}).get("nodegroup", {}).get("scalingConfig", {}).get("desiredSize", 0)
    except EkswizError:
        return None
    return total


def _explained(made: Client, profile: str | None) -> Client:
    """Clients are made when they are first asked for, and making one already looks for credentials."""

    def client(service: str) -> Any:
        try:
            return made(service)
        except Exception as error:
            ours = foreign(error, f"{service}:*")
            if ours is None:
                raise
            raise (signed_out(ours, profile) if isinstance(ours, Expired) else ours) from error

    return client


def _seconds_left(session: Any) -> float | None:
    """Until when the credentials are good, where botocore knows it (it says so in an attribute of its own)."""
    ends = getattr(session.get_credentials(), "_expiry_time", None)
    return max(0.0, (ends - datetime.now(UTC)).total_seconds()) if isinstance(ends, datetime) else None
