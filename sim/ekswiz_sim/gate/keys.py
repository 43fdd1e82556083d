"""Access keys: the world's root key, IAM users' keys (kept by IAM itself) and the sessions that STS hands out."""

from __future__ import annotations

import base64
import hmac
import secrets
import string
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.gate.sigv4 import BadSignature
from ekswiz_sim.seams import Principal

_ALPHABET = string.ascii_uppercase + "234567"
_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A long-term key. Secrets stay out of every repr, and so out of logs and tracebacks."""

    access_key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials. `expires` is in epoch seconds."""

    access_key: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expires: float
    principal: Principal


@dataclass(frozen=True, slots=True)
class Session:
    """What the gate remembers of a session: its credentials, session policies and extra condition keys."""

    credentials: Credentials
    policies: tuple[Mapping[str, Any], ...] = ()
    issued: float = 0.0
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that was found: its secret, and whose it is."""

    secret: str = field(repr=False)
    principal: Principal


def identifier(prefix: str, length: int = 20) -> str:
    """A made-up AWS identifier such as AKIA… or ASIA… of that length."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length - len(prefix)))


def secret_key() -> str:
    """A made-up secret access key of 40 characters."""
    return base64.b64encode(secrets.token_bytes(30)).decode()


def session_token() -> str:
    """A made-up session token."""
    return "IQoJb3JpZ2luX2Vj" + base64.b64encode(secrets.token_bytes(120)).decode()


class Keyring:
    """Finds the secret and the principal behind an access key."""

    def __init__(self, backend: MotoBackend) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self.root = AccessKey(identifier("AKIA"), secret_key())

    def add(self, session: Session) -> None:
        """Remember a session that STS made."""
        with self._lock:
            self._sessions[session.credentials.access_key] = session

    def session(self, access_key: str) -> Session | None:
        """The session of a temporary key, expired or not."""
        with self._lock:
            return self._sessions.get(access_key)

    def find(self, access_key: str, token: str, now: float) -> Key:
        """The key's secret and its principal.

        Raises:
            BadSignature: "invalid" for no such key, an inactive one or the wrong session token; "expired".
        """
        if hmac.compare_digest(access_key.encode(), self.root.access_key.encode()) and not token:
            return Key(self.root.secret, self.root_principal())
        session = self.session(access_key)
        if session is not None:
            return self._temporary(session, token, now)
        found = None if token else self._user(access_key)
        if found is None:
            raise BadSignature("invalid", _INVALID)
        return found

    def root_principal(self) -> Principal:
        """The account's root user."""
        account = self._backend.account
        arn = f"arn:{self._backend.partition}:iam::{account}:root"
        return Principal(arn, account, "root", "root", account, access_key=self.root.access_key)

    def _temporary(self, session: Session, token: str, now: float) -> Key:
        given = session.credentials
        if not hmac.compare_digest(given.token.encode(), token.encode("utf-8", "replace")):
            raise BadSignature("invalid", _INVALID)
        if given.expires <= now:
            raise BadSignature("expired", _EXPIRED)
        with self._backend.lock:
            if self._backend.iam.roles.get(given.principal.unique_id) is None:
                raise BadSignature("invalid", _INVALID)
        return Key(given.secret, given.principal)

    def _user(self, access_key: str) -> Key | None:
        with self._backend.lock:
            iam = self._backend.iam
            key = iam.access_keys.get(access_key)
            user = iam.users.get(key.user_name) if key is not None else None
            if user is None or key.status != "Active":
                return None
            tags = {tag["Key"]: tag["Value"] for tag in user.tags or ()}
            name, secret = user.name, key.secret_access_key
            principal = Principal(user.arn, self._backend.account, "user", name, user.id, None, None, access_key, tags)
        return Key(secret, principal)
