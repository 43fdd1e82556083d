"""Principals of the matrix: a token goes in, an assumed role with its clients comes out, if STS agrees."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from ekswiz.answers import Answers
from ekswiz_sim.access.probes import Caller
from ekswiz_sim.world import World


def assume(world: World, answers: Answers, role: str, token: str, *, tag: str) -> tuple[Caller | None, str]:
    """Ask STS for the role with this token; the caller, or None and STS's words."""
    from botocore.exceptions import ClientError

    arn = f"arn:{answers.partition}:iam::{answers.account}:role/{role}"
    try:
        answer = world.anonymous("sts").assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="gha-1-1", WebIdentityToken=token
        )
    except ClientError as error:
        return None, f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return _caller(world, answers, role, answer["Credentials"], tag), "assumed"


def _caller(world: World, answers: Answers, role: str, credentials: Mapping[str, Any], tag: str) -> Caller:
    endpoint = world.cluster_endpoint(answers.cluster)
    keys = {name: str(credentials[name]) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
    return Caller(
        role=role,
        credentials=keys,
        aws=functools.cache(lambda service: world.client(service, keys)),
        kubernetes_url=endpoint.url,
        kubernetes_ca=endpoint.ca_pem,
        kubernetes_token=functools.cache(lambda: world.eks_token(answers.cluster, keys)),
        tag=tag,
    )
