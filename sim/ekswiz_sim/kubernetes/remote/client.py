"""The administrator's own few calls: what the front must know or make in a cluster that is not ours."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.embedded.store import Obj
from ekswiz_sim.kubernetes.remote.admin import Admin

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_DONE = (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND)


class Client:
    """JSON calls as the cluster's administrator. Make it on the loop that uses it, and close it."""

    def __init__(self, admin: Admin, tls: ssl.SSLContext | None = None) -> None:
        self.admin = admin
        self.tls = tls or admin.tls()
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self.tls, limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """End every connection."""
        await self.session.close()

    def url(self, path: str) -> URL:
        """A path with query, exactly as it was written."""
        return URL(self.admin.url + path, encoded=True)

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Obj]:
        """Status and JSON of one call.

        Raises:
            ApiError: 503, the API server cannot be reached; 502, it does not take our certificate.
        """
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        timeout = aiohttp.ClientTimeout(total=READ_SECONDS, sock_connect=CONNECT_SECONDS)
        try:
            async with self.session.request(
                method, self.url(path), data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                said = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable(self.admin, error) from error
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise not_taken()
        try:
            return answer.status, json.loads(said)
        except ValueError:
            return answer.status, {"message": said.decode(errors="replace")}

    async def get(self, path: str) -> Obj:
        """What is there.

        Raises:
            ApiError: It answered with anything but 200.
        """
        status, said = await self.ask("GET", path)
        return self._good(status, said, (HTTPStatus.OK,))

    async def create(self, path: str, body: Mapping[str, Any]) -> None:
        """Make it; it may be there already.

        Raises:
            ApiError: It cannot be made.
        """
        self._good(*await self.ask("POST", path, body), _DONE)

    async def delete(self, path: str) -> None:
        """Remove it; it may be gone already.

        Raises:
            ApiError: It cannot be removed.
        """
        self._good(*await self.ask("DELETE", path), _DONE)

    async def review(self, spec: Mapping[str, Any]) -> bool:
        """Whether RBAC allows what a SubjectAccessReview asks."""
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        said = self._good(*await self.ask("POST", _REVIEWS, body), (HTTPStatus.CREATED, HTTPStatus.OK))
        return bool(said["status"].get("allowed"))

    @staticmethod
    def _good(status: int, said: Obj, wanted: tuple[HTTPStatus, ...]) -> Obj:
        if status not in wanted:
            raise ApiError(status, str(said.get("reason", "")), str(said.get("message", "no answer")))
        return said


def unreachable(admin: Admin, error: BaseException) -> ApiError:
    """503 for a client: what is behind does not answer."""
    why = str(error) or type(error).__name__
    return ApiError(503, "ServiceUnavailable", f"the API server behind {admin.url} cannot be reached: {why}")


def not_taken() -> ApiError:
    """502: never 401, which would tell a client that it is the one who is unknown."""
    return ApiError(502, "InternalError", "the API server does not take the front's own certificate")
