"""A job's matrix as its legs: all combinations, less `exclude`, plus `include`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from ekswiz.workflow.expressions import Context, resolve
from ekswiz.workflow.model import Fields, Items, Node, Scalar, Value
from ekswiz.workflow.syntax import ExpressionError
from ekswiz.workflow.values import equal, kind, primitive, to_string

MAX_LEGS = 256
Leg = dict[str, Any]


def expand(node: Node, context: Context) -> list[Leg]:
    """The legs in GitHub's order.

    Raises:
        ExpressionError: The matrix is no mapping of lists, is empty, or has more than 256 legs.
    """
    matrix = _value(node, context)
    if not isinstance(matrix, Mapping):
        raise ExpressionError("The matrix must be a mapping")
    axes = {key: _list(key, value) for key, value in matrix.items() if key not in ("include", "exclude")}
    excluded = _mappings("exclude", matrix.get("exclude", []))
    legs = _product(axes)
    legs = [leg for leg in legs if not any(_fits(leg, entry) for entry in excluded)]
    for entry in _mappings("include", matrix.get("include", [])):
        _include(legs, entry, frozenset(axes))
    if not legs:
        raise ExpressionError("Matrix vector does not contain any values")
    if len(legs) > MAX_LEGS:
        raise ExpressionError(f"The matrix has {len(legs)} legs; GitHub allows {MAX_LEGS}")
    return legs


def _product(axes: Mapping[str, Sequence[Value]]) -> list[Leg]:
    if not axes:
        return []
    size = 1
    for values in axes.values():
        size *= len(values)
    if size > MAX_LEGS * 16:
        raise ExpressionError(f"The matrix has {size} legs; GitHub allows {MAX_LEGS}")
    return [dict(zip(axes, combination, strict=True)) for combination in itertools.product(*axes.values())]


def _value(node: Node, context: Context) -> Value:
    if isinstance(node, Scalar):
        return resolve(node.value, context) if isinstance(node.value, str) else node.value
    if isinstance(node, Items):
        return [_value(item, context) for item in node.items]
    assert isinstance(node, Fields)
    return {key.value: _value(value, context) for key, value in node.entries}


def _list(key: str, value: Value) -> Sequence[Value]:
    if kind(value) != "array" or not value:
        raise ExpressionError(f"Matrix vector '{key}' does not contain any values")
    return list(value)


def _mappings(key: str, value: Value) -> list[Leg]:
    if kind(value) != "array" or not all(isinstance(entry, Mapping) for entry in value):
        raise ExpressionError(f"`{key}` of the matrix must be a list of mappings")
    return [dict(entry) for entry in value]


def _fits(leg: Leg, entry: Leg) -> bool:
    return all(key in leg and _same(leg[key], value) for key, value in entry.items())


def _same(one: Value, other: Value) -> bool:
    return equal(one, other) if primitive(one) and primitive(other) else bool(one == other)


def _include(legs: list[Leg], entry: Leg, axes: frozenset[str]) -> None:
    """Add an entry's keys to each leg whose own values it does not change; else it is a leg of its own."""
    added = False
    for leg in legs:
        if not leg.keys() & axes:
            continue
        if all(key not in axes or _same(leg.get(key), value) for key, value in entry.items()):
            leg.update(entry)
            added = True
    if not added:
        legs.append(dict(entry))


def leg_name(job: str, leg: Leg) -> str:
    """`job (value, value)`, as GitHub shows a leg."""
    return f"{job} ({', '.join(to_string(value) for value in leg.values())})" if leg else job
