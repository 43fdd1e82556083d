"""ECR's parameter rules, read from the service model that botocore ships.

boto3 checks types and required members before it sends; lengths, patterns and enumerations are the service's to
refuse. The texts follow the form that ECR answers with.
Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from ekswiz_sim.aws.sessions import loader
from ekswiz_sim.seams import ServiceError


@cache
def service_model() -> Any:
    """The model of ECR that botocore ships, loaded once."""
    from botocore.model import ServiceModel  # heavy, and only an operation's first call needs it

    return ServiceModel(loader().load_service_model("ecr", "service-2"), "ecr")


def operations() -> frozenset[str]:
    """Every operation that ECR has."""
    return frozenset(service_model().operation_names)


def check(operation: str, params: Mapping[str, Any]) -> None:
    """Refuse what ECR refuses.

    Raises:
        ServiceError: InvalidParameterException, naming the member.
    """
    shape = service_model().operation_model(operation).input_shape
    for complaint in _walk(shape, params, ""):
        raise invalid(*complaint)


def invalid(member: str, constraint: str) -> ServiceError:
    """ECR's InvalidParameterException for one member."""
    text = f"Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'"
    return ServiceError("InvalidParameterException", text)


Complaint = tuple[str, str]


def _walk(shape: Any, value: Any, path: str) -> Iterator[Complaint]:
    if shape.type_name == "structure":
        yield from _structure(shape, value, path)
    elif shape.type_name == "list":
        yield from _list(shape, value, path)
    elif shape.type_name == "string":
        yield from _string(shape, value, path)
    elif shape.type_name in {"integer", "long"}:
        yield from _number(shape, value, path)


def _structure(shape: Any, value: Any, path: str) -> Iterator[Complaint]:
    if not isinstance(value, Mapping):
        yield path, "must be a structure"
        return
    for name in shape.required_members:
        if name not in value:
            yield _join(path, name), "must not be null"
    for name, member in value.items():
        if name not in shape.members:
            yield _join(path, name), "is not a member of this structure"
        elif member is not None:
            yield from _walk(shape.members[name], member, _join(path, name))


def _list(shape: Any, value: Any, path: str) -> Iterator[Complaint]:
    if not isinstance(value, list | tuple):
        yield path, "must be a list"
        return
    yield from _bounds(shape, len(value), path, "must have length")
    for number, item in enumerate(value, start=1):
        yield from _walk(shape.member, item, f"{path}.{number}.member")


def _string(shape: Any, value: Any, path: str) -> Iterator[Complaint]:
    if not isinstance(value, str):
        yield path, "must be a string"
        return
    yield from _bounds(shape, len(value), path, "must have length")
    if shape.enum and value not in shape.enum:
        yield path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value, re.ASCII):
        yield path, f"must satisfy regular expression '{pattern}'"


def _number(shape: Any, value: Any, path: str) -> Iterator[Complaint]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield path, "must be a number"
        return
    yield from _bounds(shape, value, path, "must have value")


def _bounds(shape: Any, size: int, path: str, words: str) -> Iterator[Complaint]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield path, f"{words} greater than or equal to {least}"
    if most is not None and size > most:
        yield path, f"{words} less than or equal to {most}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
