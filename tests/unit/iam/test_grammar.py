"""Chapter "Grammar of the IAM JSON policy language": what is not in it is refused by name, whatever else allows."""

from __future__ import annotations

from typing import Any

import pytest

from ekswiz.iam.evaluate import evaluate
from ekswiz.iam.grammar import validate_document

from .policies import ACCOUNT, allow, ask, policy

GOOD = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


BROKEN_STATEMENTS: list[tuple[Any, str]] = [
    ({**GOOD, "Extra": 1}, "'Extra'"),
    ({**GOOD, "action": "s3:*"}, "'action'"),
    ({**GOOD, "Effect": "allow"}, "'allow'"),
    (_without("Effect"), "Missing required field Effect."),
    (_without("Action"), "Policy statement must contain actions."),
    (_without("Resource"), "Policy statement must contain resources."),
    ({**GOOD, "Action": []}, "Policy statement must contain actions."),
    ({**GOOD, "Resource": []}, "Policy statement must contain resources."),
    ({**GOOD, "NotAction": "iam:*"}, "NotAction"),
    ({**GOOD, "NotResource": "*"}, "NotResource"),
    ({**GOOD, "Action": "GetObject"}, "must be prefaced by a vendor"),
    ({**GOOD, "Action": "s3:a:b"}, "can contain only one colon"),
    ({**GOOD, "Action": "s*:Get"}, "Vendor 's*' is not valid"),
    ({**GOOD, "Action": "s3:${aws:username}"}, "can contain only one colon"),
    ({**GOOD, "Action": "s3:Get Object"}, "is not valid"),
    ({**GOOD, "Action": 5}, "Action must be a string"),
    ({**GOOD, "Action": ["s3:*", None]}, "Action must be a string"),
    ({**GOOD, "Resource": "bucket"}, "must be in ARN format"),
    ({**GOOD, "Resource": "arn:aws:s3"}, "must be in ARN format"),
    ({**GOOD, "Resource": "arn:aws:s*:::b"}, "Resource vendor must be fully qualified"),
    ({**GOOD, "Resource": "arn:aws:*"}, "Resource vendor must be fully qualified"),
    ({**GOOD, "Resource": {"a": 1}}, "Resource must be a string"),
    ({**GOOD, "Sid": "has space"}, "alpha-numeric"),
    ({**GOOD, "Sid": 1}, "Sid must be a string"),
    ({**GOOD, "Principal": "*"}, "should not specify a principal"),
    ({**GOOD, "Condition": []}, "Condition must be an object"),
    ({**GOOD, "Condition": {"StringEquals": "x"}}, "StringEquals"),
    ({**GOOD, "Condition": {"StringEquals": {}}}, "StringEquals"),
    ({**GOOD, "Condition": {"StringEquals": {"key": "x"}}}, "prefaced by a vendor"),
    ("text", "a statement must be an object"),
    (None, "a statement must be an object"),
]


@pytest.mark.parametrize(("statement", "words"), BROKEN_STATEMENTS)
def test_a_broken_statement_refuses_all_and_names_itself(statement: Any, words: str) -> None:
    document = policy(allow(), statement)
    problems = validate_document(document, "identity")
    assert words in problems[0]
    assert "(Statement[1])" in problems[0]
    decision = evaluate("s3:GetObject", "*", {}, identity=[policy(allow()), document])
    assert not decision.allowed
    assert words in decision.why
    assert decision.by == "policy[1]"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "valid JSON format"),
        ("{", "valid JSON format"),
        ("{}", "Statement must be an object"),
        ([GOOD], "valid JSON format"),
        ({}, "Statement must be an object"),
        ({"Statement": []}, "Statement must be an object"),
        ({"Statement": "x"}, "Statement must be an object"),
        ({"Version": "2020-01-01", "Statement": GOOD}, "2012-10-17 or greater"),
        ({"Version": ["2012-10-17"], "Statement": GOOD}, "2012-10-17 or greater"),
        ({"Statement": GOOD, "statement": GOOD}, "'statement'"),
        ({"Statement": GOOD, "Id": 1}, "Id must be a string"),
        ({"Statement": [{**GOOD, "Sid": "a"}, {**GOOD, "Sid": "a"}]}, "must be unique"),
    ],
)
def test_a_broken_document_refuses_all(document: Any, words: str) -> None:
    assert words in validate_document(document, "identity")[0]
    for documents in ({"boundary": document}, {"session": [document]}, {"identity": [policy(allow()), document]}):
        if documents == {"boundary": None}:
            continue  # no boundary at all
        assert not evaluate("s3:GetObject", "*", {}, **{"identity": [policy(allow())], **documents}).allowed


