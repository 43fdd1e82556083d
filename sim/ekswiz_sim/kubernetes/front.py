"""The EKS front: what stands between a bearer token and the Kubernetes API.

A `k8s-aws-v1.` token becomes an AWS principal, the principal an access entry, the entry a Kubernetes user; only then
does the request reach the API server behind. 401 means no identity or no entry, 403 means no permission.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from ekswiz.iam.decision import Decision, Layer
from ekswiz_sim.kubernetes.embedded.access import impersonation
from ekswiz_sim.kubernetes.embedded.access.rbac import Attributes, Grant
from ekswiz_sim.kubernetes.embedded.api import replies
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.embedded.api.nonresource import PUBLIC
from ekswiz_sim.kubernetes.embedded.api.server import Judged, Verdict
from ekswiz_sim.kubernetes.embedded.seams import User
from ekswiz_sim.seams import AccessEntries, AccessEntry, Gatekeeper, Principal, RefusedByGate

ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
_AUTHENTICATED = "system:authenticated"
_PREFIX = "k8s-aws-v1."
_READS = frozenset({"get", "list", "watch"})
_BODY_LIMIT = 3 << 20


class Backend(Protocol):
    """A Kubernetes API that trusts the front: the embedded one, or a proxy to another."""

    def __call__(
        self, request: web.Request, user: User, *, grants: Sequence[Grant] = (), judged: Judged | None = None
    ) -> Awaitable[web.StreamResponse]:
        """Answer a request of `user`, who has `grants` besides RBAC; `judged` hears each authorization."""
        ...


Impersonated = Callable[[User, CIMultiDictProxy[str], Sequence[Grant]], Awaitable[User]]
"""Whom a request with `Impersonate-*` headers acts as; raises ApiError where its caller may not."""


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who a token stands for, in AWS and in the cluster."""

    principal: Principal
    user: User
    grants: tuple[Grant, ...]


