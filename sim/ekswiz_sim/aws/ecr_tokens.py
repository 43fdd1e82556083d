"""Registry passwords: who asked for one, and until when it opens the registry."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from ekswiz.iam.decision import Decision
from ekswiz_sim.seams import Principal, RefusedByGate

LIFETIME = 12 * 3600
"""Seconds. Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html"""


@dataclass(frozen=True, slots=True)
class Login:
    """A password that was handed out."""

    principal: Principal
    expires: float


@dataclass(slots=True)
class Logins:
    """Passwords by their hash, so that neither a dump nor a log of this object opens the registry."""

    now: Callable[[], float]
    _known: dict[str, Login] = field(default_factory=dict)

    def issue(self, principal: Principal) -> tuple[str, float]:
        """A new authorization token (base64 of `AWS:<password>`) and when it expires."""
        self._sweep()
        password = secrets.token_urlsafe(48)
        expires = self.now() + LIFETIME
        self._known[_key(password)] = Login(principal, expires)
        return base64.b64encode(f"AWS:{password}".encode()).decode(), expires

    def identity(self, username: str, password: str) -> Principal:
        """Whose password this is.

        Raises:
            RefusedByGate: Not user AWS, unknown or altered password, or expired.
        """
        if username != "AWS":
            raise _refused("username", ("AWS",), (username,), "A registry login is always for the user AWS.")
        login = self._known.get(_key(password))
        if login is None:
            raise _refused("password", (), (), "This registry password was never handed out, or it was altered.")
        if login.expires <= self.now():
            raise RefusedByGate(
                Decision(
                    False, "registry", None, "expiry", (), (), "The registry password is older than twelve hours."
                ),
                code="DENIED",
                message="Your authorization token has expired. Reauthenticate and try again.",
            )
        return login.principal

    def _sweep(self) -> None:
        """Expired logins are kept for one more lifetime: they deserve the answer that says so."""
        limit = self.now() - LIFETIME
        self._known = {key: login for key, login in self._known.items() if login.expires > limit}


def _key(password: str) -> str:
    return hashlib.sha256(password.encode("utf-8", "surrogatepass")).hexdigest()


def _refused(key: str, expected: tuple[str, ...], got: tuple[str, ...], why: str) -> RefusedByGate:
    decision = Decision(False, "registry", None, key, expected, got, why)
    return RefusedByGate(decision, code="UNAUTHORIZED", status=401, message="Not Authorized")
