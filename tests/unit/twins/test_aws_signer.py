"""Our Signature Version 4 beside botocore's."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from ekswiz_sim.runner.tools.aws_signer import Credentials, Scope, presign, sign

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
KEYS = [Credentials("AKIAX", "se/cret+"), Credentials("ASIAX", "se/cret+", "to/ken+== x")]


@pytest.mark.parametrize("keys", KEYS, ids=["long-lived", "session"])
@pytest.mark.parametrize(
    ("method", "url", "headers", "body"),
    [
        (
            "POST",
            "http://127.0.0.1:4566/",
            {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "A.B"},
            b"{}",
        ),
        ("GET", "http://127.0.0.1:4566/clusters/a_b-1", {}, b""),
        ("GET", "http://127.0.0.1:4566/clusters/a%20b", {}, b""),
        ("GET", "http://127.0.0.1:4566/x?b=2&a=1&empty=", {"x-spaces": "  a   b "}, b""),
        ("POST", "https://sts.eu-central-1.amazonaws.com/", {}, b"Action=GetCallerIdentity"),
    ],
)
def test_headers_are_signed_as_botocore_signs_them(
    keys: Credentials, method: str, url: str, headers: dict[str, str], body: bytes
) -> None:
    request = AWSRequest(method, url, data=body, headers=headers)
    with mock.patch("botocore.auth.get_current_datetime", return_value=AT.replace(tzinfo=None)):
        boto = BotoCredentials(keys.access_key, keys.secret_key, keys.token or None)
        SigV4Auth(boto, "eks", "eu-central-1").add_auth(request)
    ours = sign(method, url, headers, body, credentials=keys, scope=Scope("eu-central-1", "eks", AT.timestamp()))
    assert ours["authorization"] == request.headers["Authorization"]


@pytest.mark.parametrize("keys", KEYS, ids=["long-lived", "session"])
def test_urls_are_presigned_as_botocore_presigns_them(keys: Credentials) -> None:
    url = "http://127.0.0.1:4566/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("GET", url, headers={"x-k8s-aws-id": "one"})
    with mock.patch("botocore.auth.get_current_datetime", return_value=AT.replace(tzinfo=None)):
        boto = BotoCredentials(keys.access_key, keys.secret_key, keys.token or None)
        SigV4QueryAuth(boto, "sts", "eu-central-1", expires=60).add_auth(request)
    ours = presign(url, {"x-k8s-aws-id": "one"}, 60, keys, Scope("eu-central-1", "sts", AT.timestamp()))
    assert parse_qs(urlsplit(ours).query) == parse_qs(urlsplit(request.url).query)


def test_another_cluster_is_another_signature() -> None:
    scope, url = Scope("eu-central-1", "sts", AT.timestamp()), "http://127.0.0.1/?Action=GetCallerIdentity"
    made = {presign(url, {"x-k8s-aws-id": cluster}, 60, KEYS[0], scope) for cluster in ("one", "two")}
    assert len(made) == 2
