"""The way to AWS for checks: open as far as it goes, whatever the answers say."""

from __future__ import annotations

from pathlib import Path

from ekswiz.clients.aws_clients import target_of
from ekswiz.doctor.facts import Door
from ekswiz.errors import InputError
from ekswiz.probes.aws import open_session, who_is


def live_door(profile: str | None, region: str, checkout: Path, endpoint_url: str | None) -> Door:
    """AWS as this profile sees it; that it is the account of the answers is another check.

    Raises:
        InputError: There is no such profile or region, or no region at all.
        TargetError: There are no usable credentials, or AWS does not answer.
    """
    if not region:
        raise InputError("--region", "not known, and nothing here says it.", "Give the flag, or set AWS_REGION.")
    session, aws = open_session(profile, region, endpoint_url)
    identity = who_is(session, aws, profile)
    return Door(target_of(session, aws, region, identity.account, checkout), identity)
