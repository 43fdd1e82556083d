"""Chapter "Single-valued vs. multivalued context keys"."""

from __future__ import annotations

import pytest

from .policies import when

KEY = "aws:TagKeys"


@pytest.mark.parametrize(
    ("operator", "got", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAllValues:StringEquals", [], True),
        ("ForAllValues:StringEquals", [""], True),
        ("ForAllValues:StringEquals", None, True),
        ("ForAllValues:StringNotEquals", ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["a", "d"], False),
        ("ForAnyValue:StringEquals", ["a", "c"], True),
        ("ForAnyValue:StringEquals", ["c"], False),
        ("ForAnyValue:StringEquals", [], False),
        ("ForAnyValue:StringEquals", None, False),
        ("ForAnyValue:StringNotEquals", ["a", "c"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ("ForAnyValue:StringNotEquals", None, False),
        ("ForAllValues:StringEqualsIfExists", None, True),
        ("ForAnyValue:StringEqualsIfExists", ["a"], True),
        ("ForAllValues:StringLike", ["a", "b"], True),
    ],
)
def test_set_operators(operator: str, got: list[str] | None, expected: bool) -> None:
    context = {} if got is None else {KEY: got}
    assert when(operator, KEY, ["a", "b"], context=context) is expected
    assert when(operator, KEY, ["a", "b"], context=context, effect="Deny") is expected


@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "StringLike"])
def test_several_values_without_a_set_operator_never_allow_and_always_deny(operator: str) -> None:
    context = {KEY: ["a", "z"]}
    assert not when(operator, KEY, ["a"], context=context)
    assert when(operator, KEY, ["a"], context=context, effect="Deny")


def test_for_any_value_if_exists_without_a_key_is_not_taken_for_a_yes() -> None:
    assert not when("ForAnyValue:StringEqualsIfExists", KEY, "a")
    assert when("ForAnyValue:StringEqualsIfExists", KEY, "a", effect="Deny")


def test_a_plain_string_in_the_context_is_one_value() -> None:
    assert when("StringEquals", KEY, "abc", context={KEY: "abc"})
    assert when("Bool", KEY, "true", context={KEY: True})


@pytest.mark.parametrize("got", [["ten", "5"], ["5", "ten"]])
@pytest.mark.parametrize("operator", ["ForAnyValue:NumericEquals", "ForAllValues:NumericNotEquals"])
def test_one_value_that_cannot_be_read_leaves_all_undecided(operator: str, got: list[str]) -> None:
    """Wherever it stands among values that decide nothing."""
    assert not when(operator, KEY, "1", context={KEY: got})
    assert when(operator, KEY, "1", context={KEY: got}, effect="Deny")


@pytest.mark.parametrize("got", [["ten", "1"], ["1", "ten"]])
def test_a_value_that_decides_does_so_beside_one_that_cannot_be_read(got: list[str]) -> None:
    assert when("ForAnyValue:NumericEquals", KEY, "1", context={KEY: got})
    assert not when("ForAllValues:NumericNotEquals", KEY, "1", context={KEY: got}, effect="Deny")


@pytest.mark.parametrize("values", [["${aws:many}", "b"], ["b", "${aws:many}"]])
def test_a_policy_value_that_cannot_be_known_leaves_the_line_undecided(values: list[str]) -> None:
    context = {KEY: ["a"], "aws:many": ["x", "y"]}
    assert not when("StringEquals", KEY, values, context=context)
    assert when("StringEquals", KEY, values, context=context, effect="Deny")
    assert not when("StringNotEquals", KEY, values, context=context)
    assert when("StringNotEquals", KEY, values, context=context, effect="Deny")
