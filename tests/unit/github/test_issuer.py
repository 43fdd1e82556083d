"""Tokens, judged by PyJWT against the published key set, over HTTP as the AWS action asks for them."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import jwt
import pytest

from ekswiz.errors import RehearsalError
from ekswiz_sim.github.api import application
from ekswiz_sim.github.events import Repository
from ekswiz_sim.github.issuer import Issuer
from ekswiz_sim.loop import LoopThread

CLAIMS = {"sub": "repo:octo@1/shop@2:ref:refs/heads/main", "repository_owner": "octo", "repository": "octo/shop"}
PRIVATE = Repository(owner="Octo", owner_id="1", name="Shop", id="2")
PUBLIC = Repository(owner="octo", owner_id="1", name="old", id="3", visibility="public", subject="classic")
SUBJECT = "/repos/{}/actions/oidc/customization/sub"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    made, loop = Issuer(), LoopThread("test-github")
    port = loop.serve(application(made, [PRIVATE, PUBLIC], token="ghp_right"))
    made.base_url = f"http://127.0.0.1:{port}"
    yield made
    loop.stop()


def get(url: str, **headers: str) -> tuple[int, Any]:
    """Status and JSON body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=named), timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def verified(issuer: Issuer, token: str, audience: str = "sts.amazonaws.com") -> Mapping[str, Any]:
    """The claims, if the token stands up to the key set that the issuer serves."""
    _, keys = get(f"{issuer.base_url}/.well-known/jwks")
    header = jwt.get_unverified_header(token)
    key = next(jwt.PyJWK(found) for found in keys["keys"] if found["kid"] == header["kid"])
    found: Mapping[str, Any] = jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=issuer.issuer)
    return found


def test_a_token_stands_up_to_the_served_keys(issuer: Issuer) -> None:
    found = verified(issuer, issuer.mint(CLAIMS))
    assert {name: found[name] for name in CLAIMS} == CLAIMS
    assert found["exp"] - found["iat"] == 300
    assert found["iat"] - found["nbf"] == 600


def test_the_header_names_the_key_in_both_ways(issuer: Issuer) -> None:
    header = jwt.get_unverified_header(issuer.mint(CLAIMS))
    assert header["alg"] == "RS256"
    assert {header["kid"]} == {key["kid"] for key in issuer.jwks()["keys"]}
    assert {header["x5t"]} == {key["x5t"] for key in issuer.jwks()["keys"]}


def test_no_two_tokens_have_the_same_id(issuer: Issuer) -> None:
    ids = {verified(issuer, issuer.mint(CLAIMS))["jti"] for _ in range(2)}
    assert len(ids) == 2


def test_a_foreign_key_is_found_out_by_its_signature(issuer: Issuer) -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        verified(issuer, issuer.mint(CLAIMS, key="foreign"))


def test_an_expired_token_was_issued_before_it_expired(issuer: Issuer) -> None:
    token = issuer.mint(CLAIMS, lifetime=-60)
    with pytest.raises(jwt.ExpiredSignatureError):
        verified(issuer, token)
    found = jwt.decode(token, options={"verify_signature": False})
    assert found["iat"] < found["exp"] < time.time()


def test_claims_cannot_replace_what_the_issuer_says(issuer: Issuer) -> None:
    token = issuer.mint({**CLAIMS, "iss": "https://evil.example", "aud": "evil", "exp": 1})
    assert verified(issuer, token)["iss"] == "https://token.actions.githubusercontent.com"


def test_two_worlds_do_not_trust_each_other(issuer: Issuer) -> None:
    assert Issuer().jwks()["keys"][0]["kid"] not in {key["kid"] for key in issuer.jwks()["keys"]}


def test_a_job_gets_tokens_with_the_audience_it_asks_for_until_it_ends(issuer: Issuer) -> None:
    grant = issuer.grant(CLAIMS)
    for audience in ("sts.amazonaws.com", "https://a.example/?b=c&d"):
        status, answer = get(f"{grant.url}&audience={quote(audience, safe='')}", Authorization=f"Bearer {grant.token}")
        assert (status, verified(issuer, answer["value"], audience)["sub"]) == (200, CLAIMS["sub"])
    issuer.revoke(grant)
    assert get(f"{grant.url}&audience=x", Authorization=f"Bearer {grant.token}")[0] == 401


