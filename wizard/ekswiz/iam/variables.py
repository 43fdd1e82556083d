"""Policy variables: `${key}`, `${key, 'default'}`, `${*}`, `${?}`, `${$}`.

Surprising: only Version 2012-10-17 knows them; in an older policy `${aws:username}` is plain text.
What a variable brings in is taken literally: a `*` in a value is never a wildcard.

Source: IAM User Guide, "IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

VARIABLE = re.compile(r"\$\{(?:(?P<escape>[*?$])|(?P<key>[^,'{}$*?]+)(?:,\s*'(?P<default>[^']*)'\s*)?)\}")


@dataclass(frozen=True, slots=True)
class Run:
    """Text of a pattern; only in a `wild` run do `*` and `?` stand for other characters."""

    text: str
    wild: bool = True


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable still to be looked up in the request's context."""

    key: str
    default: str | None = None


Template = tuple[Run | Reference, ...]


@dataclass(frozen=True, slots=True)
class NoValue:
    """A template that has no value: its variable is absent, or (`unknown`) has several values."""

    key: str
    unknown: bool = False


class Context:
    """The request's condition keys; names are not case-sensitive, values are.

    A key that is given twice in different case has all values of both, and so several.

    Raises:
        TypeError: It is no mapping, or a key is no text.
        ValueError: A value is no text, number, boolean, bytes or a list of these.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values: dict[str, tuple[str, ...]] = {}
        if not isinstance(values, Mapping):
            raise TypeError("a request's context is a mapping of condition keys to values")
        for key, given in values.items():
            if not isinstance(key, str):
                raise TypeError(f"{str(key)[:100]!r} is no condition key")
            name = key.lower()
            found = _values(key, given)
            self._values[name] = (*self._values[name], *found) if name in self._values else found

    def get(self, key: str) -> tuple[str, ...]:
        """The values of a key; empty where the key is absent or has none."""
        return self._values.get(key.lower(), ())


@lru_cache(maxsize=1024)
def parse(text: str, *, variables: bool) -> Template:
    """Read a policy's value.

    Raises:
        ValueError: A `${` that is no variable; the text says which.
    """
    if not variables or "${" not in text:
        return (Run(text),)
    parts: list[Run | Reference] = []
    at = 0
    while (start := text.find("${", at)) >= 0:
        found = VARIABLE.match(text, start)
        if found is None:
            raise ValueError(f"the policy variable at {text[start : start + 40]!r} is malformed")
        parts += [Run(text[at:start]), _part(found)]
        at = found.end()
    return (*parts, Run(text[at:]))


def expand(template: Template, context: Context) -> tuple[Run, ...] | NoValue:
    """Put the request's values in the place of the variables."""
    runs: list[Run] = []
    for part in template:
        if isinstance(part, Run):
            runs.append(part)
            continue
        values = context.get(part.key)
        if len(values) > 1:
            return NoValue(part.key, unknown=True)
        value = values[0] if values else part.default
        if value is None:
            return NoValue(part.key)
        runs.append(Run(value, wild=False))
    return tuple(runs)


def literal(runs: Sequence[Run]) -> str:
    """The text of an expanded template."""
    return "".join(run.text for run in runs)


def written(template: Template) -> str:
    """A template as people read it in a policy."""
    return "".join(part.text if isinstance(part, Run) else "${" + part.key + "}" for part in template)


def _part(found: re.Match[str]) -> Run | Reference:
    if found["escape"]:
        return Run(found["escape"], wild=False)
    key = found["key"].strip()
    if ":" not in key:
        raise ValueError(f"the policy variable ${{{key}}} names no condition key")
    return Reference(key, found["default"])


def _values(key: str, given: object) -> tuple[str, ...]:
    if isinstance(given, list | tuple | set | frozenset):
        return tuple(scalar(key, value) for value in given)
    return () if given is None else (scalar(key, given),)


def scalar(key: str, value: object) -> str:
    """A value as conditions compare it: booleans in lower case, numbers without exponent, bytes in base64.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise ValueError(f"{key}: {type(value).__name__} is no value of a condition key")
