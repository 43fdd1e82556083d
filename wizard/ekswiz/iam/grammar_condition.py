"""The Condition element: operators, keys and values.

A value that an operator can never read (`"NumericEquals": "ten"`) is refused here, so that evaluation meets only
unreadable requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ekswiz.iam.operators import OPERATORS, READERS, TAKES_VARIABLES, Family, Operator
from ekswiz.iam.policy import LONGEST_VALUE, Quantifier, Test, shown
from ekswiz.iam.variables import Run, Template, parse, scalar

QUANTIFIERS: dict[str, Quantifier] = {"ForAnyValue": "any", "ForAllValues": "all"}

_Report = Callable[[str], None]


def read_condition(given: object, report: _Report, variables: bool) -> Iterator[Test]:
    """The tests of a Condition element; reports what it does not understand."""
    if not isinstance(given, Mapping):
        report("Syntax errors in policy: Condition must be an object.")
        return
    for name, block in given.items():
        known = _operator(name)
        if known is None:
            report(f"Condition: unknown operator {shown(name)}.")
        elif not isinstance(block, Mapping) or not block:
            report(f"Condition: {name} must be an object of keys and values.")
        else:
            yield from _tests(str(name), known, block, report, variables)


_Known = tuple[Operator | None, Quantifier, bool]


def _operator(name: object) -> _Known | None:
    if not isinstance(name, str):
        return None
    if name == "Null":
        return None, "one", False
    prefix, colon, rest = name.rpartition(":")
    base = rest.removesuffix("IfExists")
    if base not in OPERATORS or (colon and prefix not in QUANTIFIERS):
        return None
    return OPERATORS[base], QUANTIFIERS.get(prefix, "one"), base != rest


def _tests(
    name: str, known: _Known, block: Mapping[object, object], report: _Report, variables: bool
) -> Iterator[Test]:
    operator, quantifier, if_exists = known
    for key, given in block.items():
        if not _is_key(key):
            report(f"Condition: {name}: {shown(key)} must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
            continue
        try:
            texts = _texts(given)
            values = tuple(_value(operator, text, variables) for text in texts)
        except ValueError as problem:
            report(f"Condition: {name}: {key}: {problem}.")
            continue
        yield Test(name, operator, quantifier, if_exists, str(key), values)


def _is_key(key: object) -> bool:
    """A vendor, a colon and a name, neither with a policy variable in it."""
    if not isinstance(key, str) or "${" in key:
        return False
    vendor, _, name = key.partition(":")
    return bool(vendor and name)


def _texts(given: object) -> tuple[str, ...]:
    listed = given if isinstance(given, list | tuple) else (given,)
    if not listed:
        raise ValueError("no values")
    return tuple(_text(value) for value in listed)


def _text(value: object) -> str:
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        raise ValueError(f"a value of {len(value)} characters")
    if isinstance(value, str | bool | int | float):
        return scalar("the value", value)
    raise ValueError(f"{type(value).__name__} is no value for a condition")


def _value(operator: Operator | None, text: str, variables: bool) -> Template:
    family: Family = operator.family if operator else "bool"
    if family in TAKES_VARIABLES:
        return parse(text, variables=variables)
    if READERS[family](text) is None:
        raise ValueError(f"{text[:60]!r} is not a valid value for a {family} condition")
    return (Run(text),)