def test_without_an_audience_it_is_the_owners_url(issuer: Issuer) -> None:
    grant = issuer.grant(CLAIMS)
    _, answer = get(grant.url, Authorization=f"Bearer {grant.token}")
    assert verified(issuer, answer["value"], "https://github.com/octo")


def test_a_bearer_is_good_for_its_own_job_only(issuer: Issuer) -> None:
    mine, other = issuer.grant(CLAIMS), issuer.grant({**CLAIMS, "sub": "other"})
    refused = [
        get(f"{other.url}&audience=x", Authorization=f"Bearer {mine.token}"),
        get(f"{mine.url}&audience=x", Authorization=f"Basic {mine.token}"),
        get(f"{mine.url}&audience=x", Authorization=f"Bearer {mine.token}x"),
        get(f"{mine.url}&audience=x"),
    ]
    assert [status for status, _ in refused] == [401] * 4
    assert all("message" in body for _, body in refused)


def test_there_is_no_grant_before_the_issuer_is_served() -> None:
    with pytest.raises(RehearsalError, match="not served"):
        Issuer().grant(CLAIMS)


def test_discovery_names_the_issuer_and_its_keys(issuer: Issuer) -> None:
    status, found = get(f"{issuer.base_url}/.well-known/openid-configuration")
    assert (status, found["issuer"]) == (200, issuer.issuer)
    assert found["jwks_uri"] == f"{issuer.issuer}/.well-known/jwks"
    assert {"job_workflow_ref", "repository_id"} <= set(found["claims_supported"])


def test_a_repository_is_found_in_any_case_and_answers_in_its_own(issuer: Issuer) -> None:
    status, found = get(f"{issuer.base_url}/repos/oCtO/sHoP", Authorization="Bearer ghp_right")
    assert (status, found["full_name"], found["id"], found["owner"]["id"]) == (200, "Octo/Shop", 2, 1)
    assert found["private"] is True


def test_the_subject_form_is_told_to_those_who_ask_in_a_new_enough_version(issuer: Issuer) -> None:
    new = {"Authorization": "token ghp_right", "X_GitHub_Api_Version": "2026-03-10"}
    assert get(issuer.base_url + SUBJECT.format("octo/shop"), **new)[1] == {
        "use_default": True, "include_claim_keys": [],
        "use_immutable_subject": True, "sub_claim_prefix": "repo:Octo@1/Shop@2",
    }  # fmt: skip
    assert get(issuer.base_url + SUBJECT.format("octo/old"), **new)[1]["sub_claim_prefix"] == "repo:octo/old"
    old = get(issuer.base_url + SUBJECT.format("octo/shop"), Authorization="Bearer ghp_right")[1]
    assert old == {"use_default": True, "include_claim_keys": []}


@pytest.mark.parametrize(
    ("path", "headers", "status", "message"),
    [
        ("/repos/octo/shop", {}, 404, "Not Found"),
        ("/repos/octo/none", {"Authorization": "Bearer ghp_right"}, 404, "Not Found"),
        ("/repos/octo/old", {"Authorization": "Bearer wrong"}, 401, "Bad credentials"),
        (SUBJECT.format("octo/old"), {}, 401, "Requires authentication"),
        (SUBJECT.format("octo/old"), {"Authorization": "Bearer wrong"}, 401, "Bad credentials"),
        ("/repos/octo/old/actions/secrets", {"Authorization": "Bearer ghp_right"}, 404, "Not Found"),
    ],
)
def test_refusals_are_githubs(issuer: Issuer, path: str, headers: dict[str, str], status: int, message: str) -> None:
    code, body = get(issuer.base_url + path, **headers)
    assert (code, body["message"], body["status"]) == (status, message, str(status))


def test_a_public_repository_needs_no_token(issuer: Issuer) -> None:
    assert get(f"{issuer.base_url}/repos/octo/old")[1]["private"] is False
