"""Explanations: every statement with how far it got, and what each line of its conditions said."""

from __future__ import annotations

from typing import Any

import pytest

from ekswiz.iam.evaluate import Documents, explain
from ekswiz.iam.trust import explain_trust

from .policies import ACCOUNT, BUCKET, allow, deny, policy

USER = f"arn:aws:iam::{ACCOUNT}:user/jane"
CONTEXT = {"aws:x": "a"}


def stages(documents: Documents, principal: str | None = USER) -> dict[str, list[str]]:
    made = explain("s3:GetObject", BUCKET, CONTEXT, documents, principal)
    return {kind: [each.stage for each in findings] for kind, findings in made.findings.items()}


def test_every_statement_of_every_document_is_there() -> None:
    wants = {"Condition": {"StringEquals": {"aws:x": "b"}}}
    identity = [
        policy(allow("ec2:*"), allow("s3:*", "arn:aws:s3:::other/*"), allow("s3:*", **wants)),
        policy(allow("s3:*")),
    ]
    resource = policy({**allow("s3:*"), "Principal": {"AWS": USER + "2"}}, {**allow("s3:*"), "Principal": "*"})
    documents = Documents(identity, policy(allow()), [policy(deny("iam:*"), allow())], resource)
    assert stages(documents) == {
        "identity": ["action", "resource", "condition", "applies"],
        "boundary": ["applies"],
        "session": ["action", "applies"],
        "resource": ["principal", "applies"],
    }


def test_a_line_says_what_it_asked_for_and_what_it_got() -> None:
    condition = {
        "StringEquals": {"aws:x": "b"},
        "ForAllValues:NumericLessThan": {"aws:y": "5"},
        "Bool": {"aws:z": "true"},
    }
    made = explain("s3:GetObject", BUCKET, {**CONTEXT, "aws:z": "?"}, Documents([policy(allow(Condition=condition))]))
    lines = {line.operator: line for line in made.findings["identity"][0].outcomes}
    assert (lines["StringEquals"].truth, lines["StringEquals"].expected, lines["StringEquals"].got) == (
        False,
        ("b",),
        ("a",),
    )
    assert lines["ForAllValues:NumericLessThan"].truth is True
    assert lines["Bool"].truth is None
    assert "cannot be decided" in lines["Bool"].sentence()
    assert made.decision.why.count("where") == 2
    assert made.decision.layer == "permission"


@pytest.mark.parametrize(
    "documents",
    [Documents(["{"]), Documents([policy(allow())], boundary={}), Documents(session=[None])],  # type: ignore[list-item]
)
def test_nothing_is_looked_at_where_something_is_not_understood(documents: Documents) -> None:
    made = explain("s3:GetObject", BUCKET, CONTEXT, documents, USER)
    assert not made.decision.allowed
    assert made.findings == {}


TRUST = policy(
    {"Sid": "One", "Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"},
    {"Sid": "Two", "Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"},
)


@pytest.mark.parametrize(
    ("principal", "allowed", "by"),
    [
        ("eks.amazonaws.com", True, "One"),
        (USER, True, "Two"),
        ("ec2.amazonaws.com", False, None),
        ("me", False, "principal"),
    ],
)
def test_a_trust_policy_by_itself(principal: str, allowed: bool, by: str | None) -> None:
    made = explain_trust(TRUST, principal, "sts:AssumeRole", {})
    decision = made.decision
    assert (decision.allowed, decision.by, decision.layer) == (allowed, by, "trust")
    assert set(made.findings) == (set() if by == "principal" else {"trust"})
    assert by == "principal" or "sts:AssumeRole on the role" in decision.why


@pytest.mark.parametrize(
    ("trust", "action", "context", "by"),
    [
        ({}, "sts:AssumeRole", {}, "trust-policy"),
        (TRUST, "sts:*", {}, "action"),
        (TRUST, None, {}, "action"),
        (TRUST, "sts:AssumeRole", [], "context"),
        (TRUST, "sts:AssumeRole", {"aws:x": [[]]}, "context"),
    ],
)
def test_what_is_not_understood_names_itself(trust: Any, action: Any, context: Any, by: str) -> None:
    made = explain_trust(trust, USER, action, context)
    assert (made.decision.allowed, made.decision.by, made.findings) == (False, by, {})
    assert made.decision.layer == "trust"


@pytest.mark.parametrize(
    ("wanted", "got", "sentence"),
    [
        ("a", ["b"], 'aws:x is "b" where StringEquals asks for "a"'),
        (["a", "c"], ["b"], 'aws:x is "b" where StringEquals asks for "a" or "c"'),
        ("a", [], 'aws:x is absent where StringEquals asks for "a"'),
        ("a", ["b", "c"], 'aws:x is "b" or "c" where StringEquals asks for "a" (cannot be decided)'),
        ("${aws:y}", ["b"], 'aws:x is "b" where StringEquals asks for "${aws:y}"'),
        ("${aws:y, 'd'}", ["b"], 'aws:x is "b" where StringEquals asks for "d"'),
    ],
)
def test_the_sentence_of_a_line(wanted: Any, got: list[str], sentence: str) -> None:
    statement = allow(Condition={"StringEquals": {"aws:x": wanted}})
    made = explain("s3:GetObject", BUCKET, {"aws:x": got}, Documents([policy(statement)]))
    assert made.decision.why == f"policy[0].Statement[0] would allow s3:GetObject on {BUCKET}, but {sentence}"
