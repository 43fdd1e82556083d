"""Documents as text: what JSON readers disagree about is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ekswiz.iam.evaluate import evaluate
from ekswiz.iam.grammar import validate_document
from ekswiz.iam.text import LONGEST_DOCUMENT, parse_document
from ekswiz.iam.trust import evaluate_trust

from .policies import allow, policy

ALLOW = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'


def test_a_document_may_come_as_text() -> None:
    assert validate_document(ALLOW, "identity") == ()
    assert evaluate("s3:GetObject", "*", {}, identity=[ALLOW]).allowed  # type: ignore[list-item]  # text is a convenience
    assert parse_document(ALLOW) == json.loads(ALLOW)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"Statement": [], "Statement": []}', "'Statement' stands twice"),
        (ALLOW.replace('"Effect": "Allow"', '"Effect": "Deny", "Effect": "Allow"'), "'Effect' stands twice"),
        (ALLOW.replace('"*"}', '"*", "Condition": {"Bool": {"aws:x": "true", "aws:x": "false"}}}'), "'aws:x' stands"),
        ("{", "line 1, column 2"),
        ('{"Version": NaN}', "NaN is no JSON"),
        ('{"Version": -Infinity}', "-Infinity is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        (" " * (LONGEST_DOCUMENT + 1), "characters long"),
        ("", "Expecting value"),
        ("\ufeff{}", "BOM"),
    ],
)
def test_text_that_cannot_be_read_in_one_way_only_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_document(text)
    for kind in ("identity", "trust"):
        (problem,) = validate_document(text, kind)  # type: ignore[arg-type]
        assert problem.startswith("The policy is not in the valid JSON format: ")
        assert words in problem
    documents: list[Any] = [policy(allow()), text]
    decision = evaluate("s3:GetObject", "*", {}, identity=documents)
    assert not decision.allowed
    assert decision.by == "policy[1]"
    trusted: Any = text
    assert not evaluate_trust(
        trusted, principal_type="Service", principal="eks.amazonaws.com", action="sts:AssumeRole", context={}
    ).allowed
