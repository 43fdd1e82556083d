"""The constraints that botocore's models carry (required, length, range, pattern, enum), with IAM's own wording.

Patterns that Python's `re` does not know (Unicode classes) are left to the service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from ekswiz_sim.gate.models import model
from ekswiz_sim.seams import ServiceError


def check(service: str, operation: str, params: Mapping[str, Any]) -> None:
    """Refuse parameters that break the model's constraints.

    Raises:
        ServiceError: ValidationError, listing every broken constraint.
    """
    shape = model(service).operation_model(operation).input_shape
    broken = list(_structure(shape, params, "")) if shape else []
    if broken:
        plural = "s" if len(broken) > 1 else ""
        text = f"{len(broken)} validation error{plural} detected: " + "; ".join(broken)
        raise ServiceError("ValidationError", text)


def require(service: str, operation: str, params: Mapping[str, Any]) -> None:
    """Refuse a JSON request that lacks a required member; everything else is the service's own to judge.

    Raises:
        ServiceError: InvalidParameterException that names the member.
    """
    shape = model(service).operation_model(operation).input_shape
    missing = [name for name in shape.required_members if name not in params] if shape else []
    if missing:
        raise ServiceError("InvalidParameterException", f"Missing required parameter: {missing[0]}")


def _structure(shape: Any, params: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, member in shape.members.items():
        path = f"{prefix}{name[:1].lower()}{name[1:]}"
        if name in params:
            yield from _value(member, params[name], path)
        elif name in shape.required_members:
            yield f"Value null at '{path}' failed to satisfy constraint: Member must not be null"


def _value(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        yield from _structure(shape, value, f"{path}.")
    elif shape.type_name == "list" and isinstance(value, list):
        yield from _bounds(shape, len(value), value, path, "length")
        for at, item in enumerate(value, 1):
            yield from _value(shape.member, item, f"{path}.{at}.member")
    elif shape.type_name == "string" and isinstance(value, str):
        yield from _bounds(shape, len(value), value, path, "length")
        yield from _text(shape, value, path)
    elif shape.type_name in {"integer", "long"}:
        yield from _number(shape, value, path)


def _number(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not re.fullmatch(r"-?[0-9]{1,18}", str(value), re.ASCII):
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: Member must be a number"
        return
    yield from _bounds(shape, int(value), value, path, "value")


def _bounds(shape: Any, size: int, value: Any, path: str, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    start = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have {what}"
    if least is not None and size < least:
        yield f"{start} greater than or equal to {least}"
    if most is not None and size > most:
        yield f"{start} less than or equal to {most}"


def _text(shape: Any, value: str, path: str) -> Iterator[str]:
    start = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy"
    pattern = shape.metadata.get("pattern")
    compiled = _compiled(pattern) if pattern else None
    if compiled and not compiled.fullmatch(value):
        yield f"{start} regular expression pattern: {pattern}"
    if shape.enum and value not in shape.enum:
        yield f"{start} enum value set: [{', '.join(shape.enum)}]"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern, re.ASCII)
    except re.error:
        return None
