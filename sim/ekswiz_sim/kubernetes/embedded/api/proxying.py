"""`services/NAME:PORT/proxy/…` and `pods/NAME:PORT/proxy/…`: HTTP through the API server into the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from ekswiz_sim.kubernetes import hops
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, bad_request, not_found, unavailable
from ekswiz_sim.kubernetes.embedded.api.routing import Call
from ekswiz_sim.kubernetes.embedded.kinds import PODS, SERVICES
from ekswiz_sim.kubernetes.embedded.seams import Network, Node
from ekswiz_sim.kubernetes.embedded.store import Obj, Store

# The caller's credentials are for this server only.
_PRIVATE = frozenset({"authorization", "host", "content-length"})
_CHUNK = 1 << 16
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=5)


@dataclass(frozen=True, slots=True)
class _Backend:
    """Name, scheme and port of `https:web:http`."""

    name: str
    port: str
    scheme: str


def _parse(text: str) -> _Backend:
    parts = text.split(":")
    if len(parts) == 3:  # noqa: PLR2004 - scheme:name:port
        scheme, name, port = parts
    else:
        scheme, (name, port) = "http", (parts[0], parts[1] if len(parts) == 2 else "")  # noqa: PLR2004 - name:port
    if len(parts) > 3 or not name or scheme not in ("http", "https", ""):  # noqa: PLR2004 - scheme:name:port
        raise bad_request(f'invalid service request "{text}"')
    if scheme == "https":
        raise bad_request("https backends are not modelled by this cluster")
    return _Backend(name, port, "http")


class Proxy:
    """Reverse proxy with one client session, made when it is first needed."""

    def __init__(self, store: Store, node: Node, network: Network) -> None:
        self._store = store
        self._node = node
        self._network = network
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End the client session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def handle(self, call: Call) -> web.StreamResponse:
        """Send the request on and stream the answer back.

        Raises:
            ApiError: 404 without such an object, 503 without a reachable endpoint.
        """
        backend = _parse(call.name)
        found = self._store.get(call.kind, call.namespace, backend.name)
        if found is None:
            raise not_found(call.kind, backend.name)
        host, port = self._address(call, found, backend)
        url = URL.build(scheme="http", host=host, port=port, path=call.route.rest or "/", query=call.request.query)
        return await self._forward(call, url)

    def _address(self, call: Call, obj: Obj, backend: _Backend) -> tuple[str, int]:
        port = backend.port or _only_port(call, obj)
        try:
            if call.kind == SERVICES:
                return self._network.service_address(obj, port)
            return self._node.pod_address(obj, port)
        except LookupError as problem:
            why = str(problem.args[0] if problem.args else problem)
            raise (bad_request(why) if call.kind == PODS else unavailable(why)) from problem

    async def _forward(self, call: Call, url: URL) -> web.StreamResponse:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False, trust_env=False)
        request = call.request
        headers = hops.passed_on(request.headers, _PRIVATE)
        headers["X-Forwarded-Host"] = request.host
        headers["X-Forwarded-Proto"] = "https"
        headers["X-Forwarded-Uri"] = request.path
        data = await request.read() if request.can_read_body else None
        try:
            async with self._session.request(
                request.method, url, headers=headers, data=data, allow_redirects=False
            ) as answer:
                return await self._answer(call, answer, url)
        except aiohttp.ClientError as problem:
            address = f"{url.host}:{url.port}"
            raise unavailable(f"error trying to reach service: dial tcp {address}: {_reason(problem)}") from problem

    async def _answer(self, call: Call, answer: aiohttp.ClientResponse, url: URL) -> web.StreamResponse:
        headers = hops.passed_on(answer.headers)
        if "Location" in headers:
            headers["Location"] = _inside(call, headers["Location"], url)
        response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
        await response.prepare(call.request)
        try:
            async for chunk in answer.content.iter_chunked(_CHUNK):
                await response.write(chunk)
        except ConnectionResetError:
            # The caller has gone; the rest of the answer is for nobody.
            return response
        return response


def _only_port(call: Call, obj: Obj) -> str:
    if call.kind == SERVICES:
        ports = obj["spec"].get("ports") or []
        if len(ports) != 1:
            raise unavailable(f'no service port "" found for service "{call.name}"')
        return str(ports[0]["port"])
    for container in obj["spec"].get("containers") or []:
        for port in container.get("ports") or []:
            return str(port["containerPort"])
    return "80"


def _inside(call: Call, location: str, url: URL) -> str:
    """A redirect to the backend itself, as a path through this proxy."""
    parts = urlsplit(location)
    if parts.netloc and parts.netloc != f"{url.host}:{url.port}":
        return location
    base = call.request.path.removesuffix(call.route.rest)
    query = f"?{parts.query}" if parts.query else ""
    return f"{base}{parts.path if parts.path.startswith('/') else '/' + parts.path}{query}"


def _reason(problem: aiohttp.ClientError) -> str:
    cause = getattr(problem, "os_error", None)
    return f"connect: {str(cause.strerror).lower()}" if cause is not None else str(problem)


def refuse_exec() -> ApiError:
    """What this cluster cannot do with a pod."""
    text = "exec into pods is not modelled by this cluster: its containers are processes of the host"
    return ApiError(501, "NotImplemented", text, {})
