"""GitHub's OIDC issuer: one signing key per world, and a foreign key for tokens that must not count.

The surprising thing: a token says the real issuer's name while everything is served on loopback. Who judges it is
handed `jwks()`; nobody fetches a URL that a token names.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from ekswiz.errors import RehearsalError
from ekswiz_sim.seams import Grant

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

Key = Literal["good", "foreign"]

GITHUB = "https://token.actions.githubusercontent.com"
AWS_AUDIENCE = "sts.amazonaws.com"
LIFETIME = 300
"""Seconds that GitHub's tokens are valid after they were issued."""
BACKDATED = 600
"""Seconds by which `nbf` lies before `iat` in GitHub's tokens."""


class Issuer:
    """Mints tokens. Safe to call from any thread.

    Args:
        issuer: The `iss` claim: github.com's issuer, an enterprise's, or a server's.
        base_url: Where `routes` is served, once that is known; grants name it.
    """

    def __init__(self, issuer: str = GITHUB, base_url: str = "") -> None:
        self.issuer = issuer
        self.base_url = base_url
        self._keys: dict[Key, RSAPrivateKey] = {"good": _new_key()}
        self._grants: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def jwks(self) -> Mapping[str, Any]:
        """The public half of the good key, as a JSON Web Key Set."""
        numbers = self._keys["good"].public_key().public_numbers()
        key = {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "e": _base64(_bytes(numbers.e)),
            "n": _base64(_bytes(numbers.n)),
        }
        return {"keys": [{**key, "kid": self._thumbprint.hex().upper(), "x5t": _base64(self._thumbprint)}]}

    def discovery(self) -> Mapping[str, Any]:
        """The OpenID Connect discovery document (OpenID Connect Discovery 1.0, section 3)."""
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/.well-known/jwks",
            "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"],
            "claims_supported": ["sub", "aud", "exp", "iat", "iss", "jti", "nbf", *_CLAIMS],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
        }

    def mint(
        self,
        claims: Mapping[str, Any],
        audience: str = AWS_AUDIENCE,
        key: Key = "good",
        lifetime: int = LIFETIME,
    ) -> str:
        """A signed token with these claims.

        Args:
            claims: Everything that identifies the job; `iss`, `aud` and the times are added.
            audience: The `aud` claim.
            key: "foreign" signs with a key that the key set does not hold, under the good key's id.
            lifetime: Seconds until it expires; a negative number makes one that already has.
        """
        import jwt  # loads cryptography

        now = int(time.time())
        issued = min(now, now + lifetime - LIFETIME)
        times = {"iat": issued, "nbf": issued - BACKDATED, "exp": now + lifetime}
        body = {"jti": str(uuid.uuid4()), **claims, "iss": self.issuer, "aud": audience, **times}
        headers = {"typ": "JWT", "kid": self._thumbprint.hex().upper(), "x5t": _base64(self._thumbprint)}
        return jwt.encode(body, self._key(key), algorithm="RS256", headers=headers)

    def grant(self, claims: Mapping[str, Any]) -> Grant:
        """Let one job ask for tokens with these claims, until `revoke`.

        Raises:
            RehearsalError: The issuer is not served yet.
        """
        if not self.base_url:
            raise RehearsalError("the token issuer is not served yet.")
        job, token = str(uuid.uuid4()), secrets.token_urlsafe(48)
        self._grants[token] = (job, dict(claims))
        return Grant(f"{self.base_url}{token_path(job)}?api-version=2.0", token)

    def revoke(self, grant: Grant) -> None:
        """The job is over: its bearer gets nothing any more."""
        self._grants.pop(grant.token, None)

    def redeem(self, bearer: str, job: str, audience: str = "") -> str | None:
        """A token for the bearer of a grant, if it is the grant of this job; None otherwise.

        Without an audience GitHub takes the owner's URL.
        """
        granted = self._grants.get(bearer)
        if granted is None or not secrets.compare_digest(granted[0], job):
            return None
        claims = granted[1]
        return self.mint(claims, audience or f"https://github.com/{claims.get('repository_owner', '')}")

    @functools.cached_property
    def _thumbprint(self) -> bytes:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self._keys["good"].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha1(public, usedforsecurity=False).digest()

    def _key(self, name: Key) -> RSAPrivateKey:
        # The foreign key is made when first needed: most rehearsals start faster without it.
        return self._keys.setdefault(name, _new_key()) if name not in self._keys else self._keys[name]


def token_path(job: str) -> str:
    """Path of a job's token endpoint."""
    return f"/_apis/pipelines/jobs/{job}/idtoken"


_CLAIMS = (
    "actor",
    "actor_id",
    "base_ref",
    "check_run_id",
    "environment",
    "event_name",
    "head_ref",
    "job_workflow_ref",
    "job_workflow_sha",
    "ref",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "run_attempt",
    "run_id",
    "run_number",
    "runner_environment",
    "sha",
    "workflow",
    "workflow_ref",
    "workflow_sha",
)


def _new_key() -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
