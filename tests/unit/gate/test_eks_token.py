"""EKS bearer tokens, minted as the AWS CLI mints them, and altered in every way that must not get in."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from botocore.signers import RequestSigner

from ekswiz_sim.gate.keys import AccessKey, Credentials
from ekswiz_sim.seams import RefusedByGate

from .harness import World, credentials

PREFIX = "k8s-aws-v1."


def presigned(world: World, key: AccessKey | Credentials, cluster: str | None, seconds: int = 60) -> str:
    client = world.client("sts", key)
    signer = RequestSigner(
        client.meta.service_model.service_id,
        world.region,
        "sts",
        "v4",
        client._request_signer._credentials,
        client.meta.events,
    )
    request: dict[str, Any] = {
        "method": "GET",
        "url": f"{world.url}/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {} if cluster is None else {"x-k8s-aws-id": cluster},
        "context": {},
    }
    return str(signer.generate_presigned_url(request, "", seconds, world.region))


def encoded(url: str) -> str:
    return PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


@pytest.fixture
def session(deploy: World) -> Credentials:
    return credentials(deploy.assume(deploy.issuer.token()))


def test_a_token_names_its_maker_for_its_own_cluster(deploy: World, session: Credentials) -> None:
    principal = deploy.gate.eks_identity(encoded(presigned(deploy, session, "shop")), "shop")
    assert principal.arn == f"arn:aws:sts::{deploy.account}:assumed-role/deploy/gha-1-1"
    assert principal.role_arn == deploy.arn("role/deploy")
    assert principal.session_name == "gha-1-1"
    assert principal.unique_id == deploy.gate.unique_id(deploy.arn("role/deploy"))
    kept = deploy.gate.records()[-1]
    assert (kept.door, kept.principal, kept.decision.allowed) == ("eks", principal.arn, True)


def test_a_users_token_is_one_too(world: World) -> None:
    user = world.user("operator")
    principal = world.gate.eks_identity(encoded(presigned(world, user, "shop")), "shop")
    assert (principal.kind, principal.arn) == ("user", world.arn("user/operator"))


def refuse(world: World, token: str, cluster: str = "shop") -> str:
    with pytest.raises(RefusedByGate) as refused:
        world.gate.eks_identity(token, cluster)
    assert (refused.value.status, refused.value.decision.layer) == (401, "signature")
    assert not world.gate.records()[-1].decision.allowed
    return refused.value.message


def test_another_clusters_token_has_the_wrong_signature(deploy: World, session: Credentials) -> None:
    token = encoded(presigned(deploy, session, "shop"))
    assert "signature we calculated does not match" in refuse(deploy, token, "other")
    assert "signature we calculated does not match" in refuse(deploy, token, "Shop")


def test_every_flipped_character_is_refused(deploy: World, session: Credentials) -> None:
    token = encoded(presigned(deploy, session, "shop"))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place in range(len(token)):
        old = token[place]
        new = alphabet[alphabet.index(old) ^ 1] if old in alphabet else "x"
        if place >= len(token) - 120 or place % 9 == 0:
            refuse(deploy, token[:place] + new + token[place + 1 :])


CHANGES: dict[str, tuple[Callable[[str], str], str]] = {
    "longer life": (lambda url: url.replace("Expires=60", "Expires=59"), "signature"),
    "too long a life": (lambda url: url.replace("Expires=60", "Expires=900"), "invalid X-Amz-Expires"),
    "no life": (lambda url: url.replace("&X-Amz-Expires=60", ""), "invalid X-Amz-Expires"),
    "other date": (lambda url: url.replace("X-Amz-Date=2", "X-Amz-Date=3"), "Date in Credential scope"),
    "extra parameter": (lambda url: url + "&Extra=1", "non-whitelisted query parameter 'Extra'"),
    "doubled parameter": (lambda url: url + "&Version=2011-06-15", "multiple values not supported"),
    "doubled in other case": (lambda url: url + "&version=2011-06-15", "multiple values not supported"),
    "other case": (lambda url: url.replace("?Action=", "?action="), "non-whitelisted"),
    "other action": (lambda url: url.replace("GetCallerIdentity", "GetSessionToken"), "unexpected action"),
    "other version": (lambda url: url.replace("2011-06-15", "2011-06-16"), "unexpected version"),
    "foreign host": (lambda url: "http://evil.example" + url[url.index("/?") :], "unexpected host"),
    "user in host": (lambda url: url.replace("http://", "http://x@"), "unexpected host"),
    "host suffix": (lambda url: url.replace("/?", ".evil.example/?"), "unexpected host"),
    "other scheme": (lambda url: url.replace("http://", "https://"), "unexpected host"),
    "other path": (lambda url: url.replace("/?", "/x?"), "unexpected path"),
    "fragment": (lambda url: url + "#x", "unexpected path"),
    "header unsigned": (lambda url: url.replace("host%3Bx-k8s-aws-id", "host"), "did not sign the x-k8s-aws-id"),
    "not a URL": (lambda _: "\n\n", "not a URL"),
    "too large": (lambda url: url + "&" + "x" * 4096, "token is too large"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_altered_url_is_refused(deploy: World, session: Credentials, change: str) -> None:
    alter, words = CHANGES[change]
    url = presigned(deploy, session, "shop")
    assert words in refuse(deploy, encoded(alter(url)))


def test_a_url_signed_without_the_clusters_header_is_refused(deploy: World, session: Credentials) -> None:
    assert "did not sign the x-k8s-aws-id" in refuse(deploy, encoded(presigned(deploy, session, None)))


def test_a_url_signed_with_a_longer_life_is_refused(deploy: World, session: Credentials) -> None:
    assert "invalid X-Amz-Expires" in refuse(deploy, encoded(presigned(deploy, session, "shop", 61)))


@pytest.mark.parametrize("token", ["", "x", "k8s-aws-v1.", "k8s-aws-v1.!!!", "k8s-aws-v1.eA==", "k8s-aws-v2.eA", "é"])
def test_rubbish_is_refused(world: World, token: str) -> None:
    assert "input token was not properly formatted" in refuse(world, token)


def test_padding_is_refused(deploy: World, session: Credentials) -> None:
    url = presigned(deploy, session, "shop")
    padded = PREFIX + base64.urlsafe_b64encode((url + "#" * (3 - len(url) % 3 + 1)).encode()).decode()
    refuse(deploy, padded + "=")


def test_another_spelling_of_the_same_token_is_refused(deploy: World) -> None:
    # given: a URL whose base64 has unused bits at its end
    urls = (presigned(deploy, credentials(deploy.assume(deploy.issuer.token())), "shop") for _ in range(50))
    token = encoded(next(url for url in urls if len(url) % 3))
    assert deploy.gate.eks_identity(token, "shop")
    # when: the unused bits are others
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    respelled = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    # then
    assert "not unpadded base64url" in refuse(deploy, respelled)


def test_a_token_lives_fifteen_minutes(deploy: World, session: Credentials) -> None:
    token = encoded(presigned(deploy, session, "shop"))
    deploy.clock.offset = 890
    assert deploy.gate.eks_identity(token, "shop").name == "deploy"
    deploy.clock.offset = 905
    assert "Signature expired" in refuse(deploy, token)


def test_a_token_dies_with_its_session_and_with_its_role(deploy: World, session: Credentials) -> None:
    deploy.clock.offset = 3590
    late = encoded(presigned(deploy, session, "shop"))
    deploy.clock.offset = 3601
    assert "expired" in refuse(deploy, late)
    deploy.clock.offset = 0
    iam = deploy.client("iam")
    iam.delete_role_policy(RoleName="deploy", PolicyName="seeded")
    iam.delete_role(RoleName="deploy")
    assert "The security token included in the request is invalid" in refuse(deploy, late)
