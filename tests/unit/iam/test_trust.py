"""Trust policies of roles for GitHub's identity provider, for callers and for services."""

from __future__ import annotations

from typing import Any

import pytest

from ekswiz.iam.decision import Decision
from ekswiz.iam.trust import evaluate_trust

from .policies import ACCOUNT, policy

ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
CLAIMS = {
    "aud": "sts.amazonaws.com",
    "sub": "repo:octo@1/app@2:ref:refs/heads/main",
    "repository_id": "2",
    "ref": "refs/heads/main",
}
WEB = "sts:AssumeRoleWithWebIdentity"


def statement(operator: str = "StringEquals", **claims: Any) -> dict[str, Any]:
    return {
        "Sid": "Main",
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": WEB,
        "Condition": {operator: {f"{ISSUER}:{name}": value for name, value in (claims or CLAIMS).items()}},
    }


def assume(*statements: dict[str, Any], principal: str = PROVIDER, action: str = WEB, **claims: str) -> Decision:
    context = {f"{ISSUER}:{name}": [value] for name, value in {**CLAIMS, **claims}.items()}
    return evaluate_trust(
        policy(*statements), principal_type="Federated", principal=principal, action=action, context=context
    )


def test_the_right_claims_are_let_in() -> None:
    decision = assume(statement())
    assert decision.allowed
    assert (decision.layer, decision.by) == ("trust", "Main")


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("aud", "other"),
        ("sub", "repo:octo@1/app@2:ref:refs/heads/dev"),
        ("sub", "repo:Octo@1/app@2:ref:refs/heads/main"),
        ("sub", "repo:octo@1/app@2:pull_request"),
        ("repository_id", "3"),
        ("ref", "refs/tags/main"),
    ],
)
def test_a_refusal_names_the_claim_with_both_values(claim: str, value: str) -> None:
    decision = assume(statement(), **{claim: value})
    assert not decision.allowed
    assert decision.key == f"{ISSUER}:{claim}"
    assert (decision.expected, decision.got) == ((CLAIMS[claim],), (value,))
    assert value in decision.why


def test_an_absent_claim_is_refused_and_shown_as_absent() -> None:
    decision = assume(statement(environment="production"))
    assert not decision.allowed
    assert (decision.key, decision.got) == (f"{ISSUER}:environment", ())
    assert "absent" in decision.why


def test_the_nearest_statement_is_the_one_explained() -> None:
    far = statement(aud="x", sub="y", ref="z")
    near = {**statement(sub="repo:octo@1/app@2:environment:production", aud="sts.amazonaws.com"), "Sid": "Near"}
    decision = assume(far, near)
    assert decision.key == f"{ISSUER}:sub"
    assert "Near" in decision.why


@pytest.mark.parametrize(
    ("pattern", "sub", "expected"),
    [
        ("repo:octo*", "repo:octo-evil/app:ref:refs/heads/main", True),  # the prefix trap is reproduced
        ("repo:octo/*", "repo:octo-evil/app:ref:refs/heads/main", False),
        ("repo:octo/app:*", "repo:octo/app:pull_request", True),
    ],
)
def test_wildcards_let_in_what_they_match(pattern: str, sub: str, expected: bool) -> None:
    assert assume(statement("StringLike", sub=pattern), sub=sub).allowed is expected


def test_another_provider_or_action_is_refused() -> None:
    decision = assume(statement(), principal=PROVIDER + "/enterprise")
    assert not decision.allowed
    assert decision.expected == (PROVIDER,)
    assert not assume(statement(), action="sts:AssumeRole").allowed


def test_a_deny_in_the_trust_policy_wins() -> None:
    denial = {**statement(ref="refs/heads/main"), "Effect": "Deny", "Sid": "No"}
    decision = assume(statement(), denial)
    assert not decision.allowed
    assert decision.by == "No"


def test_services_and_callers() -> None:
    trust = policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": ["eks.amazonaws.com"]},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        },
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/ops"}, "Action": "sts:AssumeRole"},
    )

    def by(kind: Any, principal: str, action: str = "sts:AssumeRole") -> bool:
        return evaluate_trust(trust, principal_type=kind, principal=principal, action=action, context={}).allowed

    assert by("Service", "eks.amazonaws.com")
    assert by("Service", "eks.amazonaws.com", "sts:TagSession")
    assert not by("Service", "ec2.amazonaws.com")
    assert by("AWS", f"arn:aws:sts::{ACCOUNT}:assumed-role/ops/x")
    assert not by("AWS", f"arn:aws:sts::{ACCOUNT}:assumed-role/ops2/x")
    assert not by("AWS", "eks.amazonaws.com")
    assert not by("Federated", "eks.amazonaws.com")


def test_a_malformed_trust_policy_lets_nobody_in() -> None:
    documents: list[Any] = [None, [], {}, policy({**statement(), "Resource": "*"}), policy({**statement(), "Oops": 1})]
    for broken in documents:
        decision = evaluate_trust(
            broken,
            principal_type="Federated",
            principal=PROVIDER,
            action=WEB,
            context={f"{ISSUER}:{name}": [value] for name, value in CLAIMS.items()},
        )
        assert not decision.allowed
        assert decision.why


@pytest.mark.parametrize(
    ("principal", "action", "context", "by"),
    [
        ("jane", "sts:AssumeRole", {}, "principal"),
        (5, "sts:AssumeRole", {}, "principal"),
        (f"arn:aws:iam::{ACCOUNT}:user/jane", "sts:*", {}, "action"),
        (f"arn:aws:iam::{ACCOUNT}:user/jane", "sts:AssumeRole", {5: "x"}, "context"),
        (f"arn:aws:iam::{ACCOUNT}:user/jane", "sts:AssumeRole", {"aws:x": {}}, "context"),
    ],
)
def test_what_is_not_understood_names_itself(principal: Any, action: str, context: Any, by: str) -> None:
    trust = policy({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
    decision = evaluate_trust(trust, principal_type="AWS", principal=principal, action=action, context=context)
    assert (decision.allowed, decision.by, decision.layer) == (False, by, "trust")


def test_every_answer_is_the_trust_policys() -> None:
    denial = {**statement(ref="refs/heads/main"), "Effect": "Deny", "Sid": "No"}
    for decision in (assume(statement()), assume(statement(), aud="x"), assume(statement(), denial)):
        assert decision.layer == "trust"
        assert f"{WEB} on the role" in decision.why
    assert "no statement of the trust policy allows" in assume(statement(), principal=PROVIDER + "/x").why
