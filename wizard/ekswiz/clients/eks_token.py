"""The bearer token of an EKS cluster: a presigned GetCallerIdentity that names the cluster. Nothing is sent.

Source: the AWS CLI's `eks get-token` and aws-iam-authenticator's documentation of the token's form.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

PREFIX = "k8s-aws-v1."
EXPIRES = 60
"""Seconds in the presigned URL. The server itself accepts the token for 15 minutes from its date."""
CLUSTER_HEADER = "x-k8s-aws-id"


def eks_token(credentials: Any, cluster: str, region: str, sts_url: str) -> str:
    """A token for `cluster`.

    Args:
        credentials: botocore's credentials, or a mapping with AccessKeyId, SecretAccessKey and SessionToken.
        cluster: The cluster's name; the token is worthless for another one.
        region: The region whose STS is asked.
        sts_url: Scheme and host of that STS, e.g. `https://sts.eu-west-1.amazonaws.com`.
    """
    from botocore.auth import SigV4QueryAuth  # slow to import, and most commands need no token
    from botocore.awsrequest import AWSRequest

    url = f"{sts_url.rstrip('/')}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest(method="GET", url=url, headers={CLUSTER_HEADER: cluster})
    SigV4QueryAuth(_credentials(credentials), "sts", region, expires=EXPIRES).add_auth(request)
    return PREFIX + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


def _credentials(given: Any) -> Any:
    from botocore.credentials import Credentials

    if isinstance(given, Mapping):
        return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given.get("SessionToken"))
    return given.get_frozen_credentials()
