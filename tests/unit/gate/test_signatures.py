"""What is not signed as it must be does not get in, whatever botocore's own code would let through."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from ekswiz_sim.gate.keys import AccessKey, Credentials

from .harness import ALLOW_ALL, World, code, credentials, status, text

Change = Callable[[Any], None]


def tampered(client: Any, change: Change) -> Any:
    """The client, whose requests are changed after they were signed."""

    def hook(request: Any, **_: Any) -> None:
        change(request)

    client.meta.events.register("before-send.*", hook)
    return client


def _authorization(request: Any) -> str:
    value = request.headers["Authorization"]
    return value.decode() if isinstance(value, bytes) else str(value)


def flip_first(request: Any) -> None:
    old = _authorization(request)
    place = old.index("Signature=") + len("Signature=")
    request.headers["Authorization"] = old[:place] + ("0" if old[place] != "0" else "1") + old[place + 1 :]


def flip_last(request: Any) -> None:
    old = _authorization(request)
    request.headers["Authorization"] = old[:-1] + ("0" if old[-1] != "0" else "1")


def upper_case(request: Any) -> None:
    head, _, signature = _authorization(request).partition("Signature=")
    request.headers["Authorization"] = f"{head}Signature={signature.upper()}"


def other_body(request: Any) -> None:
    body = request.body if isinstance(request.body, bytes) else request.body.encode()
    request.body = body.replace(b"=operator", b"=operatot")


def without_date(request: Any) -> None:
    del request.headers["X-Amz-Date"]


def without_content_type(request: Any) -> None:
    del request.headers["Content-Type"]


def unsigned_extra(request: Any) -> None:
    request.headers["X-Amz-Extra"] = "1"


def without_host_signed(request: Any) -> None:
    request.headers["Authorization"] = _authorization(request).replace("host;", "")


def wrong_hash(request: Any) -> None:
    request.headers["X-Amz-Content-SHA256"] = "0" * 64


@pytest.mark.parametrize(
    "change",
    [
        flip_first,
        flip_last,
        upper_case,
        other_body,
        without_content_type,
        unsigned_extra,
        without_host_signed,
        wrong_hash,
    ],
)
def test_a_request_changed_after_signing_is_refused(world: World, change: Change) -> None:
    user = world.user("operator", ALLOW_ALL)
    world.client("iam", user).get_user(UserName="operator")
    with pytest.raises(ClientError) as refused:
        tampered(world.client("iam", user), change).get_user(UserName="operator")
    assert code(refused) == "SignatureDoesNotMatch"
    assert status(refused) == 403


@pytest.mark.parametrize("stated", ["0" * 64, "UNSIGNED-PAYLOAD"])
def test_a_signed_hash_of_another_body_is_refused(world: World, stated: str) -> None:
    iam = world.client("iam")

    def state(request: Any, **_: Any) -> None:
        request.headers["X-Amz-Content-SHA256"] = stated

    iam.meta.events.register("before-sign.*", state)
    with pytest.raises(ClientError, match="'x-amz-content-sha256' header does not match what was computed"):
        iam.list_roles()


def test_a_request_without_its_date_is_incomplete(world: World) -> None:
    with pytest.raises(ClientError) as refused:
        tampered(world.client("sts"), without_date).get_caller_identity()
    assert code(refused) == "IncompleteSignature"
    assert "requires existence of either a 'X-Amz-Date' or a 'Date' header" in text(refused)


@pytest.mark.parametrize(
    ("service", "operation", "expected", "http"),
    [
        ("sts", "get_caller_identity", "SignatureDoesNotMatch", 403),
        ("iam", "list_roles", "SignatureDoesNotMatch", 403),
        ("ecr", "describe_repositories", "InvalidSignatureException", 400),
        ("eks", "list_clusters", "InvalidSignatureException", 403),
        ("ec2", "describe_vpcs", "SignatureDoesNotMatch", 403),
    ],
)
def test_a_wrong_secret_is_refused_with_each_services_code(
    world: World, service: str, operation: str, expected: str, http: int
) -> None:
    key = world.gate.root_key
    forged = AccessKey(key.access_key, key.secret[:-1] + ("a" if key.secret[-1] != "a" else "b"))
    with pytest.raises(ClientError) as refused:
        getattr(world.client(service, forged), operation)()
    assert (code(refused), status(refused)) == (expected, http)
    assert not world.eks.calls
    assert not world.ecr.calls


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("ecr", "describe_repositories", "UnrecognizedClientException"),
        ("eks", "list_clusters", "UnrecognizedClientException"),
        ("ec2", "describe_vpcs", "AuthFailure"),
    ],
)
def test_an_unknown_key_is_refused(world: World, service: str, operation: str, expected: str) -> None:
    stranger = AccessKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    with pytest.raises(ClientError) as refused:
        getattr(world.client(service, stranger), operation)()
    assert code(refused) == expected
    if service != "ec2":
        assert text(refused) == "The security token included in the request is invalid."


@pytest.mark.parametrize(("offset", "words"), [(901, "Signature expired: "), (-960, "Signature not yet current: ")])
def test_more_than_fifteen_minutes_of_skew_is_refused(world: World, offset: float, words: str) -> None:
    sts = world.client("sts")
    world.clock.offset = offset
    with pytest.raises(ClientError) as refused:
        sts.get_caller_identity()
    assert code(refused) == "SignatureDoesNotMatch"
    assert text(refused).startswith(words)
    assert re.search(r"\(\d{8}T\d{6}Z [-+] 15 min\.\)", text(refused))


def test_less_skew_is_borne(world: World) -> None:
    world.clock.offset = 840
    assert world.client("sts").get_caller_identity()["Account"] == world.account


def test_an_expired_session_says_so_in_each_protocol(deploy: World) -> None:
    session = credentials(deploy.assume(deploy.issuer.token()))
    deploy.clock.offset = 3601
    for service, operation, expected in (
        ("sts", "get_caller_identity", "ExpiredToken"),
        ("ecr", "describe_repositories", "ExpiredTokenException"),
        ("eks", "list_clusters", "ExpiredTokenException"),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(deploy.client(service, session), operation)()
        assert code(refused) == expected
        assert text(refused) == "The security token included in the request is expired"


def test_a_session_needs_its_own_token(deploy: World) -> None:
    first = credentials(deploy.assume(deploy.issuer.token()))
    second = credentials(deploy.assume(deploy.issuer.token()))
    swapped = Credentials(first.access_key, first.secret, second.token, 0, first.principal)
    bare = AccessKey(first.access_key, first.secret)
    for forged in (swapped, bare):
        with pytest.raises(ClientError) as refused:
            deploy.client("sts", forged).get_caller_identity()
        assert code(refused) == "InvalidClientTokenId"


def test_a_session_dies_with_its_role_even_if_a_namesake_is_born(deploy: World) -> None:
    session = credentials(deploy.assume(deploy.issuer.token()))
    iam = deploy.client("iam")
    iam.delete_role_policy(RoleName="deploy", PolicyName="seeded")
    iam.delete_role(RoleName="deploy")
    deploy.gate.seeds.role("deploy", deploy.trust(), ALLOW_ALL)
    with pytest.raises(ClientError) as refused:
        deploy.client("eks", session).list_clusters()
    assert code(refused) == "UnrecognizedClientException"


def test_a_deactivated_key_is_no_key(world: World) -> None:
    user = world.user("operator", ALLOW_ALL)
    world.client("iam").update_access_key(UserName="operator", AccessKeyId=user.access_key, Status="Inactive")
    with pytest.raises(ClientError) as refused:
        world.client("sts", user).get_caller_identity()
    assert code(refused) == "InvalidClientTokenId"


def _raw(
    world: World, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(world.url).netloc, timeout=10)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content


TARGET = {"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"}
SHORT = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0", "X-Amz-Date": "x"}


@pytest.mark.parametrize(
    ("asked", "headers", "http", "expected"),
    [
        ("Action=ListRoles&Version=2010-05-08", {}, 403, "MissingAuthenticationToken"),
        ("Action=GetCallerIdentity&Version=2011-06-15", {}, 403, "MissingAuthenticationToken"),
        ("Action=DescribeVpcs&Version=2016-11-15", {}, 401, "AuthFailure"),
        ("/clusters", {}, 403, "Request is missing Authentication Token"),
        ("{}", TARGET, 400, "MissingAuthenticationTokenException"),
        ("", {"Authorization": "Basic QVdTOng="}, 400, "IncompleteSignature"),
        ("", {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}, 400, "IncompleteSignature"),
        ("", SHORT, 400, "IncompleteSignature"),
    ],
)
def test_unsigned_and_half_signed_requests_are_refused(
    world: World, asked: str, headers: dict[str, str], http: int, expected: str
) -> None:
    method, path, body = ("GET", asked, "") if asked.startswith("/") else ("POST", "/", asked)
    answered, content = _raw(world, method, path, body, headers)
    assert answered == http
    assert expected in content
    assert world.gate.records()[-1].decision.layer == "signature"


def test_another_region_in_the_credential_scope_is_refused(world: World) -> None:
    world.region = "ap-south-1"
    with pytest.raises(ClientError, match="Credential should be scoped to a valid region, not 'ap-south-1'"):
        world.client("eks").list_clusters()


def _presigned(world: World, seconds: int = 60) -> str:
    url = world.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=seconds, HttpMethod="GET")
    return str(url)


def test_a_presigned_url_works_until_it_expires(world: World) -> None:
    path = _presigned(world).removeprefix(world.url)
    assert _raw(world, "GET", path)[0] == 200
    world.clock.offset = 61
    answered, content = _raw(world, "GET", path)
    assert answered == 403
    assert "Signature expired" in content


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"X-Amz-Expires=60", "X-Amz-Expires=600"),
        (r"Signature=(.)", "Signature=z"),
        (r"Action=GetCallerIdentity", "Action=GetCallerIdentity&Extra=1"),
        (r"X-Amz-Expires=60", "X-Amz-Expires=9999999"),
        (r"X-Amz-Date=\d{8}", "X-Amz-Date=20200101"),
    ],
)
def test_a_changed_presigned_url_is_refused(world: World, old: str, new: str) -> None:
    path = re.sub(old, new, _presigned(world).removeprefix(world.url), count=1)
    assert _raw(world, "GET", path)[0] in {400, 403}
