"""AssumeRoleWithWebIdentity: tokens forged in every known way, and each condition of a trust policy by itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .harness import HOST, ISSUER, World, allow, code, credentials, status, text

DENIED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
NOT_A_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference "
    "AssumeRoleWithWebIdentity documentation for requirements"
)


def _segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _unsigned(world: World) -> str:
    claims = world.issuer.token().split(".")[1]
    return f"{_segment({'alg': 'none', 'typ': 'JWT', 'kid': world.issuer.kid})}.{claims}."


def _confused(world: World) -> str:
    """HS256 with the public key as the secret."""
    public = world.issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = _segment({"alg": "HS256", "typ": "JWT", "kid": world.issuer.kid})
    signed = f"{head}.{world.issuer.token().split('.')[1]}"
    mac = hmac.new(public, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _foreign(world: World) -> str:
    """Another key behind the issuer's kid."""
    return world.foreign.token(kid=world.issuer.kid)


def _own_key_in_header(world: World) -> str:
    """The attacker's own key, offered in the header."""
    return world.foreign.token(jwk=world.foreign.jwks()["keys"][0], kid=world.issuer.kid)


def _changed_claims(world: World) -> str:
    head, _, signature = world.issuer.token().split(".")
    claims = {"iss": ISSUER, "aud": "sts.amazonaws.com", "sub": "x", "iat": 1, "exp": int(time.time()) + 60}
    return f"{head}.{_segment(claims)}.{signature}"


def _respelled(world: World) -> str:
    """Another spelling of the same signature: the unused bits of base64's last character."""
    token = world.issuer.token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def _other_issuer(world: World) -> str:
    return world.issuer.token({"iss": "https://token.actions.example.com"})


def _slug_issuer(world: World) -> str:
    return world.issuer.token({"iss": f"{ISSUER}/acme"})


def _other_audience(world: World) -> str:
    return world.issuer.token({"aud": "https://github.com/acme"})


def _expired(world: World) -> str:
    return world.issuer.token({"exp": int(time.time()) - 1})


