"""Chapter "IAM policy elements: Variables and tags"."""

from __future__ import annotations

from typing import Any

import pytest

from .policies import BUCKET, allow, ask, deny, when

HOME = "arn:aws:s3:::example/${aws:username}"


def test_a_variable_in_a_resource_takes_the_request_value() -> None:
    assert ask(allow("*", HOME), context={"aws:UserName": ["key"]}).allowed
    assert not ask(allow("*", HOME), context={"aws:username": ["other"]}).allowed


def test_a_variable_without_value_matches_no_resource() -> None:
    assert not ask(allow("*", HOME)).allowed
    assert not ask(allow(), deny("*", "arn:aws:s3:::example/*"), allow("*", HOME)).allowed
    assert ask({"Effect": "Allow", "Action": "*", "NotResource": HOME}).allowed


def test_only_version_2012_knows_variables() -> None:
    for version in ("2008-10-17", None):
        assert not ask(allow("*", HOME), context={"aws:username": ["key"]}, version=version).allowed
        literal = "arn:aws:s3:::example/${aws:username}"
        assert ask(allow("*", HOME), resource=literal, context={"aws:username": ["key"]}, version=version).allowed


def test_defaults_stand_in_for_what_is_absent() -> None:
    resource = "arn:aws:s3:::example/${aws:PrincipalTag/team, 'key'}"
    assert ask(allow("*", resource)).allowed
    assert not ask(allow("*", resource), context={"aws:PrincipalTag/team": ["x"]}).allowed
    assert ask(allow("*", "arn:aws:s3:::example${aws:x, ''}/key")).allowed


@pytest.mark.parametrize(("escape", "char"), [("${*}", "*"), ("${?}", "?"), ("${$}", "$")])
def test_escapes_are_literal(escape: str, char: str) -> None:
    assert when("StringLike", "aws:key", f"a{escape}b", context={"aws:key": [f"a{char}b"]})
    assert not when("StringLike", "aws:key", f"a{escape}b", context={"aws:key": ["axb"]})


def test_wildcards_in_a_value_are_literal() -> None:
    context = {"aws:pattern": ["*"], "aws:key": ["anything"]}
    assert not when("StringLike", "aws:key", "${aws:pattern}", context=context)
    assert not ask(allow("*", HOME), context={"aws:username": ["*"]}).allowed


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringLike", False),
        ("ArnLike", False),
        ("StringNotEquals", True),
        ("StringNotLike", True),
    ],
)
def test_a_variable_without_value_is_like_nothing(operator: str, expected: bool) -> None:
    assert when(operator, "aws:key", "${aws:absent}", context={"aws:key": ["a"]}) is expected


def test_a_variable_compares_two_keys() -> None:
    condition = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    same = {"aws:ResourceTag/team": ["x"], "aws:PrincipalTag/team": ["x"]}
    assert ask(allow(Condition=condition), context=same).allowed
    decision = ask(allow(Condition=condition), context={**same, "aws:PrincipalTag/team": ["y"]})
    assert (decision.expected, decision.got) == (("y",), ("x",))


def test_a_key_with_several_values_is_no_variable() -> None:
    several = {"aws:TagKeys": ["key", "b"], "aws:key": ["z"]}
    resource = "arn:aws:s3:::example/${aws:TagKeys}"
    assert not ask(allow("*", resource), context=several).allowed
    assert not ask({"Effect": "Allow", "Action": "*", "NotResource": resource}, context=several).allowed
    assert not ask(allow(), deny("*", resource), context=several).allowed
    assert not when("StringNotEquals", "aws:key", "${aws:TagKeys}", context=several)


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:s3:::b/${aws:username",
        "arn:aws:s3:::b/${}",
        "arn:aws:s3:::b/${user}",
        "arn:aws:s3:::b/${aws:a, b}",
        "arn:aws:s3:::b/${aws:a, 'b}",
        "arn:aws:${aws:username}:::b",
    ],
)
def test_what_is_no_variable_is_refused(resource: str) -> None:
    assert not ask(allow(), allow("*", resource)).allowed
    assert not ask(allow(), deny("iam:*", resource)).allowed


@pytest.mark.parametrize("spelling", ["${aws:UserName}", "${ aws:username }", "${aws:username,'x'}"])
def test_spellings(spelling: Any) -> None:
    assert ask(allow("*", BUCKET.replace("key", spelling)), context={"aws:username": ["key"]}).allowed
