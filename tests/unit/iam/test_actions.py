"""Chapter "IAM JSON policy elements: Action, NotAction"."""

from __future__ import annotations

from typing import Any

import pytest

from .policies import allow, ask, deny


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("s3:GetObject", "s3:GetObject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:GetObject", "s3:GetObjectAcl", False),
        ("s3:Get*", "s3:GetObjectAcl", True),
        ("s3:*Object", "s3:GetObject", True),
        ("s3:*Object", "s3:GetObjectAcl", False),
        ("s3:?etObject", "s3:GetObject", True),
        ("s3:??etObject", "s3:GetObject", False),
        ("s3:*", "s3:GetObject", True),
        ("s3:*", "sts:AssumeRole", False),
        ("*", "sts:AssumeRole", True),
        ("*:*", "sts:AssumeRole", True),
        (["ecr:*", "s3:GetObject"], "s3:GetObject", True),
        ("s3:*e*b*t", "s3:GetObject", True),
    ],
)
def test_action_matches_without_regard_to_case(pattern: Any, action: str, expected: bool) -> None:
    assert ask(allow(pattern), action=action).allowed is expected


@pytest.mark.parametrize(("action", "expected"), [("iam:GetRole", False), ("s3:GetObject", True)])
def test_not_action_covers_everything_else(action: str, expected: bool) -> None:
    statement = {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}
    assert ask(statement, action=action).allowed is expected


def test_deny_with_not_action_denies_everything_else() -> None:
    denial = {"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"}
    assert ask(allow(), denial, action="s3:GetObject").allowed
    assert not ask(allow(), denial, action="s3:PutObject").allowed


def test_one_statement_need_not_be_in_a_list() -> None:
    from ekswiz.iam.evaluate import evaluate

    document = {"Version": "2012-10-17", "Statement": allow("s3:GetObject")}
    assert evaluate("s3:GetObject", "*", {}, identity=[document]).allowed


@pytest.mark.parametrize("action", ["s3:*", "*", "s3", "", "s3:Get?", "s3:a:b", "s3 :Get"])
def test_a_request_is_for_one_action(action: str) -> None:
    decision = ask(allow(), action=action)
    assert not decision.allowed
    assert "no single action" in decision.why


def test_the_deciding_statement_is_named_by_sid_or_place() -> None:
    assert ask(allow(Sid="ReadAll")).by == "ReadAll"
    assert ask(deny("ecr:*"), allow()).by == "policy[0].Statement[1]"
    assert ask(allow(), deny(Sid="Stop")).by == "Stop"
