"""Nothing crashes, hangs or is let in by malformed input."""

from __future__ import annotations

import fnmatch
import re
import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ekswiz.iam.evaluate import evaluate
from ekswiz.iam.grammar import validate_document
from ekswiz.iam.matching import LONGEST_TEXT, matches
from ekswiz.iam.trust import evaluate_trust
from ekswiz.iam.variables import Run

from .policies import allow, policy

WORDS = st.sampled_from(
    [
        "Allow",
        "Deny",
        "*",
        "s3:*",
        "s3:GetObject",
        "sts:AssumeRole",
        "arn:aws:s3:::b/*",
        "2012-10-17",
        "${aws:x}",
        "${",
        "StringEquals",
        "ForAllValues:StringLike",
        "NumericLessThan",
        "AWS",
        "Federated",
        "1",
        "true",
        "",
        "aws:x",
    ]
)
ELEMENTS = st.sampled_from(
    [
        "Version",
        "Statement",
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "NotPrincipal",
        "Condition",
        "StringEquals",
        "Null",
        "Bool",
        "IpAddress",
        "ArnLike",
        "DateEquals",
        "aws:x",
        "AWS",
    ]
)
SCALARS = st.one_of(WORDS, st.text(max_size=8), st.integers(), st.floats(), st.booleans(), st.none())
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(ELEMENTS | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=20,
)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": WORDS, "Action": WORDS | JSON, "Resource": WORDS | JSON},
    optional={
        "Condition": st.dictionaries(ELEMENTS, st.dictionaries(WORDS, JSON, max_size=2), max_size=2),
        "Sid": JSON,
        "Principal": JSON,
    },
)
DOCUMENTS = JSON | st.builds(lambda each: policy(*each), st.lists(STATEMENTS, max_size=3))
CONTEXTS = st.dictionaries(st.sampled_from(["aws:x", "aws:y"]), st.lists(st.text(max_size=6), max_size=3), max_size=2)
EVERYTHING = policy(allow())


@settings(max_examples=200, deadline=None)
@given(document=DOCUMENTS, context=CONTEXTS)
def test_a_document_with_problems_never_allows(document: Any, context: Any) -> None:
    asked = ("s3:GetObject", "arn:aws:s3:::b/k", context)
    decision = evaluate(*asked, identity=[EVERYTHING, document])
    assert decision.why
    if validate_document(document, "identity"):
        assert not decision.allowed
        assert not evaluate(*asked, identity=[EVERYTHING], session=[document]).allowed
    if document is not None and validate_document(document, "resource"):
        assert not evaluate(*asked, identity=[EVERYTHING], resource_policy=document).allowed


@settings(max_examples=200, deadline=None)
@given(document=DOCUMENTS, context=CONTEXTS)
def test_a_broken_trust_policy_never_allows(document: Any, context: Any) -> None:
    decision = evaluate_trust(
        document, principal_type="Service", principal="eks.amazonaws.com", action="sts:AssumeRole", context=context
    )
    assert not (decision.allowed and validate_document(document, "trust"))


@settings(max_examples=200, deadline=None)
@given(action=st.text(max_size=12), resource=st.text(max_size=12), principal=st.none() | st.text(max_size=12))
def test_no_request_crashes(action: str, resource: str, principal: str | None) -> None:
    decision = evaluate(action, resource, {}, identity=[EVERYTHING], principal=principal)
    assert decision.why
    assert principal is None or not decision.allowed


@settings(max_examples=200, deadline=None)
@given(pattern=st.text("ab:*?", max_size=10), text=st.text("ab:", max_size=12))
def test_the_matcher_agrees_with_a_plain_regular_expression(pattern: str, text: str) -> None:
    simple = fnmatch.translate(pattern)
    assert matches((Run(pattern),), text) is bool(re.fullmatch(simple, text))


def test_the_matcher_does_not_explode() -> None:
    started = time.perf_counter()
    assert not matches((Run("*a" * 5_000 + "b"),), "a" * 20_000)
    assert matches((Run("*" * 10_000),), "a" * 20_000)
    assert time.perf_counter() - started < 3
    assert not matches((Run("*"),), "a" * (LONGEST_TEXT + 1))


def test_variables_do_not_explode() -> None:
    started = time.perf_counter()
    for filling in (" ", "a", "${", "a:'", ", '", "{"):
        document = policy(allow("*", "arn:aws:s3:::b/${a:" + filling * 6_000))
        assert validate_document(document, "identity")
    assert time.perf_counter() - started < 2
