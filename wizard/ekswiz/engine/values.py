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
    if isinstance(value, frozenset | set):
        return [plain(item) for item in sorted(value, key=str)]
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
    """The Refs that are left in these attributes: values themselves, or items of a tuple or set."""
    return tuple(ref for field in fields(desired) for ref in refs(getattr(desired, field.name)))


def refs(value: Any) -> tuple[Ref, ...]:
    """The Refs in one value: itself, or items of a sequence or set."""
    if isinstance(value, Ref):
        return (value,)
    if isinstance(value, list | tuple | frozenset):
        return tuple(item for item in value if isinstance(item, Ref))
    return ()


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> frozenset[str]:
    """Names of the attributes that differ; a value that is not known yet differs."""
    return frozenset(name for name in after if encode(before.get(name)) != encode(after[name]))


def _known(value: Any, outputs: Outputs) -> Any:
    if isinstance(value, Ref):
        return outputs.get(value.address, {}).get(value.output, value)
    if isinstance(value, tuple | frozenset) and refs(value):
        return type(value)(_known(item, outputs) for item in value)
    return value
