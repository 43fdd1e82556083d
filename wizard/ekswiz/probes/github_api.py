"""GitHub's REST API, read only, with the sign-in of `gh` or a token in a variable where there is one.

The token goes to the API's own host over TLS (or to loopback) and nowhere else: redirects stay within that host.
Source: GitHub REST API, "Getting started", "Rate limits", "Troubleshooting".
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from email.message import Message
from http.client import HTTPMessage
from typing import IO, Any

from ekswiz.clients.github_sign_in import SIGN_IN, SignIn, sign_in
from ekswiz.errors import TargetError, Transient, Unreadable

__all__ = ["API", "SIGN_IN", "VERSION", "GitHubApi", "SignIn", "sign_in"]

API = "https://api.github.com"
VERSION = "2022-11-28"
TIMEOUT = 10.0
"""Seconds to connect, and between two packets."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LARGEST = 1 << 22
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY, SERVER_ERROR = 401, 403, 404, 429, 500


class GitHubApi:
    """A place that answers GitHub's REST calls; thread-safe."""

    def __init__(self, url: str = API, who: SignIn | None = None) -> None:
        self.url = url.rstrip("/")
        self.who = sign_in(os.environ) if who is None else who
        parts = urllib.parse.urlsplit(self.url)
        local = parts.hostname in LOOPBACK
        self._trusted = parts.scheme == "https" or local
        proxies = [urllib.request.ProxyHandler({})] if local else []
        self._opener = urllib.request.build_opener(*proxies, _SameHost(parts.netloc))

    def get(self, *segments: str, version: str = VERSION) -> dict[str, Any] | None:
        """The document of a path; None where GitHub has none, or does not show it to us (404 means both).

        Raises:
            Unreadable: The token is refused, or may not read this.
            Transient: GitHub does not answer, or allows no more calls for now.
            TargetError: The answer is not GitHub's.
        """
        path = "".join(f"/{urllib.parse.quote(segment, safe='')}" for segment in segments)
        request = urllib.request.Request(self.url + path, headers=self._headers(version))  # noqa: S310 - https or loopback
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return _document(answer.read(LARGEST), path)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == NOT_FOUND:
                    return None
                raise self._refusal(error, path) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Transient(f"GitHub does not answer ({reason}).", "Check the network, then try again.") from error

    def _headers(self, version: str) -> dict[str, str]:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": version, "User-Agent": "ekswiz"}
        if self.who.token and self._trusted:
            headers["Authorization"] = f"Bearer {self.who.token}"
        return headers

    def _refusal(self, error: urllib.error.HTTPError, path: str) -> TargetError:
        said = f"GitHub answers {error.code} to GET {path}: {_message(error)}"
        if error.code in (FORBIDDEN, TOO_MANY) and error.headers.get("X-RateLimit-Remaining") == "0":
            return Transient(
                f"GitHub allows no more calls until {_reset(error.headers)}.",
                f"Wait, or sign in: {SIGN_IN}",
            )
        if error.headers.get("X-GitHub-SSO", "").startswith("required"):
            return Unreadable(f"{said}.", "Let the token pass your organisation's single sign-on: gh auth refresh")
        if error.code == UNAUTHORIZED:
            whose = f" (the token {self.who.source})" if self.who.token else ""
            return Unreadable(f"{said}{whose}.", f"Sign in: {SIGN_IN}")
        if error.code == FORBIDDEN:
            return Unreadable(f"{said}.", "Sign in as somebody who may read this: gh auth login")
        if error.code == TOO_MANY or error.code >= SERVER_ERROR:
            return Transient(f"{said}.", "Try again a little later.")
        return TargetError(f"{said}.", "See whether GitHub is well: https://www.githubstatus.com")


class _SameHost(urllib.request.HTTPRedirectHandler):
    """A repository that was renamed is answered by a redirect; one to another host would take the token along."""

    def __init__(self, host: str) -> None:
        self._host = host

    def redirect_request(  # noqa: PLR0917 - the library's signature
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """Only to the same host."""
        if urllib.parse.urlsplit(newurl).netloc != self._host:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _document(body: bytes, path: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TargetError(f"what answers GET {path} is not GitHub's API.", "Check the proxy.")
    return found


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read(LARGEST))["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return str(error.reason)


def _reset(headers: Message) -> str:
    said = headers.get("X-RateLimit-Reset", "")
    if not said.isdecimal():
        return "later"
    return datetime.fromtimestamp(int(said), UTC).astimezone().strftime("%H:%M")
