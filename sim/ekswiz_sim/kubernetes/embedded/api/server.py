"""The API server: from a request and its user to an answer.

Order of doors: impersonation, authorization, existence, then the verb. Every refusal is a Status object.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from ekswiz_sim.kubernetes.embedded.access import impersonation, rbac
from ekswiz_sim.kubernetes.embedded.access.rbac import Attributes, Grant
from ekswiz_sim.kubernetes.embedded.api import (
    catalog,
    deletes,
    logs,
    proxying,
    reads,
    replies,
    reviews,
    routing,
    watching,
)
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, not_allowed, unknown_path
from ekswiz_sim.kubernetes.embedded.api.nonresource import answer
from ekswiz_sim.kubernetes.embedded.api.proxying import Proxy
from ekswiz_sim.kubernetes.embedded.api.routing import Call
from ekswiz_sim.kubernetes.embedded.api.writes import Writer
from ekswiz_sim.kubernetes.embedded.kinds import NAMESPACES
from ekswiz_sim.kubernetes.embedded.seams import Network, Node, User
from ekswiz_sim.kubernetes.embedded.store import Store

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One authorization: who asked for what, and which binding or grant decided (empty for a denial)."""

    user: User
    attributes: Attributes
    allowed: bool
    reason: str


Judged = Callable[[Verdict], None]


class ApiServer:
    """The embedded Kubernetes API over a store. It authorises by itself; who the user is, the front says."""

    def __init__(self, store: Store, *, node: Node, network: Network, ca_pem: bytes = b"") -> None:
        self._store = store
        self._node = node
        self._proxy = Proxy(store, node, network)
        self._writer = Writer(store, network, ca_pem)

    async def close(self) -> None:
        """Free what requests left open."""
        await self._proxy.close()

    async def handle(
        self,
        request: web.Request,
        user: User,
        *,
        grants: Sequence[Grant] = (),
        judged: Judged | None = None,
    ) -> web.StreamResponse:
        """Answer one request. `grants` are the user's rules from outside RBAC; `judged` hears each authorization."""
        try:
            if impersonation.requested(request.headers):
                user, grants = impersonation.impersonated(self._store, user, request.headers, grants), ()
            return await self._handle(request, user, tuple(grants), judged)
        except ApiError as error:
            return replies.refused(error)
        except ConnectionResetError:
            raise
        except web.HTTPRequestEntityTooLarge as large:
            return replies.refused(ApiError(413, "RequestEntityTooLarge", str(large.text)))
        except Exception as problem:  # noqa: BLE001 - the server's boundary: a Status for the client, the trace for us
            _log.exception("%s %s", request.method, request.path)
            return replies.refused(ApiError(500, "InternalError", f"Internal error occurred: {problem}"))

    async def _handle(
        self, request: web.Request, user: User, grants: tuple[Grant, ...], judged: Judged | None
    ) -> web.StreamResponse:
        route = routing.parse(request.path)
        attributes = routing.attributes(request, route)
        allowed, reason = rbac.authorize(self._store, user, attributes, grants)
        if judged is not None:
            judged(Verdict(user, attributes, allowed, reason))
        if not allowed:
            raise denial(user, attributes)
        if route is None:
            return answer(request)
        call = Call(request, user, grants, route, route.kind, attributes.verb)
        _in_its_place(call)
        return await self._dispatch(call)

    async def _dispatch(self, call: Call) -> web.StreamResponse:
        if call.kind in catalog.REVIEWS:
            if call.verb != "create":
                raise not_allowed()
            return await reviews.review(self._store, call)
        special = call.route.subresource
        if special == "proxy":
            return await self._proxy.handle(call)
        if special == "exec":
            raise proxying.refuse_exec()
        if special == "log":
            if call.verb != "get":
                raise not_allowed()
            return await logs.stream(self._store, self._node, call)
        return await self._verb(call, special)

    async def _verb(self, call: Call, subresource: str) -> web.StreamResponse:
        if subresource and call.verb not in catalog.subresource_verbs(subresource):
            raise not_allowed()
        # Before anything is written: a client that reads nothing written here gets its 406 first.
        replies.form(call.request)
        match call.verb:
            case "get":
                return reads.get(self._store, call)
            case "list":
                return reads.listed(self._store, call)
            case "watch":
                return await watching.watch(self._store, call)
            case "create":
                return await self._writer.create(call)
            case "update":
                return await self._writer.update(call)
            case "patch":
                return await self._writer.patch(call)
            case "delete":
                return await deletes.delete(self._store, call)
            case "deletecollection":
                return await deletes.collection(self._store, call)
        raise not_allowed()


def _in_its_place(call: Call) -> None:
    """Refuse a URL whose namespace is not the object's: it was authorised for that namespace only.

    Raises:
        ApiError: 404 or 405.
    """
    namespace = call.route.namespace
    if call.kind.namespaced:
        if namespace is None and call.verb not in ("list", "watch"):
            raise unknown_path() if call.name else not_allowed()
    elif namespace is not None and not (call.kind == NAMESPACES and namespace == call.name):
        raise unknown_path()


def denial(user: User, attributes: Attributes) -> ApiError:
    """403 in Kubernetes' words."""
    who = f'User "{user.name}" cannot {attributes.verb}'
    if attributes.path is not None:
        return ApiError(403, "Forbidden", f'forbidden: {who} path "{attributes.path}"', {})
    where = f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
    why = f'{who} resource "{attributes.full_resource}" in API group "{attributes.group}" {where}'
    qualified = f"{attributes.resource}.{attributes.group}" if attributes.group else attributes.resource
    subject = f'{qualified} "{attributes.name}"' if attributes.name else qualified
    details = {"name": attributes.name, "group": attributes.group, "kind": attributes.resource}
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {why}", {k: v for k, v in details.items() if v})
