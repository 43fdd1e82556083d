"""The functions of GitHub's expressions, but for those that need more than their arguments' values.

`hashFiles` and the status functions need a running job; `case` (since 2026) evaluates only the value it chooses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ekswiz.workflow.model import Value
from ekswiz.workflow.nodes import number_text
from ekswiz.workflow.syntax import ExpressionError
from ekswiz.workflow.values import equal, fold, kind, primitive, to_string

ARITY: Mapping[str, tuple[int, int]] = {
    "contains": (2, 2),
    "startswith": (2, 2),
    "endswith": (2, 2),
    "format": (1, 255),
    "join": (1, 2),
    "tojson": (1, 1),
    "fromjson": (1, 1),
    "case": (3, 255),
    "hashfiles": (1, 255),
    "success": (0, 0),
    "failure": (0, 0),
    "always": (0, 0),
    "cancelled": (0, 0),
}
"""How many arguments each function takes; names in lower case, since GitHub ignores case here."""

STATUS = frozenset({"success", "failure", "always", "cancelled"})

_PART = re.compile(r"\{\{|\}\}|\{([0-9]+)(:(?:[^}]|\}\})*)?\}|[{}]", re.ASCII)
_MAX_DEPTH = 100


def contains(search: Value, item: Value) -> bool:
    """Whether a string holds another, or an array an equal item."""
    if primitive(search):
        return primitive(item) and fold(to_string(item)) in fold(to_string(search))
    if isinstance(search, Mapping):
        return False
    return any(equal(item, member) for member in search)


def starts_with(text: Value, prefix: Value) -> bool:
    """`startsWith`, without regard to case."""
    return primitive(text) and primitive(prefix) and fold(to_string(text)).startswith(fold(to_string(prefix)))


def ends_with(text: Value, suffix: Value) -> bool:
    """`endsWith`, without regard to case."""
    return primitive(text) and primitive(suffix) and fold(to_string(text)).endswith(fold(to_string(suffix)))


def format_(template: Value, *arguments: Value) -> str:
    """`format('{0} {{}}', x)`.

    Raises:
        ExpressionError: A lone brace, or an argument that is not there.
    """
    source = to_string(template)

    def part(found: re.Match[str]) -> str:
        text = found.group()
        if text in ("{{", "}}"):
            return text[0]
        if found.group(1) is None:
            raise ExpressionError(f"The following format string is invalid: {source}")
        if int(found.group(1)[:4]) >= len(arguments):
            raise ExpressionError(f"The following format string references more arguments than were supplied: {source}")
        if found.group(2):
            raise ExpressionError(f"The format specifiers '{found.group(2)[1:]}' are not valid for this value")
        return to_string(arguments[int(found.group(1))])

    return _PART.sub(part, source)


def join(items: Value, separator: Value = ",") -> str:
    """An array's items as one string; a primitive is itself; an object is nothing."""
    if primitive(items):
        return to_string(items)
    if isinstance(items, Mapping):
        return ""
    between = to_string(separator) if primitive(separator) else ","
    return between.join(to_string(item) for item in items)


def to_json(value: Value) -> str:
    """Indented JSON with two spaces."""
    return _json(value, 0)


def _json(value: Value, depth: int) -> str:
    if depth > _MAX_DEPTH:
        raise ExpressionError("Nested too deeply for toJSON")
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, Mapping):
        lines = [f"{inner}{_quoted(key)}: {_json(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{outer}}}" if lines else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        lines = [inner + _json(item, depth + 1) for item in value]
        return "[\n" + ",\n".join(lines) + f"\n{outer}]" if lines else "[]"
    match kind(value):
        case "null":
            return "null"
        case "number":
            return number_text(float(value))
        case "boolean":
            return to_string(value)
        case _:
            return _quoted(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def from_json(text: Value) -> Value:
    """The value of a JSON document.

    Raises:
        ExpressionError: Not JSON.
    """
    source = to_string(text)
    try:
        return json.loads(source, parse_int=float)
    except (ValueError, RecursionError) as error:
        reason = str(error) if source.strip() else "the input is empty"
        raise ExpressionError(f"Error parsing fromJson: {reason}") from None


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "contains": contains,
    "startswith": starts_with,
    "endswith": ends_with,
    "format": format_,
    "join": join,
    "tojson": to_json,
    "fromjson": from_json,
}
