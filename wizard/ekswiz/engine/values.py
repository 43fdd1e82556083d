"""Attributes as plain values: from dataclasses to JSON with Refs, and Refs to what they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from ekswiz.plan import Ref, encode

T = TypeVar("T")
Outputs = Mapping[str, Mapping[str, str]]
"""Outputs of objects that exist, by address."""


def attributes(value: Any) -> dict[str, Any]:
    """A resource's attributes as JSON values; Refs stay Refs."""
    return {field.name: plain(getattr(value, field.name)) for field in fields(value)}


def plain(value: Any) -> Any:
    """JSON values of a value; Refs stay Refs."""
    if isinstance(value, Ref):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return attributes(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return encode(value)


def resolve(desired: T, outputs: Outputs) -> T:
    """The same attributes with every known Ref replaced; unknown ones stay."""
    found: dict[str, Any] = {}
    for field in fields(desired):  # type: ignore[arg-type]  # every resource's attributes are a dataclass
        found[field.name] = _known(getattr(desired, field.name), outputs)
    return replace(desired, **found)  # type: ignore[type-var]  # as above


def unknown(desired: Any) -> tuple[Ref, ...]:
    """The Refs that are left at the top level of these attributes."""
    return tuple(v for v in (getattr(desired, f.name) for f in fields(desired)) if isinstance(v, Ref))


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> frozenset[str]:
    """Names of the attributes that differ; a value that is not known yet differs."""
    return frozenset(name for name in after if encode(before.get(name)) != encode(after[name]))


def _known(value: Any, outputs: Outputs) -> Any:
    if isinstance(value, Ref):
        return outputs.get(value.address, {}).get(value.output, value)
    return value