class Front:
    """The door of one cluster."""

    def __init__(
        self,
        cluster: str,
        gatekeeper: Gatekeeper,
        entries: AccessEntries,
        backend: Backend,
        *,
        policy_rules: Callable[[str], list[dict[str, Any]]],
        impersonated: Impersonated,
    ) -> None:
        self._cluster = cluster
        self._gatekeeper = gatekeeper
        self._entries = entries
        self._backend = backend
        self._policy_rules = policy_rules
        self._impersonated = impersonated

    def app(self) -> web.Application:
        """The front as an application; the host adds TLS, without which kubectl sends no token."""
        app = web.Application(client_max_size=_BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        try:
            caller = self._authenticate(request)
            if caller is None:
                return await self._backend(request, ANONYMOUS)
            if impersonation.requested(request.headers):
                return await self._impersonating(caller, request)
            return await self._backend(
                request, caller.user, grants=caller.grants, judged=lambda verdict: self._judged(caller, verdict)
            )
        except ApiError as error:
            return replies.refused(error)

    async def _impersonating(self, caller: _Caller, request: web.Request) -> web.StreamResponse:
        """As somebody else, who has none of the caller's access policies; the backend never sees the headers."""
        try:
            user = await self._impersonated(caller.user, request.headers, caller.grants)
        except ApiError as error:
            decision = _denied(error.message, "rbac")
            self._gatekeeper.record("kubernetes", caller.principal.arn, "impersonate", self._cluster, decision)
            raise
        plain = CIMultiDict(
            (name, value)
            for name, value in request.headers.items()
            if not name.lower().startswith(impersonation.PREFIX)
        )
        return await self._backend(
            request.clone(headers=plain), user, judged=lambda verdict: self._judged(caller, verdict)
        )

    def _authenticate(self, request: web.Request) -> _Caller | None:
        """The caller; None for an anonymous one at a public path.

        Raises:
            ApiError: 401.
        """
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if not token:
            if request.path.rstrip("/") in PUBLIC and not impersonation.requested(request.headers):
                return None
            raise _unauthorized()
        if kind.lower() != "bearer" or not token.startswith(_PREFIX):
            raise _unauthorized()
        try:
            principal = self._gatekeeper.eks_identity(token, self._cluster)
        except RefusedByGate as refused:
            # The gate has recorded why; the client learns no more than at EKS.
            raise _unauthorized() from refused
        return self._admitted(principal)

    def _admitted(self, principal: Principal) -> _Caller:
        arn = principal.role_arn or principal.arn
        entry = self._entries.find(self._cluster, arn)
        if entry is None:
            raise self._refusal(principal, None, f"no access entry for {arn} in cluster {self._cluster}")
        if entry.unique_id != principal.unique_id:
            why = (
                f"the access entry for {arn} was made for another identity of that name: it was deleted and made again"
            )
            raise self._refusal(principal, entry, why)
        # As aws-iam-authenticator does it, so that the name can be a label's part.
        session = (principal.session_name or "").replace("@", "-")
        name = entry.username.replace("{{SessionName}}", session)
        groups = (*entry.groups, _AUTHENTICATED)
        uid = f"aws-iam-authenticator:{principal.account}:{principal.unique_id}"
        user = User(name, groups, uid, _extra(principal, arn, session))
        return _Caller(principal, user, self._grants(principal, entry))

    def _refusal(self, principal: Principal, entry: AccessEntry | None, why: str) -> ApiError:
        """The 401, after the reason was recorded for those who may know it."""
        expected = (entry.unique_id,) if entry is not None else ()
        key = "principal unique id" if entry is not None else None
        decision = Decision(False, "entry", None, key, expected, (principal.unique_id,) if key else (), why)
        self._gatekeeper.record("eks", principal.arn, "eks:AccessKubernetesApi", self._cluster, decision)
        return _unauthorized()

    def _grants(self, principal: Principal, entry: AccessEntry) -> tuple[Grant, ...]:
        grants = []
        for arn, namespaces in entry.policies:
            name = arn.rsplit("/", 1)[-1]
            try:
                rules = tuple(self._policy_rules(arn))
            except KeyError:
                why = f"the rules of access policy {name} are not modelled, so it gives nothing"
                self._gatekeeper.record("eks", principal.arn, "eks:AccessKubernetesApi", self._cluster, _denied(why))
                continue
            reason = f'EKS Access Policy: allowed by AccessEntry "{entry.principal_arn}" Policy "{name}"'
            grants.append(Grant(reason, rules, namespaces))
        return tuple(grants)

    def _judged(self, caller: _Caller, verdict: Verdict) -> None:
        """Keep denials, and what was allowed to change something."""
        if verdict.allowed and _changes_nothing(verdict.attributes):
            return
        action = _action(verdict.attributes)
        why = verdict.reason or ("allowed" if verdict.allowed else f"no rule lets {verdict.user.name} {action}")
        layer: Layer = "entry" if verdict.reason.startswith("EKS Access Policy") else "rbac"
        decision = Decision(verdict.allowed, layer, verdict.reason or None, None, (), (), why)
        resource = _resource(self._cluster, verdict.attributes)
        self._gatekeeper.record("kubernetes", caller.principal.arn, action, resource, decision)


def _extra(principal: Principal, arn: str, session: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What the authenticator says of a caller besides names: `kubectl auth whoami` shows it."""
    found = {
        "accessKeyId": principal.access_key,
        "arn": principal.arn,
        "canonicalArn": arn,
        "principalId": principal.unique_id,
        "sessionName": session,
    }
    return tuple((key, (value,)) for key, value in found.items())


def _unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def _denied(why: str, layer: Layer = "entry") -> Decision:
    return Decision(False, layer, None, None, (), (), why)


def _changes_nothing(attributes: Attributes) -> bool:
    if attributes.path is not None or attributes.verb in _READS:
        return True
    return attributes.group in ("authentication.k8s.io", "authorization.k8s.io")


def _action(attributes: Attributes) -> str:
    if attributes.path is not None:
        return f"{attributes.verb} {attributes.path}"
    group = f".{attributes.group}" if attributes.group else ""
    return f"{attributes.verb} {attributes.resource}{group}" + (
        f"/{attributes.subresource}" if attributes.subresource else ""
    )


def _resource(cluster: str, attributes: Attributes) -> str:
    parts = [cluster, attributes.namespace or "", attributes.name or ""]
    return "/".join(part for part in parts if part)
