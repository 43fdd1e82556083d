"""A registry client over plain http on loopback, for those who push: small, synchronous, without dependencies.

It speaks to nothing but this machine.
"""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from ekswiz_sim.images.reference import on_loopback

TIMEOUT = 60.0
"""Seconds without a byte."""
NOTHING: Mapping[str, str] = {}


class RegistryError(Exception):
    """What the registry, or the way to it, answered; the text is docker's."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def error(self) -> str:
        """The first error as docker prints it: its code in words, then the message."""
        try:
            first = json.loads(self.body)["errors"][0]
            return f"{first['code'].lower().replace('_', ' ')}: {first['message']}"
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            return f"error parsing HTTP {self.status} response body: {self.body[:200]!r}"


class Client:
    """One registry, one login. Keeps its connection; use it from one thread and close it."""

    def __init__(self, host: str, login: tuple[str, str] | None = None) -> None:
        if not on_loopback(host):
            raise RegistryError(f"registry {host} is not on this machine: a rehearsal contacts nothing but loopback")
        self.host = host
        self._connection = http.client.HTTPConnection(host, timeout=TIMEOUT)
        self._login = base64.b64encode(":".join(login).encode()).decode() if login else None

    def request(
        self,
        method: str,
        path: str,
        body: bytes | BinaryIO | None = None,
        headers: Mapping[str, str] = NOTHING,
    ) -> Response:
        """Send one request. A file body needs a Content-Length header.

        Raises:
            RegistryError: The registry cannot be reached.
        """
        sent = {"User-Agent": "docker/27 (ekswiz)", **headers}
        if self._login:
            sent["Authorization"] = f"Basic {self._login}"
        try:
            self._connection.request(method, path, body, sent)
            answer = self._connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise RegistryError(_unreachable(method, self.host, path, error)) from error
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, data)

    def close(self) -> None:
        """Drop the connection."""
        self._connection.close()


def _unreachable(method: str, host: str, path: str, error: Exception) -> str:
    cause = "connect: connection refused" if isinstance(error, ConnectionRefusedError) else str(error) or repr(error)
    return f'{method.capitalize()} "http://{host}{path}": dial tcp {host}: {cause}'
