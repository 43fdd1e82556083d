"""Chapter "IAM JSON policy elements: Resource, NotResource"."""

from __future__ import annotations

from typing import Any

import pytest

from .policies import allow, ask, deny

LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:app:b"
APP = "arn:aws:ecr:us-east-1:123456789012:repository/app"


@pytest.mark.parametrize(
    ("pattern", "resource", "expected"),
    [
        (APP, APP, True),
        (APP, APP + "x", False),
        (APP.upper().replace("ARN:AWS:ECR", "arn:aws:ecr"), APP, False),
        ("*", APP, True),
        ("*", "*", True),
        (["arn:aws:s3:::other", APP], APP, True),
        ([APP, "arn:aws:s3:::other"], APP, True),
        (APP, "*", False),
        ("arn:aws:ecr:*:123456789012:repository/app", APP, True),
        ("arn:aws:ecr:us-*-1:123456789012:repository/app", APP, True),
        ("arn:aws:ecr:us-east-?:123456789012:repository/app", APP, True),
        ("arn:*:ecr:us-east-1:123456789012:repository/app", APP, True),
        ("arn:aws:ecr:us-east-1:123456789012:repository/*", APP, True),
        ("arn:aws:ecr:us-east-1:123456789012:repository/*", APP + "/a/b", True),
        ("arn:aws:ecr:us-east-1:123456789012:*", APP, True),
        ("arn:aws:ecr:*", APP, True),
        ("arn:aws:ecr:*:repository/app", APP, True),  # a final * of a segment may pass colons
        ("arn:aws:logs:us*2:log-group:app:b", LOGS, False),  # one inside a segment may not
        ("arn:aws:logs:us-east-1?123456789012:log-group:app:b", LOGS, False),
        ("arn:aws:logs:us-east-1:123456789012:log?group:a*b", LOGS, True),
        ("arn:aws:logs:us-east-1:123456789012:l*b", LOGS, True),
        ("arn:aws:logs:us-east-1:1*9:app", "arn:aws:logs:us-east-1:1:29:app", False),
        ("arn:aws:logs:us-east-1:1?9:app", "arn:aws:logs:us-east-1:1:9:app", False),
        ("arn:aws:logs:us-east-1:12345678901?:x", "arn:aws:logs:us-east-1:12345678901::x", False),
        ("arn:aws:ecr:us-east-?:123456789012:repository/app", APP.replace("east-1", "east-11"), False),
        ("arn:aws:ecr:*-1:123456789012:repository/app", APP.replace("us-", "us:x-"), False),
        ("arn:aws:s3:::example/*/test/*", "arn:aws:s3:::example/1/2/test/3/object.jpg", True),
        ("arn:aws:s3:::example/*/test/*", "arn:aws:s3:::example/1-test/object.jpg", False),
        (
            "arn:aws:logs:us-east-1:123456789012:log-group:a:*",
            "arn:aws:logs:us-east-1:123456789012:log-group:a:b:c",
            True,
        ),
    ],
)
def test_resource(pattern: Any, resource: str, expected: bool) -> None:
    assert ask(allow("*", pattern), resource=resource).allowed is expected


def test_not_resource_covers_everything_else() -> None:
    statement = {"Effect": "Allow", "Action": "*", "NotResource": [APP]}
    assert not ask(statement, resource=APP).allowed
    assert ask(statement, resource=APP + "2").allowed
    assert ask(statement, resource="*").allowed


def test_a_refusal_shows_what_the_nearest_statement_covers() -> None:
    decision = ask(deny("iam:*"), allow("s3:*", APP))
    assert decision.by is None
    assert decision.expected == (APP,)
    assert APP in decision.why


@pytest.mark.parametrize("resource", ["", None, "x" * 9000])
def test_a_request_is_about_one_resource(resource: Any) -> None:
    assert not ask(allow(), resource=resource).allowed
