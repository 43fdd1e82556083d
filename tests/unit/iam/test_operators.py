"""Chapter "IAM JSON policy elements: Condition operators"."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ekswiz.iam.matching import LONGEST_TEXT
from ekswiz.iam.policy import LONGEST_VALUE

from .policies import allow, ask, when

Row = tuple[str, Any, str, bool]

STRINGS: list[Row] = [
    ("StringEquals", "a", "a", True),
    ("StringEquals", "a", "A", False),
    ("StringEquals", "a*", "ab", False),
    ("StringEquals", ["x", "a"], "a", True),
    ("StringNotEquals", "a", "b", True),
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringEqualsIgnoreCase", "Main", "mAIN", True),
    ("StringEqualsIgnoreCase", "Main", "mains", False),
    ("StringNotEqualsIgnoreCase", "Main", "mAIN", False),
    ("StringLike", "repo:o/*", "repo:o/r:ref:x", True),
    ("StringLike", "repo:o/*", "repo:O/r", False),
    ("StringLike", "re?o", "repo", True),
    ("StringLike", "re?o", "reo", False),
    ("StringLike", "", "", True),
    ("StringLike", "*", "", True),
    ("StringLike", "**a*", "a", True),
    ("StringLike", "ab*", "bbx", False),
    ("StringLike", "*ab", "ab", True),
    ("StringNotLike", "*", "", False),
    ("StringLike", "*", "a" * LONGEST_TEXT, True),
    ("StringLike", "*", "a" * (LONGEST_TEXT + 1), False),
    ("StringNotLike", "repo:o/*", "repo:o/r", False),
    ("StringNotLike", ["x*", "y*"], "repo:o/r", True),
    ("StringEquals", True, "true", True),
    ("StringEquals", 12, "12", True),
]
NUMBERS: list[Row] = [
    ("NumericEquals", "10", "10.0", True),
    ("NumericEquals", 10, "11", False),
    ("NumericNotEquals", ["1", "2"], "2", False),
    ("NumericNotEquals", "1", "2", True),
    ("NumericLessThan", "10", "9", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericGreaterThan", "10", "9", False),
    ("NumericGreaterThan", "9", "10", True),
    ("NumericGreaterThanEquals", "-1.5", "-1.5", True),
    ("NumericEquals", "10", "ten", False),
    ("NumericNotEquals", "10", "ten", False),  # cannot be decided, so an Allow does not hold
    ("NumericEquals", "10", "\u0661\u0660", False),
]
DATES: list[Row] = [
    ("DateEquals", "2026-11-01T00:00:00Z", "2026-11-01", True),
    ("DateEquals", "1793491200", "2026-11-01T00:00:00Z", True),
    ("DateEquals", "2026-11-01T01:00:00+01:00", "2026-11-01T00:00:00Z", True),
    ("DateNotEquals", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", False),
    ("DateLessThan", "2026-11-01T00:00:00Z", "2026-10-31T23:59:59.999Z", True),
    ("DateLessThan", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", False),
    ("DateLessThanEquals", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", True),
    ("DateGreaterThan", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00.001Z", True),
    ("DateGreaterThanEquals", "2026-11-01T00:00:00Z", "2026-10-01T00:00:00Z", False),
    ("DateLessThan", "2026-11-01T00:00:00Z", "yesterday", False),
    ("DateEquals", "2026-11", "2026-11-01T00:00Z", True),
    ("DateEquals", "2026-11-01T00:00Z", "2026-11-01T00:00:00.0Z", True),
    ("DateLessThan", "9999-12-31T23:59:59Z", "2026-11-01T00:00:00Z", True),
    ("DateGreaterThan", "0001-01-01T00:00:00+14:00", "2026-11-01", True),
    ("DateEquals", "2026-11-01T00:00:00-05:00", "2026-11-01T05:00:00Z", True),
    ("DateEquals", "2026-11-01T00:00:00+0530", "2026-10-31T18:30:00Z", True),
    ("DateEquals", "1969-12-31T23:59:59Z", "-1", True),
    ("DateEquals", 1793491200, "1793491200.000", True),
    ("DateLessThan", "2026-11-01", "2026-13-01", False),
    ("DateLessThan", "2026-11-01", "2026-02-30", False),
    ("DateLessThan", "2026-11-01", "2026-10-31T24:00:01Z", False),
    ("DateLessThan", "2026-11-01", "2026-10-31T10:00:00+24:00", False),
    ("DateLessThan", "2026-11-01", "2026-10-31 10:00:00", False),
]
OTHERS: list[Row] = [
    ("Bool", "true", "true", True),
    ("Bool", True, "TRUE", True),
    ("Bool", "false", "true", False),
    ("Bool", "true", "yes", False),
    ("BinaryEquals", base64.b64encode(b"\x00x").decode(), base64.b64encode(b"\x00x").decode(), True),
    ("BinaryEquals", base64.b64encode(b"x").decode(), base64.b64encode(b"X").decode(), False),
    ("BinaryEquals", base64.b64encode(b"x").decode(), "%%%", False),
    ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
    ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
    ("IpAddress", "203.0.113.7", "203.0.113.7", True),
    ("IpAddress", "203.0.113.7/24", "203.0.113.9", True),  # bits beyond the mask do not matter
    ("IpAddress", "2001:db8::/32", "10.0.0.1", False),
    ("IpAddress", ["10.0.0.0/8", "2001:db8::/32"], "2001:db8::1", True),
    ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
    ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
    ("NotIpAddress", "203.0.113.0/24", "nowhere", False),
    ("IpAddress", "203.0.113.0/24", "203.0.113.0/25", False),
]
LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:app:b"
ROLE = "arn:aws:iam::123456789012:role/deploy"
ARNS: list[Row] = [
    (f"Arn{kind}", pattern, got, expected)
    for kind in ("Equals", "Like")
    for pattern, got, expected in [
        (ROLE, ROLE, True),
        ("arn:aws:iam::123456789012:role/*", ROLE, True),
        ("arn:aws:iam::*:role/deploy", ROLE, True),
        ("arn:*:iam::123456789012:role/dep?oy", ROLE, True),
        ("arn:aws:iam::*", ROLE, False),  # each of six components is looked at
        ("arn:aws:iam::123456789012:ROLE/deploy", ROLE, False),
        ("*", ROLE, False),  # no six components: cannot be decided
        (ROLE, "deploy", False),
    ]
] + [
    ("ArnNotEquals", ROLE, ROLE, False),
    ("ArnNotLike", "arn:aws:iam::999999999999:role/*", ROLE, True),
    ("ArnNotLike", "not-an-arn", ROLE, False),
    ("ArnNotLike", "urn:aws:iam::123456789012:role/x", ROLE, False),
    ("ArnNotLike", "arn:aws:iam", ROLE, False),
    ("ArnNotLike", ROLE, "deploy", True),
    ("ArnLike", "arn:aws:*:123456789012:log-group:app:b", LOGS, False),  # no component reaches into the next
    ("ArnLike", "arn:aws:*:us-east-1:123456789012:log-group:*b", LOGS, True),
]


@pytest.mark.parametrize(("operator", "value", "got", "expected"), STRINGS + NUMBERS + DATES + OTHERS + ARNS)
def test_one_value_against_one_value(operator: str, value: Any, got: str, expected: bool) -> None:
    assert when(operator, "aws:key", value, context={"aws:key": [got]}) is expected


@pytest.mark.parametrize("operator", ["NumericEquals", "NumericNotEquals", "IpAddress", "NotIpAddress", "Bool"])
def test_what_cannot_be_read_makes_a_deny_apply(operator: str) -> None:
    value = {"NumericEquals": "1", "NumericNotEquals": "1", "Bool": "true"}.get(operator, "10.0.0.0/8")
    assert when(operator, "aws:key", value, context={"aws:key": ["?"]}, effect="Deny")


POSITIVE = {"StringEquals": "a", "NumericLessThan": "1", "Bool": "true", "IpAddress": "10.0.0.1", "ArnLike": ROLE}
NEGATED = {
    "StringNotEquals": "a",
    "StringNotLike": "a",
    "StringNotEqualsIgnoreCase": "a",
    "NumericNotEquals": "1",
    "DateNotEquals": "1",
    "NotIpAddress": "10.0.0.1",
    "ArnNotLike": ROLE,
    "ArnNotEquals": ROLE,
}


@pytest.mark.parametrize(("operator", "value"), POSITIVE.items())
def test_a_missing_key_fails_unless_if_exists(operator: str, value: str) -> None:
    assert not when(operator, "aws:key", value)
    assert when(operator + "IfExists", "aws:key", value)


@pytest.mark.parametrize(("operator", "value"), NEGATED.items())
def test_a_missing_key_satisfies_a_negated_operator(operator: str, value: str) -> None:
    assert when(operator, "aws:key", value)
    assert when(operator + "IfExists", "aws:key", value)


def test_if_exists_tests_a_key_that_is_there() -> None:
    assert not when("StringEqualsIfExists", "aws:key", "a", context={"aws:key": ["b"]})


@pytest.mark.parametrize(
    ("value", "context", "expected"),
    [
        ("true", {}, True),
        ("false", {}, False),
        (True, {"aws:key": ["x"]}, False),
        ("false", {"aws:key": ["x"]}, True),
        ("true", {"aws:key": []}, True),
        ("false", {"aws:key": [""]}, False),
        (["true", "false"], {}, True),
    ],
)
def test_null(value: Any, context: Any, expected: bool) -> None:
    assert when("Null", "aws:key", value, context=context) is expected


def test_keys_are_not_case_sensitive_and_all_lines_must_hold() -> None:
    statement = allow(Condition={"StringEquals": {"AWS:Key": "a", "aws:other": "b"}, "Bool": {"aws:flag": "true"}})
    assert ask(statement, context={"aws:KEY": ["a"], "aws:Other": ["b"], "aws:flag": ["true"]}).allowed
    decision = ask(statement, context={"aws:key": ["a"], "aws:other": ["b"], "aws:flag": ["false"]})
    assert (decision.key, decision.expected, decision.got) == ("aws:flag", ("true",), ("false",))


@pytest.mark.parametrize(
    "operator", ["stringequals", "StringMatches", "NullIfExists", "ForAny:StringEquals", "ForAnyValue:Null", "Bool "]
)
def test_an_unknown_operator_refuses_by_name(operator: str) -> None:
    decision = ask(allow(), allow(Condition={operator: {"aws:key": "a"}}))
    assert not decision.allowed
    assert operator in decision.why


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("NumericEquals", "ten"),
        ("DateLessThan", "soon"),
        ("Bool", "yes"),
        ("IpAddress", "10.0.0.0/33"),
        ("IpAddress", "10.0.0.0/255.0.0.0"),
        ("IpAddress", "fe80::1%eth0"),
        ("Null", "x"),
        ("BinaryEquals", "%"),
        ("StringEquals", []),
        ("StringEquals", b"a"),
        ("NumericEquals", float("nan")),
        ("StringEquals", None),
        ("StringEquals", {"a": 1}),
        ("NumericEquals", "1e999999999"),
        ("IpAddress", "${aws:SourceIp}"),
    ],
)
def test_a_value_that_can_never_be_read_is_refused(operator: str, value: Any) -> None:
    decision = ask(allow(), allow(Condition={operator: {"aws:key": value}}))
    assert not decision.allowed
    assert operator in decision.why


@pytest.mark.parametrize("condition", [{5: {"aws:key": "a"}}, {None: {}}, {"StringEquals": {5: "a"}}, {"Bool": 5}])
def test_a_condition_of_no_texts_is_refused(condition: Any) -> None:
    assert not ask(allow(), allow(Condition=condition)).allowed


@pytest.mark.parametrize(("length", "expected"), [(LONGEST_VALUE, True), (LONGEST_VALUE + 1, False)])
def test_a_value_has_a_longest_length(length: int, expected: bool) -> None:
    value = "a" * length
    assert when("StringEquals", "aws:key", value, context={"aws:key": [value]}) is expected
    assert ask(allow(), allow(Condition={"StringEquals": {"aws:key": value}})).allowed is expected
