"""The request's side: actions, resources, callers and condition keys as programs hand them over."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ekswiz.iam.evaluate import evaluate
from ekswiz.iam.grammar import validate_document
from ekswiz.iam.trust import evaluate_trust

from .policies import ACCOUNT, allow, ask, policy, when

KEY = "aws:key"


@pytest.mark.parametrize(
    ("operator", "value", "got"),
    [
        ("NumericEquals", "0.00001", 0.00001),
        ("NumericLessThan", 2, 1),
        ("NumericGreaterThan", "1", 1e22),
        ("NumericEquals", 1e22, "10000000000000000000000"),
        ("Bool", False, False),
        ("StringEquals", "5", 5),
        ("BinaryEquals", base64.b64encode(b"\x00\xff").decode(), b"\x00\xff"),
        ("ForAllValues:NumericEquals", ["1", "2"], (1, 2)),
        ("ForAnyValue:StringEquals", "b", {"a", "b"}),
        ("ForAnyValue:Bool", "true", [False, True]),
        ("ForAnyValue:StringEquals", "b", frozenset({"b"})),
        ("Null", "true", None),
    ],
)
def test_values_of_programs_are_read(operator: str, value: Any, got: Any) -> None:
    assert when(operator, KEY, value, context={KEY: got})


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ([], "mapping"),
        ("aws:key", "mapping"),
        (5, "mapping"),
        ({5: "x"}, "no condition key"),
        ({KEY: {"a": 1}}, "dict is no value"),
        ({KEY: [["a"]]}, "list is no value"),
        ({KEY: [None]}, "NoneType is no value"),
        ({KEY: float("nan")}, "float is no value"),
        ({KEY: float("inf")}, "float is no value"),
    ],
)
def test_a_context_that_is_not_understood_allows_nothing(context: Any, words: str) -> None:
    decision = evaluate("s3:GetObject", "*", context, identity=[policy(allow())])
    assert (decision.allowed, decision.by) == (False, "context")
    assert words in decision.why
    trust = policy({"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"})
    judged = evaluate_trust(
        trust, principal_type="Service", principal="eks.amazonaws.com", action="sts:AssumeRole", context=context
    )
    assert (judged.allowed, judged.by) == (False, "context")


def test_a_key_given_twice_in_different_case_has_several_values() -> None:
    both = {"aws:ResourceTag/team": "red", "aws:resourcetag/Team": "blue"}
    assert not when("StringEquals", "aws:ResourceTag/TEAM", "red", context=both)
    assert when("StringEquals", "aws:ResourceTag/TEAM", "red", context=both, effect="Deny")
    assert when("ForAnyValue:StringEquals", "aws:ResourceTag/TEAM", "red", context=both)


@pytest.mark.parametrize("action", ["S3:GetObject", "s3:getobject", "S3:GETOBJECT"])
def test_an_action_is_asked_in_any_case(action: str) -> None:
    assert ask(allow("s3:GetObject"), action=action).allowed
    assert ask(allow("s3:get*"), action=action).allowed
    assert not ask(allow("s3:put*"), action=action).allowed


EKS = "eks.amazonaws.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"


@pytest.mark.parametrize(
    ("caller", "named", "expected"),
    [
        (EKS, {"Service": EKS}, True),
        (EKS, {"Service": ["ec2.amazonaws.com", EKS]}, True),
        (EKS, {"Service": "ec2.amazonaws.com"}, False),
        (EKS, {"AWS": ACCOUNT}, False),
        (EKS, "*", True),
        ("logs.us-east-1.amazonaws.com", {"Service": "logs.us-east-1.amazonaws.com"}, True),
        ("ec2.amazonaws.com.cn", {"Service": "ec2.amazonaws.com.cn"}, True),
        (PROVIDER, {"Federated": PROVIDER}, True),
        (PROVIDER, {"Federated": PROVIDER + "/slug"}, False),
        (PROVIDER, {"AWS": ACCOUNT}, False),
        (
            f"arn:aws:iam::{ACCOUNT}:saml-provider/corp",
            {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"},
            True,
        ),
        (f"arn:aws:iam::{ACCOUNT}:root", {"AWS": ACCOUNT}, True),
        (f"arn:aws:iam::{ACCOUNT}:root", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, True),
        (f"arn:aws:iam::{ACCOUNT}:root", {"AWS": f"arn:aws:iam::{ACCOUNT}:user/x"}, False),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/Bob", {"AWS": f"arn:aws:sts::{ACCOUNT}:federated-user/Bob"}, True),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/Bob", {"AWS": f"arn:aws:sts::{ACCOUNT}:federated-user/Eve"}, False),
    ],
)
def test_services_providers_and_the_root_user_may_call(caller: str, named: Any, expected: bool) -> None:
    document = policy({"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC, "Principal": named})
    assert (
        evaluate("sns:Publish", TOPIC, {}, identity=[], resource_policy=document, principal=caller).allowed is expected
    )


@pytest.mark.parametrize("caller", [5, b"x", ["arn"], "amazonaws.com", "eks.amazonaws.org", "*", "EKS.amazonaws.com"])
def test_whoever_is_nobody_is_refused(caller: Any) -> None:
    decision = evaluate("s3:GetObject", "*", {}, identity=[policy(allow())], principal=caller)
    assert (decision.allowed, decision.by) == (False, "principal")


def test_a_bucket_belongs_to_the_account_that_the_context_names() -> None:
    bucket, user = "arn:aws:s3:::example", f"arn:aws:iam::{ACCOUNT}:user/jane"
    grant = policy({"Effect": "Allow", "Action": "s3:*", "Resource": bucket, "Principal": {"AWS": user}})
    mine: dict[str, Any] = {"resource_policy": grant, "principal": user}
    assert evaluate("s3:ListBucket", bucket, {"aws:ResourceAccount": ACCOUNT}, identity=[], **mine).allowed
    foreign = {"aws:ResourceAccount": "999999999999"}
    assert not evaluate("s3:ListBucket", bucket, foreign, identity=[], **mine).allowed
    assert evaluate("s3:ListBucket", bucket, foreign, identity=[policy(allow("s3:*"))], **mine).allowed
    assert not evaluate("s3:ListBucket", bucket, foreign, identity=[policy(allow("s3:*"))], principal=user).allowed
    # several owners are no owner: both sides must allow
    several = {"aws:ResourceAccount": [ACCOUNT, "999999999999"]}
    assert not evaluate("s3:ListBucket", bucket, several, identity=[], **mine).allowed


@pytest.mark.parametrize("caller", ["role/x${aws:username}", "user/*", "user/a?", "role/{x}"])
def test_a_principal_is_no_pattern_and_no_variable(caller: str) -> None:
    named = {"AWS": f"arn:aws:iam::{ACCOUNT}:{caller}"}
    document = policy({"Effect": "Allow", "Principal": named, "Action": "sts:AssumeRole"})
    assert "Invalid principal in policy" in validate_document(document, "trust")[0]


@pytest.mark.parametrize("key", ["aws:", ":x", "aws", "", "aws:${aws:x}"])
def test_a_key_has_a_vendor_and_a_name(key: str) -> None:
    assert not ask(allow(), allow(Condition={"StringEquals": {key: "a"}})).allowed
