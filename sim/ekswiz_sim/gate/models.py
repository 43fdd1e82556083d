"""botocore's service models, read from the server's side: which operation is this, and what are its parameters?

A model is loaded with the first request for its service and kept. EC2's model is never loaded: its parameters are
read by their wire names alone, which is all that authorisation needs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

from ekswiz_sim.aws.sessions import loader
from ekswiz_sim.gate.wire import Request
from ekswiz_sim.seams import ServiceError

Json = dict[str, Any]
REST_JSON = frozenset({"eks"})
TARGET_JSON = frozenset({"ecr"})
QUERY = frozenset({"iam", "sts", "ec2"})
MODELLED = REST_JSON | TARGET_JSON | QUERY


@cache
def model(service: str) -> Any:
    """Botocore's ServiceModel."""
    from botocore.model import ServiceModel  # heavy, and needed with the first call only

    return ServiceModel(loader().load_service_model(service, "service-2"), service)


@cache
def _routes(service: str) -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """(method, pattern of the raw path, operation), the most literal pattern first."""
    found = []
    for name in model(service).operation_names:
        http = model(service).operation_model(name).http
        path = http["requestUri"].partition("?")[0]
        literal = len(re.sub(r"\{[^}]*\}", "", path))
        found.append((literal, http["method"], re.compile(_pattern(path)), name))
    found.sort(key=lambda row: -row[0])
    return tuple((method, pattern, name) for _, method, pattern, name in found)


def _pattern(template: str) -> str:
    pieces = re.split(r"(\{[^}]*\})", template)
    return "".join(
        f"(?P<{piece[1:-1].rstrip('+')}>{'.+' if piece.endswith('+}') else '[^/]+'})"
        if piece.startswith("{")
        else re.escape(piece)
        for piece in pieces
    )


def parse(service: str, request: Request) -> tuple[str, Json]:
    """The operation's name and its parameters as members of botocore's input shape.

    An operation that the service does not have comes back under the client's own name for it, without parameters:
    the gate refuses it by that name.

    Raises:
        ServiceError: The body cannot be read.
    """
    if service in REST_JSON:
        return _rest(service, request)
    if service in TARGET_JSON:
        name = request.header("x-amz-target").rpartition(".")[2]
        return name, _target_members(service, name, _body(request))
    flat = request.form()
    names = dict(flat)
    return names.get("Action", ""), nested((key, value) for key, value in flat if key not in {"Action", "Version"})


def _rest(service: str, request: Request) -> tuple[str, Json]:
    for method, pattern, name in _routes(service):
        found = pattern.fullmatch(request.path) if method == request.method else None
        if found:
            return name, _members(service, name, request, found.groupdict())
    return f"{request.method} {request.path}", {}


def _target_members(service: str, operation: str, body: Json) -> Json:
    if not known(service, operation):
        return {}
    shape = model(service).operation_model(operation).input_shape
    members = typed(shape, body, operation) if shape else {}
    return dict(members)


def known(service: str, operation: str) -> bool:
    """Whether botocore's model of the service has this operation."""
    return operation in model(service).operation_names


def _members(service: str, operation: str, request: Request, uri: Mapping[str, str]) -> Json:
    shape = model(service).operation_model(operation).input_shape
    body = _body(request)
    queries: dict[str, list[str]] = {}
    for key, value in request.queries():
        queries.setdefault(key, []).append(value)
    params: Json = {}
    for name, member in shape.members.items() if shape else ():
        wire = member.serialization.get("name", name)
        place = member.serialization.get("location", "body")
        if place == "uri" and wire in uri:
            params[name] = unquote(uri[wire])
        elif place == "querystring" and wire in queries:
            params[name] = _from_query(member, queries[wire])
        elif place == "body" and body.get(wire) is not None:
            params[name] = typed(member, body[wire], name)
    return params


def _from_query(shape: Any, values: list[str]) -> Any:
    if shape.type_name == "list":
        return values
    if shape.type_name in {"integer", "long"}:
        return int(values[0]) if re.fullmatch(r"-?[0-9]{1,18}", values[0], re.ASCII) else values[0]
    if shape.type_name == "boolean":
        return values[0].lower() == "true"
    return values[0]


def _body(request: Request) -> Json:
    if not request.body:
        return {}
    try:
        value = json.loads(request.body)
    except ValueError:
        raise ServiceError("SerializationException", "Could not parse the request body as JSON.") from None
    if not isinstance(value, dict):
        raise ServiceError("SerializationException", "The request body is not a JSON object.")
    return value


_TYPES: Mapping[str, Any] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "list": list,
    "map": dict,
    "structure": dict,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
    "blob": str,
}


def typed(shape: Any, value: Any, path: str) -> Any:
    """The value, whose JSON types are as the shape demands; members that the shape does not know are dropped.

    Raises:
        ServiceError: SerializationException that names the member.
    """
    wanted = _TYPES[shape.type_name]
    number = shape.type_name in {"integer", "long", "float", "double"}
    if not isinstance(value, wanted) or (number and isinstance(value, bool)):
        raise ServiceError("SerializationException", f"{path} must be of type {shape.type_name}")
    if shape.type_name == "list":
        return [typed(shape.member, item, f"{path}[{at}]") for at, item in enumerate(value)]
    if shape.type_name == "map":
        return {str(key): typed(shape.value, item, f"{path}.{key}") for key, item in value.items()}
    if shape.type_name == "structure":
        wire = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        return {
            wire[key][0]: typed(wire[key][1], item, f"{path}.{key}")
            for key, item in value.items()
            if key in wire and item is not None
        }
    return value


def nested(flat: Iterable[tuple[str, str]]) -> Json:
    """Query-protocol parameters as a structure: `Tags.member.1.Key=a` becomes `{"Tags": [{"Key": "a"}]}`."""
    tree: Json = {}
    for name, value in flat:
        at = tree
        *parents, leaf = name.split(".")
        for part in parents:
            below = at.setdefault(part, {})
            at = below if isinstance(below, dict) else {}
        at[leaf] = value
    shaped = _lists(tree)
    return shaped if isinstance(shaped, dict) else {}


def _lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    if set(tree) == {"member"}:
        return _lists(tree["member"])
    if tree and all(re.fullmatch(r"[0-9]{1,4}", key, re.ASCII) for key in tree):
        return [_lists(tree[key]) for key in sorted(tree, key=int)]
    return {key: _lists(value) for key, value in tree.items()}
