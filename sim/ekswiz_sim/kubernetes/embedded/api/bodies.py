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
        return json.loads(raw or b"{}")
    except ValueError as problem:
        text = f"couldn't get version/kind; json parse error: {problem}"
        raise bad_request(text) from problem


def _yaml(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        pass
    # Clients send JSON under the YAML media type; a YAML parser is needed for people with curl only.
    from ruamel.yaml import YAML  # noqa: PLC0415
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        return YAML(typ="safe", pure=True).load(io.BytesIO(raw))
    except YAMLError as problem:
        raise bad_request(f"error decoding YAML: {problem}") from problem


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
