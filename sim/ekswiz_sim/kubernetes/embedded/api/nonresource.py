"""URLs that are no resources: health, version, discovery, OpenAPI."""

from __future__ import annotations

import gzip

from aiohttp import web

from ekswiz_sim.kubernetes.embedded.api import catalog, discovery, openapi, replies
from ekswiz_sim.kubernetes.embedded.api.errors import not_allowed, unknown_path
from ekswiz_sim.kubernetes.embedded.store import Obj

HEALTH = ("/healthz", "/livez", "/readyz")
PUBLIC = (*HEALTH, "/version")
_FOREVER = {"Cache-Control": "public, immutable", "Vary": "Accept"}
_JSON = ("application/json", "*/*", "application/*", "")


def answer(request: web.Request) -> web.Response:
    """The answer for a path that was authorised.

    Raises:
        ApiError: 404, 405 or 406.
    """
    if request.method not in ("GET", "HEAD"):
        raise not_allowed()
    path = "/" + request.path.strip("/")
    if path.startswith(HEALTH):
        return _health(path)
    if path == "/version":
        return replies.respond(discovery.version())
    if path in ("/api", "/apis"):
        return _groups(request, path)
    if path.startswith("/openapi/"):
        return _openapi(request, path)
    if path == "/":
        return replies.respond({"paths": ["/api", "/apis", *HEALTH, "/openapi/v2", "/openapi/v3", "/version"]})
    return replies.respond(_group(path))


def _health(path: str) -> web.Response:
    if path not in (*HEALTH, *(f"{one}/ping" for one in HEALTH)):
        raise unknown_path()
    return web.Response(text="ok")


def _groups(request: web.Request, path: str) -> web.Response:
    core = path == "/api"
    if "apidiscovery.k8s.io" in request.headers.get("Accept", "") and "v=v2" in request.headers["Accept"]:
        body = replies.encode(discovery.aggregated(core=core))
        return web.Response(body=body, headers={"Content-Type": discovery.AGGREGATED, "Vary": "Accept"})
    return replies.respond(discovery.core_versions() if core else discovery.group_list())


def _group(path: str) -> Obj:
    name = path.removeprefix("/apis/").removeprefix("/api/")
    served = catalog.groups()
    if name in served and path == f"/{openapi.path_of(name)}":
        return discovery.resource_list(name)
    for group_version in served:
        if "/" in group_version and path == f"/apis/{group_version.rpartition('/')[0]}":
            return {"kind": "APIGroup", "apiVersion": "v1", **discovery.group(group_version)}
    raise unknown_path()


def _openapi(request: web.Request, path: str) -> web.Response:
    if path == "/openapi/v3":
        return replies.respond(openapi.index())
    if path == "/openapi/v2":
        if _reads_json(request):
            return _packed(request, openapi.v2(), {})
        return web.Response(body=openapi.V2_EMPTY, headers={"Content-Type": openapi.V2_PROTOBUF})
    for name in catalog.groups():
        if path == f"/openapi/v3/{openapi.path_of(name)}":
            return _packed(request, openapi.v3(name), {**_FOREVER, "ETag": f'"{openapi.digest(name)}"'})
    raise unknown_path()


def _reads_json(request: web.Request) -> bool:
    accepted = request.headers.get("Accept", "").split(",")
    return any(one.split(";")[0].strip() in _JSON for one in accepted)


def _packed(request: web.Request, body: bytes, headers: dict[str, str]) -> web.Response:
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers = {**headers, "Content-Encoding": "gzip"}
    else:
        body = gzip.decompress(body)
    return web.Response(body=body, headers=headers, content_type="application/json")
