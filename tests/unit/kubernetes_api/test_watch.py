from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from ekswiz_sim.kubernetes.embedded.store import HISTORY
from unit.kubernetes_api.stand_in import Cluster

PATH = "/api/v1/namespaces/default/configmaps"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Stream:
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> dict[str, Any]:
        line = await asyncio.wait_for(self.response.content.readline(), 5)
        event: dict[str, Any] = json.loads(line)
        return event

    async def short(self) -> tuple[str, str]:
        event = await self.next()
        return event["type"], event["object"]["metadata"].get("name", "")

    async def is_over(self) -> bool:
        return await asyncio.wait_for(self.response.content.readline(), 5) == b""


@asynccontextmanager
async def watching(cluster: Cluster, query: str, path: str = PATH, accept: str = "*/*") -> AsyncIterator[Stream]:
    headers = {"Authorization": "Bearer k8s-aws-v1.admin", "Accept": accept}
    url = f"{cluster.endpoint.url}{path}?watch=true&{query}"
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(url, ssl=cluster.tls()) as response,
    ):
        assert response.status == 200, await response.text()
        yield Stream(response)


async def create(cluster: Cluster, name: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    body = {"metadata": {"name": name, "labels": labels or {}}}
    answer = await cluster.api("POST", PATH, body)
    made: dict[str, Any] = answer.body
    return made


async def label(cluster: Cluster, name: str, value: str) -> None:
    body = {"metadata": {"labels": {"color": value}}}
    await cluster.api("PATCH", f"{PATH}/{name}", body, media="application/merge-patch+json")


async def test_a_watch_goes_on_where_a_list_ended(cluster: Cluster) -> None:
    # given a list, and a change after it
    version = (await cluster.api("GET", PATH)).body["metadata"]["resourceVersion"]
    await create(cluster, "one")
    # when a watch starts at the list's version
    async with watching(cluster, f"resourceVersion={version}") as stream:
        # then it has the missed change and the coming ones, each once
        assert await stream.short() == ("ADDED", "one")
        await label(cluster, "one", "red")
        assert await stream.short() == ("MODIFIED", "one")
        await cluster.api("DELETE", f"{PATH}/one")
        assert await stream.short() == ("DELETED", "one")


async def test_initial_events_end_with_a_bookmark(cluster: Cluster) -> None:
    await create(cluster, "one")
    query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    async with watching(cluster, query) as stream:
        assert await stream.short() == ("ADDED", "kube-root-ca.crt")
        assert await stream.short() == ("ADDED", "one")
        mark = await stream.next()
        assert (mark["type"], mark["object"]["kind"]) == ("BOOKMARK", "ConfigMap")
        assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        assert mark["object"]["metadata"]["resourceVersion"] == str(cluster.store.version)
        await create(cluster, "two")
        assert await stream.short() == ("ADDED", "two")


async def test_leaving_a_selection_is_a_deletion(cluster: Cluster) -> None:
    await create(cluster, "one", {"color": "red"})
    async with watching(cluster, "labelSelector=color%3Dred") as stream:
        assert await stream.short() == ("ADDED", "one")
        await label(cluster, "one", "blue")
        assert await stream.short() == ("DELETED", "one")
        await label(cluster, "one", "red")
        assert await stream.short() == ("ADDED", "one")


async def test_one_object_is_watched_by_its_name_or_field(cluster: Cluster) -> None:
    for query, path in (("fieldSelector=metadata.name%3Dtwo", PATH), ("", f"{PATH}/two")):
        async with watching(cluster, query, path) as stream:
            await create(cluster, "one")
            await create(cluster, "two")
            assert await stream.short() == ("ADDED", "two")
        for name in ("one", "two"):
            await cluster.api("DELETE", f"{PATH}/{name}")


async def test_a_version_that_is_forgotten_answers_410(cluster: Cluster) -> None:
    made = await create(cluster, "busy")
    from ekswiz_sim.kubernetes.embedded.kinds import CONFIG_MAPS

    for number in range(HISTORY + 10):
        cluster.store.put(CONFIG_MAPS, {**made, "data": {"number": str(number)}})
    async with watching(cluster, f"resourceVersion={made['metadata']['resourceVersion']}") as stream:
        event = await stream.next()
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
        assert event["object"]["message"].startswith("too old resource version: ")
        assert await stream.is_over()


async def test_a_watch_ends_after_its_timeout_and_leaves_nothing(cluster: Cluster) -> None:
    async with watching(cluster, f"resourceVersion={cluster.store.version}&timeoutSeconds=1") as stream:
        assert await stream.is_over()
    assert not cluster.store._subscribers


async def test_a_client_that_goes_leaves_no_subscription(cluster: Cluster) -> None:
    async with watching(cluster, f"resourceVersion={cluster.store.version}"):
        assert len(cluster.store._subscribers) == 1
    deadline = asyncio.get_running_loop().time() + 5
    while cluster.store._subscribers and asyncio.get_running_loop().time() < deadline:
        await create(cluster, f"n{cluster.store.version}")
    assert not cluster.store._subscribers


async def test_tables_can_be_watched(cluster: Cluster) -> None:
    await create(cluster, "one")
    async with watching(cluster, "fieldSelector=metadata.name%3Done", accept=TABLE) as stream:
        event = await stream.next()
        assert event["object"]["kind"] == "Table"
        assert event["object"]["rows"][0]["cells"][:2] == ["one", 0]


async def test_versions_and_options_that_cannot_be(cluster: Cluster) -> None:
    future = await cluster.api("GET", f"{PATH}?resourceVersion=999999")
    assert (future.status, future.body["reason"]) == (504, "Timeout")
    assert future.message == f"Too large resource version: 999999, current: {cluster.store.version}"
    nonsense = await cluster.api("GET", f"{PATH}?watch=1&resourceVersion=abc")
    assert (nonsense.status, nonsense.body["reason"]) == (400, "BadRequest")
    lonely = await cluster.api("GET", f"{PATH}?watch=1&sendInitialEvents=true")
    assert (lonely.status, lonely.body["reason"]) == (422, "Invalid")
    assert "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan" in lonely.message


async def test_lists_come_in_pages(cluster: Cluster) -> None:
    for name in ("a", "b", "c"):
        await create(cluster, name)
    first = await cluster.api("GET", f"{PATH}?limit=2")
    assert [one["metadata"]["name"] for one in first.body["items"]] == ["a", "b"]
    assert first.body["metadata"]["remainingItemCount"] == 2
    second = await cluster.api("GET", f"{PATH}?limit=2&continue={first.body['metadata']['continue']}")
    assert [one["metadata"]["name"] for one in second.body["items"]] == ["c", "kube-root-ca.crt"]
    assert "continue" not in second.body["metadata"]
    assert (await cluster.api("GET", f"{PATH}?continue=%21")).status == 400
