"""The part of GitHub that answers HTTP: the issuer's documents, the jobs' token endpoint, the REST calls we use.

Anything else is answered as GitHub answers what it does not have: 404, as JSON.
Source: https://docs.github.com/en/rest/actions/oidc and https://docs.github.com/en/rest/repos/repos
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from ekswiz_sim.github import code, settings
from ekswiz_sim.github.door import Door, Refusal, errors_as_json, problem
from ekswiz_sim.github.events import Repository
from ekswiz_sim.github.issuer import Issuer, token_path
from ekswiz_sim.github.settings import SUBJECT_VERSION as API_VERSION
from ekswiz_sim.github.state import RepositoryState

__all__ = ["API_VERSION", "application"]


def application(
    issuer: Issuer,
    repositories: Iterable[Repository],
    token: str = "",
    states: Iterable[RepositoryState] = (),
) -> web.Application:
    """GitHub, ready to be served.

    Args:
        issuer: Mints the jobs' tokens. After this is served, set its `base_url` to the URL.
        repositories: Repositories that are just there.
        token: What the REST calls accept; without one they accept no authorization at all.
        states: Repositories that can be changed.
    """
    app = web.Application(middlewares=[errors_as_json])
    known = {each.full_name.lower(): RepositoryState(each, each.default_branch) for each in repositories}
    door = Door(known | {each.repository.full_name.lower(): each for each in states}, token)
    app.add_routes([*_issuer_routes(issuer), *settings.routes(door), *code.routes(door)])
    return app


def _issuer_routes(issuer: Issuer) -> list[web.RouteDef]:
    async def discovery(_: web.Request) -> web.Response:
        return web.json_response(issuer.discovery())

    async def jwks(_: web.Request) -> web.Response:
        return web.json_response(issuer.jwks())

    async def idtoken(request: web.Request) -> web.Response:
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        audience = request.query.get("audience", "")
        token = issuer.redeem(bearer, request.match_info["job"], audience) if scheme.lower() == "bearer" else None
        if token is None:
            return problem(Refusal(401, "The user 'System:PublicAccess' is not authorized to access this resource."))
        return web.json_response({"count": len(token), "value": token})

    return [
        web.get("/.well-known/openid-configuration", discovery),
        web.get("/.well-known/jwks", jwks),
        web.get(token_path("{job}"), idtoken),
    ]