@pytest.mark.parametrize(
    ("forge", "expected", "words"),
    [
        (lambda _: "garbage", "InvalidIdentityToken", NOT_A_JWT),
        (lambda _: "a.b.c", "InvalidIdentityToken", NOT_A_JWT),
        (lambda world: world.issuer.token() + ".x", "InvalidIdentityToken", NOT_A_JWT),
        (_unsigned, "InvalidIdentityToken", "Token signing algorithm none is not supported"),
        (_confused, "InvalidIdentityToken", "Token signing algorithm HS256 is not supported"),
        (_foreign, "InvalidIdentityToken", "Token signature invalid"),
        (_own_key_in_header, "InvalidIdentityToken", "Token signature invalid"),
        (_changed_claims, "InvalidIdentityToken", "Token signature invalid"),
        (_respelled, "InvalidIdentityToken", NOT_A_JWT),
        (lambda world: world.foreign.token(), "InvalidIdentityToken", NO_KEY),
        (_other_issuer, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://token"),
        (_slug_issuer, "InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {ISSUER}/acme"),
        (lambda world: world.issuer.token({"iss": ISSUER + "/"}), "InvalidIdentityToken", "No OpenIDConnect provider"),
        (
            lambda world: world.issuer.token({"iss": ISSUER.upper()}),
            "InvalidIdentityToken",
            "No OpenIDConnect provider",
        ),
        (_other_audience, "InvalidIdentityToken", "Incorrect token audience"),
        (_expired, "ExpiredTokenException", "Token expired: current date/time "),
        (lambda world: world.issuer.token({"nbf": int(time.time()) + 900}), "InvalidIdentityToken", "not yet valid"),
        (lambda world: world.issuer.token({"iat": int(time.time()) + 900}), "InvalidIdentityToken", "in the future"),
        (lambda world: world.issuer.token({"sub": None}), "InvalidIdentityToken", "Missing a required claim: sub"),
        (lambda world: world.issuer.token({"exp": None}), "InvalidIdentityToken", "Missing a required claim: exp"),
    ],
)
def test_a_forged_token_is_refused_in_stss_words(deploy: World, forge: Any, expected: str, words: str) -> None:
    assert deploy.assume(deploy.issuer.token())
    with pytest.raises(ClientError) as refused:
        deploy.assume(forge(deploy))
    assert (code(refused), status(refused)) == (expected, 400)
    assert words in text(refused)
    assert deploy.gate.records()[-1].decision.layer == "token"


def test_without_a_registered_provider_no_token_counts(world: World) -> None:
    with pytest.raises(ClientError) as refused:
        world.assume(world.issuer.token())
    assert code(refused) == "InvalidIdentityToken"
    assert text(refused) == f"No OpenIDConnect provider found in your account for {ISSUER}"


PINS: Mapping[str, str] = {
    "repository_id": "456789",
    "repository_owner_id": "123456",
    "ref": "refs/heads/main",
    "environment": "production",
    "job_workflow_ref": "acme/shop/.github/workflows/deploy.yml@refs/heads/main",
}


@pytest.mark.parametrize("claim", ["sub", *PINS])
@pytest.mark.parametrize("form", ["changed", "other case", "missing"])
def test_each_condition_alone_denies(deploy: World, claim: str, form: str) -> None:
    # given: a role that pins everything, and a token that meets it
    deploy.gate.seeds.role("pinned", deploy.trust(**PINS))
    assert deploy.assume(deploy.issuer.token(), "pinned")
    # when: one claim is another one
    held = {"sub": "repo:acme/shop:ref:refs/heads/main", **PINS}[claim]
    other = {"changed": held + "x", "other case": held.swapcase(), "missing": None}[form]
    if (claim == "sub" and other is None) or other == held:
        other = "repo:acme/other:ref:refs/heads/main"
    with pytest.raises(ClientError) as refused:
        deploy.assume(deploy.issuer.token({claim: other}), "pinned")
    # then: STS never names the claim, the record does
    assert (code(refused), status(refused), text(refused)) == ("AccessDenied", 403, DENIED)
    decision = deploy.gate.records()[-1].decision
    assert (decision.layer, decision.allowed, decision.key) == ("trust", False, f"{HOST}:{claim}")


@pytest.mark.parametrize("claim", ["runner_environment", "event_name"])
def test_a_claim_that_is_no_condition_key_always_denies(deploy: World, claim: str) -> None:
    value = {"runner_environment": "github-hosted", "event_name": "push"}[claim]
    deploy.gate.seeds.role("pinned", deploy.trust(**{claim: value}))
    with pytest.raises(ClientError) as refused:
        deploy.assume(deploy.issuer.token(), "pinned")
    assert text(refused) == DENIED


def test_an_absent_role_answers_like_one_that_does_not_trust(deploy: World) -> None:
    with pytest.raises(ClientError) as refused:
        deploy.assume(deploy.issuer.token(), "ghost")
    assert (code(refused), status(refused), text(refused)) == ("AccessDenied", 403, DENIED)


def test_a_role_of_another_account_answers_alike(deploy: World) -> None:
    with pytest.raises(ClientError) as refused:
        deploy.assume(deploy.issuer.token(), RoleArn="arn:aws:iam::000000000000:role/deploy")
    assert text(refused) == DENIED


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"RoleSessionName": "a b"}, r"'roleSessionName' failed to satisfy constraint: Member must satisfy regular"),
        ({"RoleSessionName": "x" * 65}, "Member must have length less than or equal to 64"),
        ({"DurationSeconds": 899}, "Member must have value greater than or equal to 900"),
        ({"DurationSeconds": 43201}, "Member must have value less than or equal to 43200"),
        ({"DurationSeconds": 3601}, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
    ],
)
def test_parameters_out_of_bounds_are_named(
    deploy: World, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr("botocore.validate.ParamValidator.validate", lambda *_: _NoReport())
    with pytest.raises(ClientError) as refused:
        deploy.assume(deploy.issuer.token(), **more)
    assert (code(refused), status(refused)) == ("ValidationError", 400)
    assert words in text(refused)


class _NoReport:
    def has_errors(self) -> bool:
        return False


def test_a_session_lasts_as_long_as_asked_within_the_roles_limit(deploy: World) -> None:
    deploy.client("iam").update_role(RoleName="deploy", MaxSessionDuration=7200)
    answer = deploy.assume(deploy.issuer.token(), DurationSeconds=7200)
    left = answer["Credentials"]["Expiration"].timestamp() - time.time()
    assert 7190 < left <= 7200


def test_a_session_policy_narrows_and_never_widens(deploy: World) -> None:
    narrow = json.dumps(allow("eks:ListClusters", "eks:DescribeCluster", resource="*"))
    none = json.dumps(allow("ecr:*"))
    token = deploy.issuer.token
    narrowed = deploy.client("eks", credentials(deploy.assume(token(), Policy=narrow)))
    nothing = deploy.client("eks", credentials(deploy.assume(token(), Policy=none)))
    deploy.eks.answer = lambda _, params: {"cluster": {"name": params["name"]}}
    assert narrowed.describe_cluster(name="shop")["cluster"]["name"] == "shop"
    with pytest.raises(ClientError, match="because no identity-based policy allows the eks:ListClusters action"):
        narrowed.list_clusters()
    with pytest.raises(ClientError, match="because no session policy allows the eks:DescribeCluster action"):
        nothing.describe_cluster(name="shop")


def test_a_session_policy_too_large_is_refused(deploy: World) -> None:
    large = json.dumps(allow(*[f"ecr:Action{number:04}" for number in range(120)]))
    with pytest.raises(ClientError) as refused:
        deploy.assume(deploy.issuer.token(), Policy=large)
    assert code(refused) in {"PackedPolicyTooLarge", "ValidationError"}


def test_a_session_policy_must_be_a_policy(deploy: World) -> None:
    for text_of_policy in ("{}", '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}'):
        with pytest.raises(ClientError) as refused:
            deploy.assume(deploy.issuer.token(), Policy=text_of_policy)
        assert code(refused) == "MalformedPolicyDocument"


def test_assume_role_needs_the_roles_trust_and_the_callers_permission(world: World) -> None:
    world.user("alice", allow("sts:AssumeRole"))
    alice_arn = world.arn("user/alice")
    alice = world.client("iam").create_access_key(UserName="alice")["AccessKey"]
    bob = world.user("bob", allow("sts:AssumeRole"))
    carol = world.user("carol")
    principal = {"AWS": [alice_arn, world.arn("root")]}
    account = {"AWS": world.arn("root")}
    for name, trusted in (("named", {"AWS": alice_arn}), ("account", account), ("both", principal)):
        statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
        world.gate.seeds.role(name, {"Version": "2012-10-17", "Statement": [statement]})

    from ekswiz_sim.gate.keys import AccessKey

    def become(key: AccessKey, role: str) -> str:
        wanted = {"RoleArn": world.arn(f"role/{role}"), "RoleSessionName": "test"}
        return str(world.client("sts", key).assume_role(**wanted)["AssumedRoleUser"]["Arn"])

    key = AccessKey(alice["AccessKeyId"], alice["SecretAccessKey"])
    assert become(key, "named").endswith(":assumed-role/named/test")
    assert become(bob, "account").endswith(":assumed-role/account/test")
    with pytest.raises(
        ClientError, match=r"user/bob is not authorized to perform: sts:AssumeRole on resource: .*named"
    ):
        become(bob, "named")
    with pytest.raises(ClientError, match=r"user/carol is not authorized to perform: sts:AssumeRole"):
        become(carol, "account")
    with pytest.raises(ClientError, match=r"user/bob is not authorized .*ghost"):
        become(bob, "ghost")


def test_role_chaining_is_limited_to_an_hour(deploy: World) -> None:
    deploy.gate.seeds.role(
        "next",
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": deploy.arn("role/deploy")}, "Action": "sts:AssumeRole"}
            ],
        },
    )
    deploy.client("iam").update_role(RoleName="next", MaxSessionDuration=7200)
    sts = deploy.client("sts", credentials(deploy.assume(deploy.issuer.token())))
    wanted = {"RoleArn": deploy.arn("role/next"), "RoleSessionName": "chained"}
    assert sts.assume_role(**wanted)["AssumedRoleUser"]["Arn"].endswith("next/chained")
    with pytest.raises(ClientError, match="1 hour session limit for roles assumed by role chaining"):
        sts.assume_role(**wanted, DurationSeconds=7200)


