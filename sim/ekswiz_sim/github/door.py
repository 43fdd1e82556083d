"""What every REST call goes through: who asks, which repository is meant, and GitHub's own words for a refusal."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ekswiz_sim.github.state import RepositoryState

DOCUMENTATION = "https://docs.github.com/rest"
REPOSITORY = "/repos/{owner}/{name}"
PER_PAGE, MOST_PER_PAGE = 30, 100

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = Callable[["Call"], web.StreamResponse]


class Refusal(Exception):
    """An answer that is no success. `errors` are what is wrong with single fields."""

    def __init__(self, status: int, message: str, *errors: Mapping[str, Any] | str, rights: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.rights = rights


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the repository's state, the request's path, query and JSON, and where the API is."""

    state: RepositoryState
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    base: str
    body: Mapping[str, Any] = field(default_factory=dict)

    def need(self, right: str, level: str = "write") -> None:
        """The token must have this right.

        Raises:
            Refusal: It has not.
        """
        if right not in self.state.rights:
            raise Refusal(403, "Resource not accessible by personal access token", rights=f"{right}={level}")

    def text(self, name: str, default: str | None = None) -> str:
        """A text of the body.

        Raises:
            Refusal: It is not there, or is no text.
        """
        value = self.body.get(name, default)
        if not isinstance(value, str):
            shown = "wasn't supplied" if name not in self.body else "is not a string"
            raise Refusal(422, f"Invalid request.\n\n{json.dumps(name)} {shown}.")
        return value

    def page(self, items: list[Any]) -> list[Any]:
        """The part of a listing that was asked for."""
        size = min(MOST_PER_PAGE, int(self.query.get("per_page", PER_PAGE)))
        first = (int(self.query.get("page", 1)) - 1) * size
        return items[first : first + size]


@dataclass(frozen=True, slots=True)
class Door:
    """The repositories that there are, by name in lower case, and the token that is accepted."""

    states: Mapping[str, RepositoryState]
    token: str

    def opened(self, answer: Answer, *, public: bool = False) -> Handler:
        """A handler of one call about a repository. `public` calls need no sign-in where the repository is public."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return answer(await self._call(request, public=public))
            except Refusal as refusal:
                return problem(refusal)

        return handle

    async def _call(self, request: web.Request, *, public: bool) -> Call:
        # GitHub finds a repository whatever the case of the question, and answers with the canonical names.
        found = self.states.get(f"{request.match_info['owner']}/{request.match_info['name']}".lower())
        allowed = self._authorized(request)
        if allowed is False:
            raise Refusal(401, "Bad credentials")
        hidden = found is not None and found.repository.visibility != "public"
        if allowed is None and not public:
            raise Refusal(401, "Requires authentication")
        if found is None or (hidden and not allowed):
            raise Refusal(404, "Not Found")
        base = f"{request.scheme}://{request.host}"
        return Call(found, request.match_info, request.query, request.headers, base, await _json(request))

    def _authorized(self, request: web.Request) -> bool | None:
        """Whether the request's credentials are right; None if it has none."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        right = hmac.compare_digest(given.encode(), self.token.encode())
        return bool(self.token) and scheme.lower() in ("bearer", "token") and right


def problem(refusal: Refusal) -> web.Response:
    """GitHub's document for what it refuses."""
    body: dict[str, Any] = {
        "message": refusal.message, "documentation_url": DOCUMENTATION, "status": str(refusal.status),
    }  # fmt: skip
    if refusal.errors:
        body["errors"] = list(refusal.errors)
    headers = {"X-Accepted-GitHub-Permissions": refusal.rights} if refusal.rights else {}
    return web.json_response(body, status=refusal.status, headers=headers)


def nothing() -> web.Response:
    """Success without a body."""
    return web.Response(status=204)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the server itself refuses, in GitHub's form."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        missing = error.status == web.HTTPNotFound.status_code
        return problem(Refusal(error.status, "Not Found" if missing else error.reason))


async def _json(request: web.Request) -> Mapping[str, Any]:
    content = await request.read()
    if not content:
        return {}
    try:
        found = json.loads(content)
    except ValueError:
        raise Refusal(400, "Problems parsing JSON") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Refusal(400, "Body should be a JSON object")
    return found
