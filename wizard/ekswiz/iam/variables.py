"""Policy variables: `${key}`, `${key, 'default'}`, `${*}`, `${?}`, `${$}`.

Surprising: only Version 2012-10-17 knows them; in an older policy `${aws:username}` is plain text.
What a variable brings in is taken literally: a `*` in a value is never a wildcard.

Source: IAM User Guide, "IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    """The request's condition keys; names are not case-sensitive, values are."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values: dict[str, tuple[str, ...]] = {}
        for key, given in values.items():
            known = self._values.get(key.lower(), ())
            self._values[key.lower()] = (*known, *_texts(given))

    def get(self, key: str) -> tuple[str, ...]:
        """The values of a key; empty where the key is absent or has none."""
        return self._values.get(key.lower(), ())


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


def _texts(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,)
    if isinstance(given, bool):
        return (str(given).lower(),)
    if isinstance(given, Sequence | set | frozenset):
        return tuple(text for value in given for text in _texts(value))
    return () if given is None else (str(given),)
