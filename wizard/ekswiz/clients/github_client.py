"""GitHub's REST API for what ekswiz changes there. The only place that meets githubkit, which is loaded when asked for.

Only githubkit's transport is used: its models are megabytes, and refuse an answer when GitHub adds to it. Retries are
`patience`'s, so that every wait is explained and can be stopped. Source: GitHub REST API, "Getting started".
"""

from __future__ import annotations

import ssl
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ekswiz.clients.github_sign_in import SIGN_IN, SignIn
from ekswiz.errors import Refused, TargetError, Transient

API = "https://api.github.com"
VERSION = "2026-03-10"
"""The first version of the API that says which form of `sub` a repository has."""
TIMEOUT = 30.0
"""Seconds to connect, and between two packets."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub said: its status, headers (names in lower case) and JSON; None where it said nothing."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


class GitHubClient:
    """One place that answers GitHub's REST calls; thread-safe. The token leaves for that place only.

    Args:
        url: Where the API is.
        who: Finds the sign-in when the first call is made.
    """

    def __init__(self, url: str, who: Callable[[], SignIn]) -> None:
        self.url = url.rstrip("/")
        self._who = who
        self._lock = threading.Lock()
        self._made: Any = None
        self.source = ""

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One call, whatever its outcome; `path` begins with a slash and is escaped already.

        Raises:
            Refused: Nobody is signed in, or githubkit is not installed.
            TargetError: The answer is not GitHub's.
            Transient: GitHub does not answer.
        """
        client = self._client()
        from githubkit.exception import RequestError, RequestFailed  # as in `_client`

        headers = {"X-GitHub-Api-Version": VERSION}
        try:
            found = client.request(method, f"{self.url}{path}", json=body, headers=headers)
        except RequestFailed as failed:
            return _answer(failed.response, path)
        except RequestError as error:
            reason = f"{type(error.exc).__name__}: {error.exc}".rstrip(": ")
            raise Transient(f"GitHub does not answer ({reason}).", "Check the network, then try again.") from error
        return _answer(found, path)

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Any:
        try:
            from githubkit import GitHub, TokenAuthStrategy  # an extra, and slow to import
        except ImportError as error:
            raise Refused(
                f"the package for GitHub's API cannot be used ({error}).", "Install it: pip install 'ekswiz[github]'"
            ) from error
        who = self._who()
        if not who.token:
            raise Refused("nobody is signed in to GitHub.", f"Sign in: {SIGN_IN}; or set GITHUB_TOKEN.")
        self.source = who.source
        local = _trusted(self.url)
        return GitHub(
            TokenAuthStrategy(who.token), base_url=self.url, user_agent="ekswiz", timeout=TIMEOUT,
            http_cache=False, auto_retry=False, trust_env=not local, ssl_verify=_tls(local=local),
        )  # fmt: skip


def _trusted(url: str) -> bool:
    """Whether the API is on this machine, where no proxy stands between.

    Raises:
        TargetError: It is neither there nor behind TLS: the token would travel in the open.
    """
    parts = urllib.parse.urlsplit(url)
    local = parts.hostname in LOOPBACK
    if not local and parts.scheme != "https":
        raise TargetError(f"{url} is not behind TLS, and the token would travel in the open.", "Use https.")
    return local


def _tls(*, local: bool) -> ssl.SSLContext:
    """How GitHub proves who it is; made once, since reading the authorities takes longer than a call.

    What is on this machine speaks plain HTTP: there is nobody to trust.
    """
    if local:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    import httpx  # comes with githubkit

    return httpx.create_ssl_context()


def _answer(response: Any, path: str) -> Answer:
    headers = {name.lower(): text for name, text in response.headers.items()}
    if not response.content:
        return Answer(response.status_code, headers)
    try:
        return Answer(response.status_code, headers, response.json())
    except ValueError as error:
        raise TargetError(f"what answers {path} is not GitHub's API.", "Check the proxy.") from error
