"""GitHub's coercion and comparison. Types that differ are compared as numbers; strings without regard to case."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ekswiz.workflow.model import Value
from ekswiz.workflow.nodes import number_text

Kind = Literal["null", "boolean", "number", "string", "array", "object"]

_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_HEX = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
_OCTAL = re.compile(r"0o[0-7]+", re.ASCII)
_BITS = 32


class CaseSensitive(dict[str, Any]):
    """A mapping whose keys keep their case: the `env` context on Linux. All others are looked up without case."""


class Filtered(list[Any]):
    """What `.*` gives: an index on it goes to each of its items."""


def kind(value: Value) -> Kind:
    """The type of a value in GitHub's words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def primitive(value: Value) -> bool:
    """Whether the value is no array and no object."""
    return kind(value) not in ("array", "object")


def parse_number(text: str) -> float:
    """A string as a number, as JavaScript's `Number()`: "" is 0, hexadecimal and octal fit 32 bits, else NaN."""
    text = text.strip()
    if not text:
        return 0.0
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _HEX.fullmatch(text):
        return _signed(text[2:], 16)
    if _OCTAL.fullmatch(text):
        return _signed(text[2:], 8)
    return {"Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}.get(text, math.nan)


def _signed(digits: str, base: int) -> float:
    """Hexadecimal and octal are read as 32-bit two's complement; beyond that they are no number."""
    number = int(digits, base)
    if number >= 1 << _BITS:
        return math.nan
    return float(number - (1 << _BITS) if number >= 1 << (_BITS - 1) else number)


def to_number(value: Value) -> float:
    """The value as a number; arrays and objects are NaN."""
    match kind(value):
        case "null":
            return 0.0
        case "boolean" | "number":
            return float(value)
        case "string":
            return parse_number(value)
        case _:
            return math.nan


def to_string(value: Value) -> str:
    """The value as a string; arrays and objects give just their type's name."""
    match kind(value):
        case "null":
            return ""
        case "boolean":
            return "true" if value else "false"
        case "number":
            return number_text(float(value))
        case "string":
            return str(value)
        case "array":
            return "Array"
        case _:
            return "Object"


def truthy(value: Value) -> bool:
    """False for null, false, 0, -0, NaN and the empty string; true for all else, "false" and [] included."""
    match kind(value):
        case "null":
            return False
        case "boolean":
            return bool(value)
        case "number":
            return float(value) != 0 and not math.isnan(value)
        case "string":
            return bool(value != "")
        case _:
            return True


def _coerced(left: Value, right: Value) -> tuple[Value, Value]:
    """Both sides made comparable: equal types stay, primitives of different types become numbers."""
    if kind(left) == kind(right) or not primitive(left) or not primitive(right):
        return left, right
    return to_number(left), to_number(right)


def equal(left: Value, right: Value) -> bool:
    """`==`. Arrays and objects are equal only to themselves."""
    left, right = _coerced(left, right)
    if kind(left) != kind(right):
        return False
    match kind(left):
        case "null":
            return True
        case "boolean" | "number":
            return bool(left == right)
        case "string":
            return fold(left) == fold(right)
        case _:
            return id(left) == id(right)


def less(left: Value, right: Value) -> bool:
    """`<`. False for arrays, objects and NaN."""
    left, right = _coerced(left, right)
    if kind(left) != kind(right):
        return False
    match kind(left):
        case "boolean" | "number":
            return bool(left < right)
        case "string":
            return fold(left) < fold(right)
        case _:
            return False


def fold(text: str) -> str:
    """A string for comparison without case, by .NET's ordinal rule: each character by its simple upper case.

    No character becomes an ASCII letter that was none: dotless i and long s stay what they are.
    """
    return text.upper() if text.isascii() else "".join(_upper(character) for character in text)


def _upper(character: str) -> str:
    upper = character.upper()
    return upper if len(upper) == 1 and upper.isascii() == character.isascii() else character


def lookup(mapping: Mapping[str, Value], key: str) -> tuple[bool, Value]:
    """Whether a mapping has a key, without regard to case unless it is `CaseSensitive`, and its value."""
    if key in mapping:
        return True, mapping[key]
    if isinstance(mapping, CaseSensitive):
        return False, None
    wanted = fold(key)
    for name, value in mapping.items():
        if fold(name) == wanted:
            return True, value
    return False, None


def position(value: Value) -> int | None:
    """An array index, rounded down; None for what is none."""
    number = to_number(value)
    if math.isnan(number) or number < 0 or number > 2**31 - 1:
        return None
    return math.floor(number)


def index(of: Value, key: Value) -> Value:
    """`of[key]`; null where there is nothing, never an error."""
    if isinstance(of, Filtered):
        return Filtered(found[1] for item in of if (found := _step(item, key))[0])
    return _step(of, key)[1]


def _step(of: Value, key: Value) -> tuple[bool, Value]:
    if isinstance(of, Mapping):
        return lookup(of, to_string(key)) if primitive(key) else (False, None)
    if isinstance(of, Sequence) and not isinstance(of, str):
        at = position(key)
        return (True, of[at]) if at is not None and at < len(of) else (False, None)
    return False, None


def star(of: Value) -> Filtered:
    """`of.*`: the items of an array, the values of an object; on a filtered array those of each item."""
    if isinstance(of, Filtered):
        return Filtered(item for inner in of for item in _members(inner))
    return Filtered(_members(of))


def _members(of: Value) -> list[Value]:
    if isinstance(of, Mapping):
        return list(of.values())
    return [] if primitive(of) else list(of)
