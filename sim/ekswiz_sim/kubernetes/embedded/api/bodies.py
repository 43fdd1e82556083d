"""Request bodies: JSON, YAML or protobuf in, a typed object out, unknown fields dropped and told."""

from __future__ import annotations

import io
import json
from typing import Any

from ekswiz_sim.kubernetes.embedded.api import protobuf
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, bad_request, unsupported_media
from ekswiz_sim.kubernetes.embedded.api.routing import Call
from ekswiz_sim.kubernetes.embedded.fields import decoding, patches, schema
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj

_DEEPEST = 200
_LARGEST = 1_000_000
"""Levels and values of a body: no object needs as many, and a YAML document with aliases may hide more."""

ACCEPTED = ("application/json", "application/yaml", protobuf.MEDIA_TYPE)
_LEVELS = ("Ignore", "Warn", "Strict", "")


async def read(call: Call) -> Any:
    """The body as JSON values.

    Raises:
        ApiError: 400 for what cannot be parsed, 415 for a media type that is not read.
    """
    raw = await call.request.read()
    media = call.request.content_type
    if raw.startswith(protobuf.MAGIC) or media == protobuf.MEDIA_TYPE:
        try:
            return protobuf.decode(raw, (call.kind.group_version, call.kind.kind))
        except (protobuf.Malformed, UnicodeDecodeError) as problem:
            raise bad_request(str(problem)) from problem
    if media in (patches.APPLY, "application/yaml"):
        return _yaml(raw)
    if media == "application/cbor" or media.startswith("application/vnd."):
        raise unsupported_media(ACCEPTED)
    return parsed(raw)


def parsed(raw: bytes) -> Any:
    """JSON, or the 400 that says what is wrong with it.

    Raises:
        ApiError: 400.
    """
    try:
        return _bounded(json.loads(raw or b"{}", parse_constant=_no_number))
    except (ValueError, RecursionError) as problem:
        text = f"couldn't get version/kind; json parse error: {problem}"
        raise bad_request(text) from problem


def _no_number(name: str) -> float:
    """Python reads NaN and Infinity, JSON has neither."""
    raise ValueError(f"invalid character '{name[0]}' looking for beginning of value")


def _bounded(value: Any) -> Any:
    """The value, if it is neither deeper nor larger than any object is, with text that UTF-8 can carry.

    Raises:
        ValueError: It is.
    """
    waiting, seen, halves = [(value, 0)], 0, False
    while waiting:
        one, depth = waiting.pop()
        seen += 1
        if depth > _DEEPEST:
            raise ValueError("exceeded max depth")
        if seen > _LARGEST:
            raise ValueError("document contains excessive aliasing")
        if isinstance(one, dict):
            waiting += [(each, depth + 1) for pair in one.items() for each in pair]
        elif isinstance(one, list):
            waiting += [(each, depth + 1) for each in one]
        elif isinstance(one, str):
            halves = halves or not _is_whole(one)
    return json.loads(_without_halves(json.dumps(value, ensure_ascii=False))) if halves else value


def _is_whole(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text)


def _without_halves(text: str) -> str:
    """Half a surrogate pair becomes the replacement character, as in Go."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _yaml(raw: bytes) -> Any:
    try:
        return _bounded(json.loads(raw))
    except ValueError:
        pass  # YAML, or a fault that its reader names too
    except RecursionError as problem:
        raise bad_request("error decoding YAML: exceeded max depth") from problem
    # Clients send JSON under the YAML media type; a YAML parser is needed for people with curl only.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return _bounded(_plain(YAML(typ="safe", pure=True).load(io.BytesIO(raw))))
    except (YAMLError, ValueError, TypeError, RecursionError) as problem:
        raise bad_request(f"error decoding YAML: {problem}") from problem


def _plain(value: Any) -> Any:
    """YAML has values that JSON has not, e.g. dates: they are text to a server. Aliases become copies.

    Raises:
        ValueError: It is too deep or too large.
    """
    _bounded(value)
    return json.loads(json.dumps(value, default=str), parse_constant=_no_number)


def typed(call: Call, body: Any, *, kind: Kind | None = None) -> tuple[Obj, list[str]]:
    """The object of a body, and warnings about fields that were dropped.

    Raises:
        ApiError: 400 where kind, types or (with `fieldValidation=Strict`) fields do not fit.
    """
    kind = kind or call.kind
    if not isinstance(body, dict):
        raise bad_request("json: cannot unmarshal into Go value of type struct")
    _same_kind(kind, body)
    level = call.request.query.get("fieldValidation", "")
    if level not in _LEVELS:
        raise _bad_level(level)
    node = schema.type_of(kind.group_version, kind.kind)
    obj, unknown = decoding.pruned({**body, "apiVersion": kind.group_version, "kind": kind.kind}, node)
    try:
        decoding.check_types(obj, node, owner=kind.kind)
    except decoding.WrongType as problem:
        raise bad_request(_undecodable(kind, str(problem))) from problem
    found = [f'unknown field "{path}"' for path in unknown] if level != "Ignore" else []
    if found and level == "Strict":
        raise bad_request(_undecodable(kind, f"strict decoding error: {', '.join(found)}"))
    obj.setdefault("metadata", {})
    _namespace(call, obj)
    return obj, found


def _undecodable(kind: Kind, why: str) -> str:
    return f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {why}'


def _same_kind(kind: Kind, body: Obj) -> None:
    version, name = body.get("apiVersion") or kind.group_version, body.get("kind") or kind.kind
    if version != kind.group_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version ({kind.group_version})"
        )
    if name != kind.kind:
        why = f"converting ({name}) to ({kind.kind}): unknown conversion"
        raise bad_request(f'{name} in version "{kind.version}" cannot be handled as a {kind.kind}: {why}')


def _bad_level(level: str) -> ApiError:
    text = f'fieldValidation: Unsupported value: "{level}": supported values: "", "Ignore", "Strict", "Warn"'
    return ApiError(422, "Invalid", f'CreateOptions.meta.k8s.io "" is invalid: {text}', {})


def _namespace(call: Call, obj: Obj) -> None:
    meta = obj["metadata"]
    if not call.kind.namespaced:
        meta.pop("namespace", None)
        return
    if meta.get("namespace") not in (None, "", call.namespace):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    meta["namespace"] = call.namespace
