"""The front's backend in impersonation mode: each request passes on with the administrator's certificate, as its user.

The API server behind authorises, validates and answers; of its answers only a refusal is looked at, so that the
decision can be kept.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from ekswiz_sim.kubernetes import hops
from ekswiz_sim.kubernetes.door import cut
from ekswiz_sim.kubernetes.embedded.access.rbac import Grant
from ekswiz_sim.kubernetes.embedded.api import replies, routing
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, bad_request
from ekswiz_sim.kubernetes.embedded.api.server import Judged, Verdict
from ekswiz_sim.kubernetes.embedded.seams import User
from ekswiz_sim.kubernetes.remote import acting_as, tunnel
from ekswiz_sim.kubernetes.remote.client import Client, not_taken, unreachable
from ekswiz_sim.kubernetes.remote.headers import upstream
from ekswiz_sim.kubernetes.remote.policies import Policies

_DENIED = re.compile(rb'User \\?"[^"]*\\?" cannot ')
"""How every refusal by authorization reads, in JSON and in protobuf; one by admission does not."""
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


class Remote:
    """A `Backend` over any kube-apiserver. Make it on the loop that uses it, and close it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._policies = Policies(client)

    async def __call__(
        self, request: web.Request, user: User, *, grants: Sequence[Grant] = (), judged: Judged | None = None
    ) -> web.StreamResponse:
        """Answer a request of `user`, who has `grants` besides RBAC; `judged` hears the authorization."""
        try:
            if not request.raw_path.startswith("/"):
                raise bad_request("the request names no path")
            headers = upstream(request.headers, user, await self._policies.groups(grants))
            if tunnel.wanted(request):
                response = await tunnel.tunnel(request, self._client, headers)
                _tell(judged, request, user, response.status, getattr(response, "body", None) or b"")
                return response
            return await self._pass(request, headers, lambda status, body: _tell(judged, request, user, status, body))
        except ApiError as error:
            return replies.refused(error)

    async def impersonated(self, user: User, headers: CIMultiDictProxy[str], grants: Sequence[Grant]) -> User:
        """Whom a request with `Impersonate-*` headers acts as (see `acting_as`)."""
        return await acting_as.impersonated(self._client, user, await self._policies.groups(grants), headers)

    async def close(self, *, cluster_remains: bool = False) -> None:
        """End every connection; where the cluster remains, what was made in it is removed first."""
        try:
            if cluster_remains:
                await self._policies.remove()
        finally:
            await self._client.close()

    async def _pass(
        self, request: web.Request, headers: CIMultiDict[str], tell: Callable[[int, bytes], None]
    ) -> web.StreamResponse:
        bare = request.method in _WITHOUT_BODY and not request.can_read_body
        try:
            async with self._client.session.request(
                request.method,
                self._client.url(request.raw_path),
                data=None if bare else request.content,
                headers=headers,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            ) as answer:
                return await _answered(request, answer, tell)
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            raise unreachable(self._client.admin, error) from error


async def _answered(
    request: web.Request, answer: aiohttp.ClientResponse, tell: Callable[[int, bytes], None]
) -> web.StreamResponse:
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise not_taken()
    headers = hops.passed_on(answer.headers)
    if answer.status == HTTPStatus.FORBIDDEN:
        body = await answer.read()
        tell(answer.status, body)
        return web.Response(status=answer.status, reason=answer.reason, headers=headers, body=body)
    tell(answer.status, b"")
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
    await response.prepare(request)
    try:
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
    except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError):
        # A watch that breaks behind breaks here: an orderly end would say that there is no more.
        if request.transport is not None:
            cut(request.transport)
        return response
    await response.write_eof()
    return response


def _tell(judged: Judged | None, request: web.Request, user: User, status: int, body: bytes) -> None:
    """Let the front keep the decision: what authorization refused, or that it allowed."""
    if judged is None:
        return
    denied = status == HTTPStatus.FORBIDDEN and _DENIED.search(body) is not None
    attributes = routing.attributes(request, routing.parse(request.path))
    judged(Verdict(user, attributes, not denied, ""))


Impersonated = Callable[[User, CIMultiDictProxy[str], Sequence[Grant]], Awaitable[User]]
"""How a front asks whom a request with `Impersonate-*` headers acts as."""
