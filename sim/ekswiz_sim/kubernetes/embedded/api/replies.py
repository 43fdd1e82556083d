"""Answers: JSON objects, or what the client's Accept header asks to have made of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from aiohttp import web

from ekswiz_sim.kubernetes.embedded.api import tables
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.embedded.api.routing import Call
from ekswiz_sim.kubernetes.embedded.store import Obj

Warnings = Sequence[str]
_READABLE = ("application/json", "application/*", "*/*")


def encode(document: Obj) -> bytes:
    """Compact JSON."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def respond(document: Obj, status: int = 200, warnings: Warnings = ()) -> web.Response:
    """A JSON answer with its `Warning:` headers."""
    response = web.Response(body=encode(document), status=status, content_type="application/json")
    for text in warnings:
        response.headers.add("Warning", f"299 - {json.dumps(text)}")
    return response


def refused(error: ApiError) -> web.Response:
    """The Status of an error."""
    return respond(error.status(), error.code)


def form(request: web.Request) -> str:
    """`Table`, `PartialObjectMetadata`, or empty for whole objects.

    Raises:
        ApiError: 406, the client reads nothing that is written here.
    """
    accepted = [one.strip() for one in request.headers.get("Accept", "*/*").split(",") if one.strip()]
    for one in accepted or ["*/*"]:
        media, *parameters = (part.strip() for part in one.split(";"))
        if media not in _READABLE:
            continue
        wanted = dict(part.split("=", 1) for part in parameters if "=" in part).get("as", "")
        return wanted.removesuffix("List")
    message = "only the following media types are accepted: application/json"
    raise ApiError(406, "NotAcceptable", message, {})


def shaped(call: Call, obj: Obj, version: str) -> Obj:
    """One object in the form that the client asked for."""
    wanted = form(call.request)
    if wanted == "Table":
        return tables.table(call.kind, [obj], version, call.request.query.get("includeObject", "Metadata"))
    return tables.partial(obj) if wanted == "PartialObjectMetadata" else obj


def one(call: Call, obj: Obj, status: int = 200, warnings: Warnings = ()) -> web.Response:
    """An answer with one object."""
    version = obj.get("metadata", {}).get("resourceVersion", "")
    return respond(shaped(call, obj, version), status, warnings)


def many(call: Call, items: Iterable[Obj], metadata: Obj) -> web.Response:
    """An answer with a list."""
    wanted = form(call.request)
    found = list(items)
    if wanted == "Table":
        include = call.request.query.get("includeObject", "Metadata")
        more = {name: value for name, value in metadata.items() if name != "resourceVersion"}
        return respond(tables.table(call.kind, found, metadata["resourceVersion"], include, more))
    kind, version = f"{call.kind.kind}List", call.kind.group_version
    if wanted == "PartialObjectMetadata":
        kind, version = "PartialObjectMetadataList", "meta.k8s.io/v1"
        found = [tables.partial(obj) for obj in found]
    return respond({"kind": kind, "apiVersion": version, "metadata": metadata, "items": found})


def success(call: Call, uid: str = "") -> web.Response:
    """The Status that a delete answers with."""
    details: Obj = {"name": call.name} if call.name else {}
    if call.kind.group:
        details["group"] = call.kind.group
    details["kind"] = call.kind.plural
    if uid:
        details["uid"] = uid
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
    return respond(status)
