"""The registry as a web application: OCI distribution version 2 over plain http on loopback.

Every request needs a login that ECR handed out, and is judged as the ECR action that it stands for.
Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from ekswiz_sim.aws.ecr import Ecr
from ekswiz_sim.registry.contents import Contents
from ekswiz_sim.registry.door import Door
from ekswiz_sim.registry.errors import OciError
from ekswiz_sim.registry.storage import Storage
from ekswiz_sim.registry.uploads import Uploads
from ekswiz_sim.seams import Gatekeeper, Principal

Handler = Callable[[web.Request, Principal], Awaitable[web.StreamResponse]]
NAME = "{name:.+}"


def app(storage: Storage, gatekeeper: Gatekeeper, ecr: Ecr) -> web.Application:
    """The registry of one account and region (those of `ecr`), to be hosted by the world's loop.

    Args:
        storage: Where blobs are; the same object that `ecr` was given.
        gatekeeper: Says who a login is and what they may do.
        ecr: Knows repositories, images and tags.
    """
    door = Door(storage, gatekeeper, ecr)
    uploads = Uploads(door)
    application = web.Application(middlewares=[_answer], client_max_size=0)
    application.router.add_routes(_routes(door, Contents(door), uploads))
    application.cleanup_ctx.append(_closing(uploads))
    return application


def _routes(door: Door, contents: Contents, uploads: Uploads) -> list[web.RouteDef]:
    session = f"/v2/{NAME}/blobs/uploads/{{session}}"
    blob, manifest = f"/v2/{NAME}/blobs/{{digest}}", f"/v2/{NAME}/manifests/{{reference}}"
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/v2/", contents.ping),
        ("POST", f"/v2/{NAME}/blobs/uploads/", uploads.start),
        ("POST", f"/v2/{NAME}/blobs/uploads", uploads.start),
        ("PATCH", session, uploads.patch),
        ("PUT", session, uploads.finish),
        ("GET", session, uploads.status),
        ("DELETE", session, uploads.cancel),
        ("HEAD", blob, contents.head_blob),
        ("GET", blob, contents.get_blob),
        ("HEAD", manifest, contents.get_manifest),
        ("GET", manifest, contents.get_manifest),
        ("PUT", manifest, contents.put_manifest),
        ("GET", f"/v2/{NAME}/tags/list", contents.list_tags),
        ("GET", f"/v2/{NAME}/referrers/{{digest}}", contents.referrers),
        ("*", "/{rest:.*}", contents.refuse),
    ]
    return [
        web.route(method, path, _guarded(door, handler), **({"allow_head": False} if method == "GET" else {}))
        for method, path, handler in table
    ]


def _guarded(door: Door, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def run(request: web.Request) -> web.StreamResponse:
        return await handler(request, door.identify(request))

    return run


@web.middleware
async def _answer(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        response = await handler(request)
    except OciError as error:
        response = error.response()
    response.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
    return response


def _closing(uploads: Uploads) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(_app: web.Application) -> AsyncIterator[None]:
        yield
        uploads.close()

    return context
