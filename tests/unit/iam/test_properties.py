"""What holds for every policy and request, whatever is in them."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ekswiz.iam.decision import Decision
from ekswiz.iam.evaluate import evaluate

from .policies import allow, deny, policy, when

ACTIONS = st.sampled_from(["s3:GetObject", "s3:Put*", "s3:*", "ecr:?ull", "*", "ec2:Describe*"])
RESOURCES = st.sampled_from(["*", "arn:aws:s3:::a/*", "arn:aws:s3:::a/b", "arn:aws:s3:::${aws:x}", "arn:aws:s3:::?/b"])
VALUES = st.sampled_from(["a", "b", "ab", "a*", "", "A"])
OPERATORS = st.sampled_from([
    "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase", "StringEqualsIfExists", "StringNotLikeIfExists", "ForAnyValue:StringEquals",
    "ForAllValues:StringLike", "ForAllValues:StringNotEquals", "ForAnyValue:StringNotLike",
])  # fmt: skip
LINES = st.dictionaries(st.sampled_from(["aws:x", "aws:y"]), st.lists(VALUES, min_size=1, max_size=3), min_size=1)
CONDITIONS = st.dictionaries(OPERATORS, LINES, max_size=2)
STATEMENTS = st.builds(
    lambda make, action, resource, condition: make(action, resource, Condition=condition),
    st.sampled_from([allow, allow, deny]), ACTIONS, RESOURCES, CONDITIONS,
)  # fmt: skip
POLICIES = st.lists(STATEMENTS, max_size=4).filter(bool)
CONTEXTS = st.dictionaries(st.sampled_from(["aws:x", "aws:y"]), st.lists(VALUES, max_size=3), max_size=2)
REQUESTS = st.tuples(
    st.sampled_from(["s3:GetObject", "s3:PutObject", "ecr:Pull"]),
    st.sampled_from(["*", "arn:aws:s3:::a/b", "arn:aws:s3:::a"]),
    CONTEXTS,
)
STEADY = settings(max_examples=40, deadline=None, derandomize=True)


def decide(request: Any, *documents: Any, **more: Any) -> Decision:
    return evaluate(*request, identity=list(documents), **more)


@STEADY
@given(statements=POLICIES, request=REQUESTS, more=STATEMENTS)
def test_a_deny_never_opens_and_an_allow_never_closes(statements: Any, request: Any, more: Any) -> None:
    before = decide(request, policy(*statements)).allowed
    after = decide(request, policy(*statements, more)).allowed
    if more["Effect"] == "Deny":
        assert after <= before
    else:
        assert after >= before


@STEADY
@given(statements=POLICIES, request=REQUESTS)
def test_neither_order_nor_division_into_documents_matters(statements: Any, request: Any) -> None:
    one = decide(request, policy(*statements)).allowed
    assert decide(request, policy(*reversed(statements))).allowed is one
    assert decide(request, *(policy(each) for each in statements)).allowed is one


@STEADY
@given(statements=POLICIES, limit=POLICIES, request=REQUESTS)
def test_boundary_and_session_give_the_intersection(statements: Any, limit: Any, request: Any) -> None:
    both = decide(request, policy(*statements)).allowed and decide(request, policy(*limit)).allowed
    assert decide(request, policy(*statements), boundary=policy(*limit)).allowed is both
    assert decide(request, policy(*statements), session=[policy(*limit)]).allowed is both


@STEADY
@given(
    positive=st.sampled_from(["StringEquals", "StringLike", "StringEqualsIgnoreCase"]),
    wanted=st.lists(VALUES, min_size=1, max_size=3),
    got=st.lists(VALUES, max_size=1),
)
def test_a_negated_operator_says_the_opposite(positive: str, wanted: Any, got: Any) -> None:
    negated = positive.replace("String", "StringNot", 1)
    context = {"aws:x": got} if got else {}
    assert when(positive, "aws:x", wanted, context=context) is not when(negated, "aws:x", wanted, context=context)


@STEADY
@given(wanted=st.lists(VALUES, min_size=1, max_size=3), got=st.lists(VALUES, min_size=1, max_size=3))
def test_any_is_not_all_not(wanted: Any, got: Any) -> None:
    context = {"aws:x": got}
    if got == [""]:
        return  # no value at all
    some = when("ForAnyValue:StringEquals", "aws:x", wanted, context=context)
    assert some is not when("ForAllValues:StringNotEquals", "aws:x", wanted, context=context)


@STEADY
@given(statements=POLICIES, request=REQUESTS)
def test_the_case_of_actions_and_keys_does_not_matter(statements: Any, request: Any) -> None:
    action, resource, context = request
    swapped = {key.upper(): values for key, values in context.items()}
    again = evaluate(action.upper().replace("S3:", "s3:"), resource, swapped, identity=[policy(*statements)])
    assert again.allowed is decide(request, policy(*statements)).allowed


@STEADY
@given(statements=POLICIES, request=REQUESTS)
def test_a_decision_names_what_decided(statements: Any, request: Any) -> None:
    decision = decide(request, policy(*statements))
    assert decision.why
    if decision.allowed:
        assert decision.by is not None
    if decision.by is not None and not decision.allowed:
        assert "explicitly denies" in decision.why
