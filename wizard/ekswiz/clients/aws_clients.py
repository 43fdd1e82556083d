"""The way to AWS itself: a Target from a profile. Refuses to act on an account or an address that nobody named."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ekswiz.clients.aws_errors import ask_client
from ekswiz.clients.github_client import API, GitHubClient
from ekswiz.clients.github_sign_in import sign_in
from ekswiz.clients.kube_client import kubernetes_clients
from ekswiz.errors import InputError
from ekswiz.fields.regions import regions
from ekswiz.target import RealClock, Target

HOMES = {"pricing": "us-east-1"}
"""Services that are not in every region, and where they are asked instead.

Source: https://docs.aws.amazon.com/general/latest/gr/billing.html (AWS Price List)
"""
CONNECT_SECONDS = 5
READ_SECONDS = 30
ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL"
PROFILE_VARIABLES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
"""In botocore's order."""


def aws_target(
    profile: str | None, region: str, account: str, checkout: Path, endpoint_url: str | None = None
) -> Target:
    """AWS as this profile sees it.

    Args:
        profile: A profile of the AWS configuration; None takes the default credentials.
        region: The region to act in.
        account: The account that the credentials must belong to, 12 digits.
        checkout: The user's repository.
        endpoint_url: Another address than AWS's own, on purpose.

    Raises:
        InputError: The profile does not exist, the credentials are another account's, or an endpoint was inherited
            from the environment.
        TargetError: There are no usable credentials.
    """
    if endpoint_url is None:
        refuse_inherited_endpoints(os.environ)
    session = new_session(profile, region)
    aws = clients(session, region, endpoint_url)
    _same_account(aws("sts"), account, profile)
    return target_of(session, aws, region, account, checkout)


def target_of(session: Any, aws: Callable[[str], Any], region: str, account: str, checkout: Path) -> Target:
    """The target of a session and its clients, whose account is known already."""
    sts_url = aws("sts").meta.endpoint_url
    return Target(
        kind="aws",
        partition=regions().get(region, "aws"),
        account=account,
        region=region,
        aws=aws,
        kubernetes=kubernetes_clients(aws("eks"), session.get_credentials(), region, sts_url=sts_url),
        github=functools.cache(_github),
        checkout=checkout,
        clock=RealClock(),
    )


def clients(session: Any, region: str, endpoint_url: str | None) -> Callable[[str], Any]:
    """A function from a service's name to its boto3 client, made once. Thread-safe.

    Timeouts are short and botocore does not retry: `patience` does, so that every wait is explained and can be stopped.
    """
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
        ignore_configured_endpoint_urls=True,
        user_agent_extra="ekswiz",
    )
    made: dict[str, Any] = {}
    lock = threading.Lock()

    def client(service: str) -> Any:
        with lock:
            if service not in made:
                home = HOMES.get(service, region)
                made[service] = session.client(service, region_name=home, endpoint_url=endpoint_url, config=config)
            return made[service]

    return client


def refuse_inherited_endpoints(environment: Mapping[str, str]) -> None:
    """An emulator's address left in the environment must not receive what was meant for AWS, nor the reverse.

    Raises:
        InputError: Names the variable.
    """
    for name in sorted(environment):
        if (name == ENDPOINT_VARIABLE or name.startswith(f"{ENDPOINT_VARIABLE}_")) and environment[name]:
            raise InputError(
                name,
                f"is set to {environment[name]!r}, so calls would not go to AWS.",
                f"Unset it, or say --endpoint-url {environment[name]} if you mean it.",
            )


def new_session(profile: str | None, region: str) -> Any:
    """A boto3 session with the credentials of this profile, or of the default chain.

    Raises:
        InputError: There is no such profile; names the flag or the variable that asked for it.
    """
    import boto3
    from botocore.exceptions import ProfileNotFound

    try:
        return boto3.Session(profile_name=profile or None, region_name=region)
    except ProfileNotFound as error:
        asked = next((name for name in PROFILE_VARIABLES if os.environ.get(name)), "")
        where, name = ("--profile", profile) if profile or not asked else (asked, os.environ[asked])
        raise InputError(where, f"there is no AWS profile {name!r}.", "See: aws configure list-profiles") from error


def _same_account(sts: Any, account: str, profile: str | None) -> None:
    identity = ask_client(sts, "sts", "get_caller_identity") or {}
    found = identity.get("Account")
    if found != account:
        whose = f"profile {profile!r}" if profile else "the default credentials"
        raise InputError(
            "account",
            f"{whose} belong to account {found}, and the answers say {account}. Nothing was done.",
            "Name the right --profile, or correct `account`.",
        )


def _github() -> GitHubClient:
    """GitHub as whoever is signed in there; nothing is asked before the first call."""
    return GitHubClient(API, lambda: sign_in(os.environ))
