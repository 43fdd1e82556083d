"""What goes through the API server to the node: logs and proxied HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from unit.kubernetes_api.stand_in import Cluster

NAMESPACE = "/api/v1/namespaces/default"


async def pod(cluster: Cluster, *names: str) -> None:
    containers = [{"name": name, "image": "c:1"} for name in names]
    await cluster.api("POST", f"{NAMESPACE}/pods", {"metadata": {"name": "p"}, "spec": {"containers": containers}})


@asynccontextmanager
async def backend() -> AsyncIterator[tuple[str, int, list[web.Request]]]:
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        if request.path == "/moved":
            raise web.HTTPFound("/there?x=1")
        body = await request.read()
        text = f"{request.method} {request.path_qs} {body.decode()}"
        return web.Response(text=text, status=418 if request.path == "/teapot" else 200, headers={"X-Own": "1"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield ("127.0.0.1", runner.addresses[0][1], seen)
    finally:
        await runner.cleanup()


async def test_logs(cluster: Cluster) -> None:
    await pod(cluster, "one")
    early = await cluster.api("GET", f"{NAMESPACE}/pods/p/log")
    assert (early.status, early.message) == (400, 'container "one" in pod "p" is waiting to start: ContainerCreating')
    cluster.workload.log = [b"first\n", b"second\n"]
    assert (await cluster.api("GET", f"{NAMESPACE}/pods/p/log")).body == "first\nsecond\n"
    assert (await cluster.api("GET", f"{NAMESPACE}/pods/p/log?tailLines=1")).body == "second\n"
    assert (await cluster.api("GET", f"{NAMESPACE}/pods/p/log?tailLines=x")).status == 422
    assert (await cluster.api("GET", f"{NAMESPACE}/pods/q/log")).status == 404
    other = await cluster.api("GET", f"{NAMESPACE}/pods/p/log?container=two")
    assert (other.status, other.message) == (400, "container two is not valid for pod p")


async def test_the_container_must_be_said_where_there_are_several(cluster: Cluster) -> None:
    await pod(cluster, "one", "two")
    answer = await cluster.api("GET", f"{NAMESPACE}/pods/p/log")
    assert answer.message == "a container name must be specified for pod p, choose one of: [one two]"


async def test_followed_logs_come_as_they_are_written(cluster: Cluster) -> None:
    await pod(cluster, "one")
    cluster.workload.log = [b"first\n"]
    headers = {"Authorization": "Bearer k8s-aws-v1.admin"}
    url = f"{cluster.endpoint.url}{NAMESPACE}/pods/p/log?follow=true"
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url, ssl=cluster.tls()) as answer:
        assert await asyncio.wait_for(answer.content.readline(), 5) == b"first\n"
        cluster.workload.follow.set()
        assert await asyncio.wait_for(answer.content.readline(), 5) == b"followed\n"
        assert await asyncio.wait_for(answer.content.readline(), 5) == b""


async def test_a_service_is_reached_through_the_proxy(cluster: Cluster) -> None:
    service = {"metadata": {"name": "web"}, "spec": {"ports": [{"name": "http", "port": 80}]}}
    await cluster.api("POST", f"{NAMESPACE}/services", service)
    base = f"{NAMESPACE}/services/web:http/proxy"
    async with backend() as (host, port, seen):
        cluster.workload.address = (host, port)
        # when it is asked, by name, number or without port
        for path in (base, f"{NAMESPACE}/services/web:80/proxy", f"{NAMESPACE}/services/web/proxy"):
            answer = await cluster.api("GET", f"{path}/version?a=1%202")
            assert (answer.status, answer.body) == (200, "GET /version?a=1+2 ")
        # then methods, bodies, status codes and headers go through, and the caller's token does not
        posted = await cluster.api("POST", f"{base}/teapot", b"body")
        assert (posted.status, posted.body, posted.headers["X-Own"]) == (418, "POST /teapot body", "1")
        assert all("Authorization" not in request.headers for request in seen)
        headers = {"Authorization": "Bearer k8s-aws-v1.admin"}
        async with aiohttp.ClientSession(headers=headers) as session:
            url = f"{cluster.endpoint.url}{base}/moved"
            async with session.get(url, ssl=cluster.tls(), allow_redirects=False) as moved:
                assert moved.headers["Location"] == f"{base}/there?x=1"
    # and a backend that is down is said to be
    down = await cluster.api("GET", f"{base}/")
    assert (down.status, down.body["reason"]) == (503, "ServiceUnavailable")
    assert down.message.startswith(f"error trying to reach service: dial tcp {host}:{port}: ")


async def test_without_an_endpoint_the_proxy_says_so(cluster: Cluster) -> None:
    await cluster.api("POST", f"{NAMESPACE}/services", {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
    answer = await cluster.api("GET", f"{NAMESPACE}/services/web:80/proxy/")
    assert (answer.status, answer.body["reason"], answer.message) == (503, "ServiceUnavailable", "nothing is ready")
    assert (await cluster.api("GET", f"{NAMESPACE}/services/none:80/proxy/")).status == 404
    assert (await cluster.api("GET", f"{NAMESPACE}/services/a:b:c:d/proxy/")).status == 400
    assert (await cluster.api("GET", f"{NAMESPACE}/services/https:web:80/proxy/")).status == 400


async def test_a_pod_is_reached_through_the_proxy_and_rbac_asks_for_it(cluster: Cluster) -> None:
    view = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    cluster.entries.add("reader", policies=((view, ()),))
    await pod(cluster, "one")
    async with backend() as (host, port, _):
        cluster.workload.address = (host, port)
        assert (await cluster.api("GET", f"{NAMESPACE}/pods/p:80/proxy/x")).body == "GET /x "
        assert (await cluster.api("GET", f"{NAMESPACE}/pods/p:80/proxy/x", user="reader")).status == 403


async def test_exec_is_refused_by_name(cluster: Cluster) -> None:
    await pod(cluster, "one")
    answer = await cluster.api("POST", f"{NAMESPACE}/pods/p/exec?command=ls")
    assert (answer.status, "exec into pods is not modelled" in answer.message) == (501, True)
