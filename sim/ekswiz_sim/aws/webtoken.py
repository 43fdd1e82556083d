"""OIDC tokens as STS judges them: form, issuer, key, signature, times, audience; each with STS's own words.

The algorithm is chosen by the issuer's key, never by the token: `none` and a public key used as an HMAC secret are no
algorithms here. Base64 must be canonical, so that no two spellings of one signature exist.
Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ekswiz_sim.seams import ServiceError

Json = Mapping[str, Any]
IssuerKeys = Callable[[str], Json | None]

INVALID = "InvalidIdentityToken"
_NOT_A_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
_NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference "
    "AssumeRoleWithWebIdentity documentation for requirements"
)
_ALGORITHMS: Mapping[str, frozenset[str]] = {
    "RSA": frozenset({"RS256", "RS384", "RS512"}),
    "EC": frozenset({"ES256", "ES384", "ES512"}),
}
_LEEWAY = 5 * 60
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Token:
    """A token that passed. `provider` is its issuer without scheme."""

    provider: str
    subject: str
    audience: str
    claims: Json


def verify(text: str, providers: Mapping[str, Sequence[str]], keys: IssuerKeys, now: float) -> Token:
    """Judge a token.

    Args:
        text: The JWT.
        providers: Registered providers: URL without scheme -> client ids.
        keys: The JWKS of an issuer's URL; None if it cannot be had.
        now: Epoch seconds.

    Raises:
        ServiceError: InvalidIdentityToken or ExpiredTokenException, as STS answers them.
    """
    header, claims = _parts(text)
    provider = _provider(claims, providers)
    _check_signature(text, header, keys(f"https://{provider}"))
    _check_times(claims, now)
    audience = _audience(claims, providers[provider])
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise ServiceError(INVALID, "Missing a required claim: sub")
    return Token(provider, subject, audience, claims)


def _parts(text: str) -> tuple[Json, Json]:
    pieces = text.split(".")
    if len(pieces) != _PARTS:
        raise ServiceError(INVALID, _NOT_A_JWT)
    try:
        raw = [_decoded(piece) for piece in pieces]
        header, claims = json.loads(raw[0]), json.loads(raw[1])
    except ValueError:
        raise ServiceError(INVALID, _NOT_A_JWT) from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise ServiceError(INVALID, _NOT_A_JWT)
    return header, claims


def _decoded(piece: str) -> bytes:
    data = base64.b64decode(piece.encode("ascii") + b"=" * (-len(piece) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != piece:
        raise ValueError("not canonical base64url")
    return data


def _provider(claims: Json, providers: Mapping[str, Sequence[str]]) -> str:
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer:
        raise ServiceError(INVALID, "Missing a required claim: iss")
    url = issuer.partition("://")[2]
    if not issuer.startswith("https://") or url not in providers:
        raise ServiceError(INVALID, f"No OpenIDConnect provider found in your account for {issuer}")
    return url


def _check_signature(text: str, header: Json, jwks: Json | None) -> None:
    from jwt import PyJWK, PyJWS  # PyJWT loads cryptography; only web identity needs it
    from jwt.exceptions import PyJWTError

    key = _key(header, jwks)
    allowed = _ALGORITHMS.get(str(key.get("kty")), frozenset())
    algorithm = header.get("alg")
    if algorithm not in allowed or key.get("alg", algorithm) != algorithm:
        raise ServiceError(INVALID, f"Token signing algorithm {algorithm} is not supported")
    try:
        PyJWS().decode_complete(text, PyJWK(dict(key), algorithm=algorithm), algorithms=[str(algorithm)])
    except PyJWTError:
        raise ServiceError(INVALID, "Token signature invalid") from None


def _key(header: Json, jwks: Json | None) -> Json:
    kid = header.get("kid")
    for key in (jwks or {}).get("keys", ()):
        if kid is not None and key.get("kid") == kid:
            return dict(key)
    raise ServiceError(INVALID, _NO_KEY)


def _number(claims: Json, name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ServiceError(INVALID, _NOT_A_JWT)
    return float(value)


def _check_times(claims: Json, now: float) -> None:
    expires, issued, start = _number(claims, "exp"), _number(claims, "iat"), _number(claims, "nbf")
    if expires is None or issued is None:
        raise ServiceError(INVALID, f"Missing a required claim: {'exp' if expires is None else 'iat'}")
    if now >= expires:
        text = f"Token expired: current date/time {int(now)} must be before the expiration date/time {int(expires)}"
        raise ServiceError("ExpiredTokenException", text)
    if issued > now + _LEEWAY:
        raise ServiceError(INVALID, "Token issued in the future")
    if start is not None and start > now + _LEEWAY:
        text = f"Token not yet valid: current date/time {int(now)} must be after the not-before date/time {int(start)}"
        raise ServiceError(INVALID, text)


def _audience(claims: Json, clients: Sequence[str]) -> str:
    stated = claims.get("aud")
    audiences = stated if isinstance(stated, list) else [stated]
    authorized = claims.get("azp")
    if isinstance(authorized, str) and authorized:
        audiences = [authorized]
    for audience in audiences:
        if isinstance(audience, str) and audience in clients:
            return audience
    raise ServiceError(INVALID, "Incorrect token audience")