@pytest.mark.parametrize(
    "document",
    [
        policy(GOOD),
        policy(GOOD, version=None),
        policy(GOOD, version="2008-10-17"),
        {**policy(GOOD), "Id": "x"},
        {"Statement": GOOD},
        policy({**GOOD, "Sid": ""}, {**GOOD, "Sid": ""}),
        policy({**GOOD, "Condition": {}}),
        policy({**GOOD, "Resource": "arn:aws:iam::*"}),
        policy({"Effect": "Deny", "NotAction": ["iam:*"], "NotResource": ["arn:aws:s3:::b/*"]}),
    ],
)
def test_what_the_grammar_allows_has_no_problems(document: Any) -> None:
    for kind in ("identity", "boundary", "session"):
        assert validate_document(document, kind) == ()


TRUSTED = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Resource": "*"}, "Has prohibited field Resource."),
        ({"NotResource": "*"}, "Has prohibited field NotResource."),
        ({"Action": "s3:GetObject"}, "AssumeRole policy may only specify STS AssumeRole actions"),
        ({"Action": "*"}, "AssumeRole policy may only specify STS AssumeRole actions"),
        ({"NotPrincipal": {"AWS": "*"}}, "NotPrincipal"),
        ({"Principal": "me"}, "Invalid principal in policy"),
        ({"Principal": {}}, "Invalid principal in policy"),
        ({"Principal": {"AWS": []}}, "Invalid principal in policy"),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:role/*"}}, "Invalid principal in policy"),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:group/x"}}, "Invalid principal in policy"),
        ({"Principal": {"AWS": "12345"}}, "Invalid principal in policy"),
        ({"Principal": {"Federated": "*"}}, "Invalid principal in policy"),
        ({"Principal": {"Service": "*"}}, "Invalid principal in policy"),
        ({"Principal": {"Everyone": "*"}}, "Invalid principal in policy"),
    ],
)
def test_trust_policies(change: dict[str, Any], words: str) -> None:
    assert validate_document(policy(TRUSTED), "trust") == ()
    assert any(words in problem for problem in validate_document(policy({**TRUSTED, **change}), "trust"))


def test_a_trust_policy_needs_a_principal() -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    assert "Missing required field Principal." in validate_document(policy(statement), "trust")[0]


def test_a_resource_policy_may_leave_its_resource_out() -> None:
    statement = {"Sid": "with space", "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "ecr:*"}
    assert validate_document(policy(statement), "resource") == ()
    allowing = {"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "ecr:*"}
    assert "NotPrincipal is not supported" in validate_document(policy(allowing), "resource")[0]


def test_identity_must_be_a_list_of_documents() -> None:
    decision = evaluate("s3:GetObject", "*", {}, identity=policy(allow()))  # type: ignore[arg-type]  # a likely slip
    assert not decision.allowed


def test_hostile_values_stay_short_in_messages() -> None:
    decision = ask(allow(), {**GOOD, "Action": "x" * 15_000})
    assert not decision.allowed
    assert len(decision.why) < 400
    assert not ask(allow(), {**GOOD, "Sid": [[[10**5000]]]}).allowed