def test_a_service_gets_a_session_only_where_it_is_trusted(world: World) -> None:
    from ekswiz_sim.seams import RefusedByGate

    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    pull = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
    arn = world.gate.seeds.role("node", {"Version": "2012-10-17", "Statement": [statement]}, managed=[pull])
    session = world.gate.service_session("node")
    assert session.principal.role_arn == arn
    repository = f"arn:aws:ecr:{world.region}:{world.account}:repository/shop"
    judge = world.gate.authorize
    assert judge("registry", session.principal, "ecr:BatchGetImage", repository).allowed
    assert not judge("registry", session.principal, "ecr:PutImage", repository).allowed
    caller = world.client("sts", session).get_caller_identity()
    assert caller["Arn"].startswith(f"arn:aws:sts::{world.account}:assumed-role/node/i-")
    with pytest.raises(RefusedByGate):
        world.gate.service_session("node", "eks.amazonaws.com")
    with pytest.raises(RefusedByGate):
        world.gate.service_session("ghost")
    world.client("iam").detach_role_policy(RoleName="node", PolicyArn=pull)
    assert not judge("registry", session.principal, "ecr:BatchGetImage", repository).allowed


@pytest.mark.parametrize("forge", [_unsigned, _confused])
def test_a_key_without_algorithm_does_not_leave_the_choice_to_the_token(world: World, forge: Any) -> None:
    from ekswiz_sim.aws.webtoken import verify
    from ekswiz_sim.seams import ServiceError

    key = {name: value for name, value in world.issuer.jwks()["keys"][0].items() if name != "alg"}
    providers = {HOST: ["sts.amazonaws.com"]}
    assert verify(world.issuer.token(), providers, lambda _: {"keys": [key]}, time.time()).provider == HOST
    with pytest.raises(ServiceError, match="is not supported"):
        verify(forge(world), providers, lambda _: {"keys": [key]}, time.time())


def test_an_external_id_counts_on_both_sides(world: World) -> None:
    key = world.user("partner", allow("sts:AssumeRole"))
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": world.account},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "agreed", "aws:ResourceAccount": world.account}},
        },
    }
    world.gate.seeds.role("shared", {**trust, "Statement": [trust["Statement"]]}, allow("iam:GetRole"))
    wanted = {"RoleArn": world.arn("role/shared"), "RoleSessionName": "partner"}
    sts = world.client("sts", key)
    for more in ({}, {"ExternalId": "guessed"}):
        with pytest.raises(ClientError) as refused:
            sts.assume_role(**wanted, **more)
        assert code(refused) == "AccessDenied"
    assert sts.assume_role(**wanted, ExternalId="agreed")["Credentials"]


@pytest.mark.parametrize("text", ['{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}', "[", "5"])
def test_a_session_policy_that_reads_in_two_ways_is_none(deploy: World, text: str) -> None:
    with pytest.raises(ClientError) as refused:
        deploy.assume(deploy.issuer.token(), Policy=text)
    assert code(refused) == "MalformedPolicyDocument"
