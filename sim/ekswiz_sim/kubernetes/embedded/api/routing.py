"""From a URL to what is asked for: kind, namespace, name, subresource and verb."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from ekswiz_sim.kubernetes.embedded.access.rbac import Attributes, Grant
from ekswiz_sim.kubernetes.embedded.api import catalog
from ekswiz_sim.kubernetes.embedded.api.errors import unknown_path
from ekswiz_sim.kubernetes.embedded.seams import User
from ekswiz_sim.kubernetes.embedded.store import Kind

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_TRUE = ("1", "true", "True")
_CORE = 3
_GROUPED = 4


@dataclass(frozen=True, slots=True)
class Route:
    """A resource URL, taken apart. `rest` is what follows `proxy/`."""

    group: str
    version: str
    resource: str
    namespace: str | None
    name: str | None
    subresource: str
    rest: str

    @property
    def kind(self) -> Kind:
        """The kind that the URL means.

        Raises:
            ApiError: 404, it is not served.
        """
        found = catalog.find(self.group, self.version, self.resource)
        if found is None or (self.subresource and self.subresource not in found.subresources):
            raise unknown_path()
        return found


def parse(path: str) -> Route | None:
    """The route of a path; None for one that is no resource (`/version`, discovery...)."""
    parts = [part for part in path.split("/") if part]
    if len(parts) >= _CORE and parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    elif len(parts) >= _GROUPED and parts[0] == "apis":
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = None
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in ("status", "finalize"):  # noqa: PLR2004 - namespaces/NAME/RESOURCE
            rest = rest[2:]
    name = rest[1] if len(rest) > 1 else None
    subresource = rest[2] if len(rest) > 2 else ""  # noqa: PLR2004 - RESOURCE/NAME/SUBRESOURCE
    tail = path.partition(f"/{name}/proxy")[2] if subresource == "proxy" else ""
    return Route(group, version, rest[0], namespace, name, subresource, tail)


def is_true(request: web.Request, name: str) -> bool:
    """Whether a query parameter is set to true."""
    return request.query.get(name, "") in _TRUE


def verb_of(request: web.Request, route: Route) -> str:
    """The RBAC verb of a request."""
    if request.method in ("GET", "HEAD"):
        if is_true(request, "watch"):
            return "watch"
        return "get" if route.name else "list"
    if request.method == "DELETE":
        return "delete" if route.name else "deletecollection"
    return _VERBS.get(request.method, request.method.lower())


def attributes(request: web.Request, route: Route | None) -> Attributes:
    """What RBAC judges."""
    if route is None:
        return Attributes(request.method.lower(), path=request.path)
    return Attributes(
        verb_of(request, route),
        route.group,
        route.resource,
        route.subresource,
        route.namespace,
        route.name,
    )


@dataclass(frozen=True, slots=True)
class Call:
    """An authorised request for a kind that is served."""

    request: web.Request
    user: User
    grants: tuple[Grant, ...]
    route: Route
    kind: Kind
    verb: str

    @property
    def namespace(self) -> str | None:
        """Of the object; None for kinds without one."""
        return self.route.namespace if self.kind.namespaced else None

    @property
    def name(self) -> str:
        """Of the object; empty for collections."""
        return self.route.name or ""

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be stored."""
        return bool(self.request.query.getall("dryRun", []))

    @property
    def manager(self) -> str:
        """Who writes, for field management: `fieldManager`, else the program of the User-Agent."""
        named = self.request.query.get("fieldManager")
        return named or self.request.headers.get("User-Agent", "unknown").split("/")[0]
