"""The part of GitHub that answers HTTP: the issuer's documents, the jobs' token endpoint, two REST calls.

Anything else is answered as GitHub answers what it does not have: 404, as JSON.
Source: https://docs.github.com/en/rest/actions/oidc and https://docs.github.com/en/rest/repos/repos
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiohttp import web

from ekswiz_sim.github.events import Repository
from ekswiz_sim.github.issuer import Issuer, token_path

API_VERSION = "2026-03-10"
"""The first version of the REST API that says which form of `sub` a repository has."""
DOCUMENTATION = "https://docs.github.com/rest"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(issuer: Issuer, repositories: Iterable[Repository], token: str = "") -> web.Application:
    """GitHub, ready to be served. `token` is the one that the REST calls accept; none accepts no authorization at all.

    After it is served, set `issuer.base_url` to its URL.
    """
    app = web.Application(middlewares=[_errors_as_json])
    known = {repository.full_name.lower(): repository for repository in repositories}
    app.add_routes([*_issuer_routes(issuer), *_rest_routes(known, token)])
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
            return _problem(401, "The user 'System:PublicAccess' is not authorized to access this resource.")
        return web.json_response({"count": len(token), "value": token})

    return [
        web.get("/.well-known/openid-configuration", discovery),
        web.get("/.well-known/jwks", jwks),
        web.get(token_path("{job}"), idtoken),
    ]


def _rest_routes(known: Mapping[str, Repository], token: str) -> list[web.RouteDef]:
    def find(request: web.Request) -> Repository | None:
        # GitHub finds a repository whatever the case of the question, and answers with the canonical names.
        return known.get(f"{request.match_info['owner']}/{request.match_info['name']}".lower())

    async def repository(request: web.Request) -> web.Response:
        found, allowed = find(request), _authorized(request, token)
        if allowed is False:
            return _problem(401, "Bad credentials")
        if found is None or (found.visibility != "public" and not allowed):
            return _problem(404, "Not Found")
        return web.json_response(_repository(found))

    async def subject(request: web.Request) -> web.Response:
        found, allowed = find(request), _authorized(request, token)
        if not allowed:
            return _problem(401, "Bad credentials" if allowed is False else "Requires authentication")
        if found is None:
            return _problem(404, "Not Found")
        return web.json_response(_subject(found, request.headers.get("X-GitHub-Api-Version", "")))

    return [
        web.get("/repos/{owner}/{name}", repository),
        web.get("/repos/{owner}/{name}/actions/oidc/customization/sub", subject),
    ]


def _authorized(request: web.Request, token: str) -> bool | None:
    """Whether the request's credentials are right; None if it has none."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return None
    return bool(token) and scheme.lower() in ("bearer", "token") and hmac.compare_digest(given.encode(), token.encode())


def _repository(found: Repository) -> dict[str, Any]:
    return {
        "id": int(found.id),
        "name": found.name,
        "full_name": found.full_name,
        "private": found.visibility != "public",
        "visibility": found.visibility,
        "owner": {"login": found.owner, "id": int(found.owner_id), "type": "Organization"},
        "html_url": f"https://github.com/{found.full_name}",
        "default_branch": found.default_branch,
        "created_at": found.created,
        "archived": False,
        "disabled": False,
        "fork": False,
    }


def _subject(found: Repository, version: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"use_default": True, "include_claim_keys": []}
    if version >= API_VERSION:
        answer["use_immutable_subject"] = found.subject == "immutable"
        answer["sub_claim_prefix"] = found.subject_prefix
    return answer


def _problem(status: int, message: str) -> web.Response:
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return web.json_response(body, status=status)


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _problem(error.status, "Not Found" if error.status == web.HTTPNotFound.status_code else error.reason)
