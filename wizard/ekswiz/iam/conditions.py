"""Whether a statement's conditions hold for a request, and if not, which key failed.

Surprising: a missing key fails a condition, except that it satisfies a negated operator, `...IfExists` and
`ForAllValues:`. A key with several values needs a set operator: without one, nothing is known.

Source: IAM User Guide, "Conditions with multiple context keys or values", "Single-valued vs. multivalued context keys".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ekswiz.iam.policy import Test
from ekswiz.iam.truth import Truth, either, every, opposite
from ekswiz.iam.variables import Context, NoValue, Template, expand, literal, written


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one line of a Condition said. `operator` is as the policy writes it."""

    truth: Truth
    operator: str
    key: str
    expected: tuple[str, ...]
    got: tuple[str, ...]

    def sentence(self) -> str:
        """Why the line did not hold, e.g. `aws:x is "b" where StringEquals asks for "a"`."""
        got = _listed(self.got) if self.got else "absent"
        unknown = " (cannot be decided)" if self.truth is None else ""
        return f"{self.key} is {got} where {self.operator} asks for {_listed(self.expected)}{unknown}"


def outcomes(tests: Iterable[Test], context: Context) -> tuple[Outcome, ...]:
    """One outcome per line; all must be True for an Allow."""
    return tuple(
        Outcome(_holds(test, context), test.name, test.key, _expected(test, context), context.get(test.key))
        for test in tests
    )


def _holds(test: Test, context: Context) -> Truth:
    got = context.get(test.key)
    if test.operator is None:
        missing = _is_null(got)
        return any((written(value).lower() == "true") == missing for value in test.values)
    if not got or (test.quantifier != "one" and _is_null(got)):
        return _without_value(test)
    if test.quantifier == "any":
        return either(_meets(test, value, context) for value in got)
    if test.quantifier == "all":
        return every(_meets(test, value, context) for value in got)
    return _meets(test, got[0], context) if len(got) == 1 else None


def _is_null(got: tuple[str, ...]) -> bool:
    """Set operators and Null take an empty string for no value at all."""
    return got in ((), ("",))


def _without_value(test: Test) -> Truth:
    if test.quantifier == "all":
        return True
    if test.quantifier == "any":
        # The documentation calls IfExists true for a missing key and ForAnyValue false: not decidable.
        return None if test.if_exists else False
    return test.if_exists or bool(test.operator and test.operator.negated)


def _meets(test: Test, got: str, context: Context) -> Truth:
    found = either(_matches(test, value, got, context) for value in test.values)
    return opposite(found) if test.operator and test.operator.negated else found


def _matches(test: Test, value: Template, got: str, context: Context) -> Truth:
    runs = expand(value, context)
    if isinstance(runs, NoValue):
        return None if runs.unknown else False
    return test.operator.compare(runs, got) if test.operator else None


def _expected(test: Test, context: Context) -> tuple[str, ...]:
    expanded = ((value, expand(value, context)) for value in test.values)
    return tuple(written(value) if isinstance(runs, NoValue) else literal(runs) for value, runs in expanded)


def _listed(values: tuple[str, ...]) -> str:
    return " or ".join(f'"{value}"' for value in values)
