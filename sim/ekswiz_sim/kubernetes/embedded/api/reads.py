"""Reading: one object, or a list in pages."""

from __future__ import annotations

import base64
import binascii
import json

from aiohttp import web

from ekswiz_sim.kubernetes.embedded.api import replies, scale
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, bad_request, expired, not_found
from ekswiz_sim.kubernetes.embedded.api.routing import Call
from ekswiz_sim.kubernetes.embedded.objects import selectors
from ekswiz_sim.kubernetes.embedded.objects.selectors import Predicate
from ekswiz_sim.kubernetes.embedded.store import Obj, Store


def stored(store: Store, call: Call) -> Obj:
    """The object of a request.

    Raises:
        ApiError: 404.
    """
    found = store.get(call.kind, call.namespace, call.name)
    if found is None:
        raise not_found(call.kind, call.name)
    return found


def chosen(call: Call) -> Predicate:
    """The request's selectors as one test."""
    query = call.request.query
    return selectors.predicate(call.kind, query.get("labelSelector", ""), query.get("fieldSelector", ""))


def get(store: Store, call: Call) -> web.Response:
    """`GET` of one object or its scale."""
    obj = stored(store, call)
    check_version(store, call.request.query.get("resourceVersion", ""))
    return replies.one(call, scale.of(obj) if call.route.subresource == "scale" else obj)


def listed(store: Store, call: Call) -> web.Response:
    """`GET` of a collection, in pages of `limit`."""
    version = call.request.query.get("resourceVersion", "")
    check_version(store, version)
    if call.request.query.get("resourceVersionMatch") == "Exact" and version != str(store.version):
        raise expired(f"The resourceVersion for the provided list is too old: {version}")
    matches = chosen(call)
    found = [obj for obj in store.all(call.kind, call.namespace) if matches(obj)]
    metadata: Obj = {"resourceVersion": str(store.version)}
    limit = _number(call, "limit")
    after = call.request.query.get("continue", "")
    if after:
        start = _decode(after)
        found = [obj for obj in found if _key(obj) > start]
    if limit and len(found) > limit:
        metadata["continue"] = _encode(_key(found[limit - 1]))
        metadata["remainingItemCount"] = len(found) - limit
        found = found[:limit]
    return replies.many(call, found, metadata)


def _number(call: Call, name: str) -> int:
    value = call.request.query.get(name, "")
    if value and not value.isdecimal():
        raise bad_request(f'strconv.ParseInt: parsing "{value}": invalid syntax')
    return int(value or 0)


def _key(obj: Obj) -> list[str]:
    return [obj["metadata"].get("namespace", ""), obj["metadata"]["name"]]


def _encode(key: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _decode(token: str) -> list[str]:
    try:
        key = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError) as problem:
        raise bad_request(f"continue key is not valid: {problem}") from problem
    return [str(part) for part in key]


def check_version(store: Store, version: str) -> None:
    """Refuse a resource version that is no number, or from the future.

    Raises:
        ApiError: 400 or 504.
    """
    if version and not version.isdecimal():
        raise bad_request(f'invalid resource version: strconv.ParseUint: parsing "{version}": invalid syntax')
    if version and int(version) > store.version:
        message = f"Too large resource version: {version}, current: {store.version}"
        details = {"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]}
        raise ApiError(504, "Timeout", message, {**details, "retryAfterSeconds": 1})
