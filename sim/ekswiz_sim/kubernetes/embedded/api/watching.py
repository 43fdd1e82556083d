"""Watches: a stream of changes that starts where a list ended, or with everything there is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ekswiz_sim.kubernetes.embedded.api import reads, replies
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, Cause, expired
from ekswiz_sim.kubernetes.embedded.api.routing import Call, is_true
from ekswiz_sim.kubernetes.embedded.objects.selectors import Predicate
from ekswiz_sim.kubernetes.embedded.store import Gone, Obj, Store, StoreEvent

_LONGEST = 3600.0
_BOOKMARK_EVERY = 60.0
_INITIAL_END = "k8s.io/initial-events-end"


@dataclass(slots=True)
class _Watch:
    """One open watch: what it selects and which objects its client knows."""

    call: Call
    selects: Predicate
    response: web.StreamResponse
    knows_all: bool
    known: set[str] = field(default_factory=set)

    async def send(self, kind: str, obj: Obj) -> None:
        """Write one event."""
        await self.response.write(replies.encode({"type": kind, "object": obj}) + b"\n")

    async def show(self, kind: str, obj: Obj) -> None:
        """Write one event about an object, in the client's form."""
        await self.send(kind, replies.shaped(self.call, obj, obj["metadata"]["resourceVersion"]))

    async def change(self, event: StoreEvent) -> None:
        """Tell the client about a change, as its selectors see it: leaving the selection is a deletion."""
        if event.kind != self.call.kind or not self._here(event.object):
            return
        uid = str(event.object["metadata"].get("uid", event.object["metadata"]["name"]))
        selected = event.type != "DELETED" and self.selects(event.object)
        if selected:
            new = uid not in self.known and (self.knows_all or event.type == "ADDED")
            self.known.add(uid)
            await self.show("ADDED" if new else "MODIFIED", event.object)
        elif uid in self.known or self._may_know(event):
            self.known.discard(uid)
            await self.show("DELETED", event.object)

    def _here(self, obj: Obj) -> bool:
        return self.call.namespace is None or obj["metadata"].get("namespace") == self.call.namespace

    def _may_know(self, event: StoreEvent) -> bool:
        # A client that resumed may know objects that this watch has not shown.
        return not self.knows_all and (event.type != "DELETED" or self.selects(event.object))


def _single(call: Call) -> Predicate:
    matches = reads.chosen(call)
    if not call.name:
        return matches
    return lambda obj: obj["metadata"]["name"] == call.name and matches(obj)


def _check(store: Store, call: Call) -> None:
    query = call.request.query
    version = query.get("resourceVersion", "")
    reads.check_version(store, version)
    wants_initial = "sendInitialEvents" in query
    if wants_initial and query.get("resourceVersionMatch") != "NotOlderThan":
        why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        cause = Cause("resourceVersionMatch", "FieldValueForbidden", f"Forbidden: {why}")
        details = {"group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause.as_json()]}
        raise ApiError(422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: {cause}', details)


async def watch(store: Store, call: Call) -> web.StreamResponse:
    """Stream changes until the client goes or `timeoutSeconds` have passed."""
    _check(store, call)
    replies.form(call.request)
    version = call.request.query.get("resourceVersion", "")
    initial = is_true(call.request, "sendInitialEvents") or (
        version in ("", "0") and "sendInitialEvents" not in call.request.query
    )
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"})
    watch = _Watch(call, _single(call), response, knows_all=initial)
    queue = store.subscribe()
    try:
        start = store.version
        now = [obj for obj in store.all(call.kind, call.namespace) if watch.selects(obj)] if initial else []
        await response.prepare(call.request)
        if initial:
            await _initial(watch, now, start)
        elif not await _resume(watch, store, int(version or start), start):
            return response
        await _follow(watch, queue, start)
    except ConnectionResetError:
        # The client has gone; there is nobody left to tell.
        return response
    finally:
        store.unsubscribe(queue)
    return response


async def _initial(watch: _Watch, objects: Iterable[Obj], version: int) -> None:
    for obj in objects:
        watch.known.add(str(obj["metadata"].get("uid", obj["metadata"]["name"])))
        await watch.show("ADDED", obj)
    if is_true(watch.call.request, "sendInitialEvents"):
        await _bookmark(watch, version, {_INITIAL_END: "true"})


async def _bookmark(watch: _Watch, version: int, annotations: dict[str, str] | None = None) -> None:
    metadata: Obj = {"resourceVersion": str(version), "creationTimestamp": None}
    if annotations:
        metadata["annotations"] = annotations
    kind = watch.call.kind
    bookmark: Obj = {"kind": kind.kind, "apiVersion": kind.group_version, "metadata": metadata}
    if replies.form(watch.call.request) == "Table":
        bookmark = {
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": str(version)},
            "columnDefinitions": None,
            "rows": [{"cells": [], "object": bookmark}],
        }
    await watch.send("BOOKMARK", bookmark)


async def _resume(watch: _Watch, store: Store, version: int, until: int) -> bool:
    try:
        missed = list(store.since(version))
    except Gone:
        error = expired(f"too old resource version: {version} ({until})")
        await watch.send("ERROR", error.status())
        return False
    for event in missed:
        if event.version <= until:
            await watch.change(event)
    return True


async def _follow(watch: _Watch, queue: asyncio.Queue[StoreEvent], start: int) -> None:
    query = watch.call.request.query
    end = time.monotonic() + _seconds(query.get("timeoutSeconds", ""))
    bookmarks = is_true(watch.call.request, "allowWatchBookmarks")
    version = start
    while (left := end - time.monotonic()) > 0:
        try:
            event = await asyncio.wait_for(queue.get(), min(left, _BOOKMARK_EVERY))
        except TimeoutError:
            if bookmarks:
                await _bookmark(watch, version)
            continue
        version = event.version
        if event.version > start:
            await watch.change(event)


def _seconds(value: Any) -> float:
    return float(value) if str(value).isdecimal() and int(value) > 0 else _LONGEST
