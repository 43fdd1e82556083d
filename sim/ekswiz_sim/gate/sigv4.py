"""Signature Version 4 as a verifier sees it: who claims to have signed what, and is it true?

The canonical request, the string to sign and the signature come from botocore's own signer, so both sides agree on
every corner of the algorithm; only the choice of headers is the client's, read from `SignedHeaders`.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from ekswiz_sim.gate.wire import Request

ALGORITHM = "AWS4-HMAC-SHA256"
STAMP = "%Y%m%dT%H%M%SZ"
SKEW = 15 * 60
MAX_EXPIRES = 7 * 24 * 3600
_SCOPE_PARTS = 5


class BadSignature(Exception):
    """A request is not signed as it must be. `kind` is looked up per protocol for AWS's code.

    Kinds: missing, incomplete, invalid (no such key), signature, expired (the session), stale (the request).
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says about its signature. `expires` is seconds of life for a presigned URL, else None."""

    access_key: str
    date: str
    region: str
    service: str
    stamp: str
    signed: tuple[str, ...]
    signature: str
    token: str
    expires: int | None


def claim(request: Request) -> Claim:
    """Read the signature's parts from the Authorization header or a presigned query.

    Raises:
        BadSignature: There is none, or it is incomplete.
    """
    authorization = request.header("authorization")
    if authorization:
        return _from_header(request, authorization)
    query = dict(request.queries())
    if "X-Amz-Signature" in query or "X-Amz-Algorithm" in query:
        return _from_query(query)
    raise BadSignature("missing", "Request is missing Authentication Token")


def _from_header(request: Request, authorization: str) -> Claim:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise BadSignature("incomplete", f"Unsupported AWS 'algorithm': '{algorithm}'.")
    parts = dict(piece.strip().partition("=")[::2] for piece in rest.split(","))
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)]
    stamp = request.header("x-amz-date")
    if missing or not stamp:
        sentences = [f"Authorization header requires '{name}' parameter." for name in missing]
        if not stamp:
            sentences.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        raise BadSignature("incomplete", " ".join([*sentences, f"Authorization={algorithm}"]))
    scope = _scope(parts["Credential"])
    token = request.header("x-amz-security-token")
    signed = tuple(parts["SignedHeaders"].split(";"))
    return Claim(*scope, stamp, signed, parts["Signature"], token, None)


def _from_query(query: dict[str, str]) -> Claim:
    names = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
    missing = [f"X-Amz-{name}" for name in names if not query.get(f"X-Amz-{name}")]
    if missing:
        raise BadSignature("incomplete", "AWS query-string parameters must include " + ", ".join(missing) + ".")
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise BadSignature("incomplete", f"Unsupported AWS 'algorithm': '{query['X-Amz-Algorithm']}'.")
    expires = query["X-Amz-Expires"]
    if not re.fullmatch(r"[0-9]{1,6}", expires, re.ASCII) or int(expires) > MAX_EXPIRES:
        raise BadSignature("incomplete", "X-Amz-Expires must be a number between 0 and 604800 seconds.")
    signed = tuple(query["X-Amz-SignedHeaders"].split(";"))
    token = query.get("X-Amz-Security-Token", "")
    scope = _scope(query["X-Amz-Credential"])
    return Claim(*scope, query["X-Amz-Date"], signed, query["X-Amz-Signature"], token, int(expires))


def _scope(credential: str) -> tuple[str, str, str, str]:
    parts = credential.split("/")
    if len(parts) != _SCOPE_PARTS or parts[4] != "aws4_request" or not all(parts):
        raise BadSignature(
            "incomplete",
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{credential}'",
        )
    return parts[0], parts[1], parts[2], parts[3]


def moment(stamp: str) -> float:
    """Epoch seconds of an X-Amz-Date.

    Raises:
        BadSignature: It is not a date of that form.
    """
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        text = f"Date must be in ISO-8601 'basic format'. Got '{stamp}'."
        raise BadSignature("incomplete", text) from None


def check_time(made: Claim, now: float, *, life: int | None = None) -> None:
    """Refuse a request from too long ago or from the future.

    Args:
        made: The request's own word.
        now: Epoch seconds.
        life: Seconds that a presigned URL lives; its own `X-Amz-Expires` by default.

    Raises:
        BadSignature: Stale, not yet current, or its date differs from the credential's.
    """
    at = moment(made.stamp)
    if made.date != made.stamp[:8]:
        text = (
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{made.date}'"
        )
        raise BadSignature("signature", text + f" != '{made.stamp[:8]}', from '{made.stamp}'.")
    span = SKEW if made.expires is None else (made.expires if life is None else life)
    if at > now + SKEW:
        text = f"Signature not yet current: {made.stamp} is still later than {_stamp(now + SKEW)}"
        raise BadSignature("stale", f"{text} ({_stamp(now)} + 15 min.)")
    if at + span < now:
        text = f"Signature expired: {made.stamp} is now earlier than {_stamp(now - span)}"
        raise BadSignature("stale", f"{text} ({_stamp(now)} - {span // 60} min.)")


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(STAMP)


def check_signature(request: Request, made: Claim, secret: str) -> None:
    """Compute the signature again with the key's secret, and compare in constant time.

    Raises:
        BadSignature: Another key, another request, an unsigned header that must be signed, or another body.
    """
    _check_signed_headers(request, made)
    _check_payload(request)
    expected = _signature(request, made, secret)
    if not hmac.compare_digest(expected.encode(), made.signature.encode("utf-8", "replace")):
        raise BadSignature(
            "signature",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        )


def _check_signed_headers(request: Request, made: Claim) -> None:
    if "host" not in made.signed:
        text = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        raise BadSignature("signature", text)
    loose = [name for name in request.headers if name.startswith("x-amz-") and name not in made.signed]
    if loose:
        text = f"'{min(loose)}' must be a 'SignedHeader' in the AWS Authorization."
        raise BadSignature("signature", text)
    if list(made.signed) != sorted(set(made.signed)):
        raise BadSignature("signature", "SignedHeaders must be unique, in lower case and in order.")


def _check_payload(request: Request) -> None:
    stated = request.header("x-amz-content-sha256")
    if stated and not hmac.compare_digest(stated, hashlib.sha256(request.body).hexdigest()):
        raise BadSignature("signature", "The provided 'x-amz-content-sha256' header does not match what was computed.")


def _signature(request: Request, made: Claim, secret: str) -> str:
    from botocore.awsrequest import AWSRequest  # botocore is heavy; the gate loads it with its first call

    query = request.query
    if made.expires is not None:
        query = "&".join(pair for pair in query.split("&") if not pair.startswith("X-Amz-Signature="))
    host = request.header("host")
    url = f"http://{host}{request.path}" + (f"?{query}" if query else "")
    headers = {name: request.headers[name] for name in made.signed if name in request.headers}
    sent = AWSRequest(method=request.method, url=url, headers=headers, data=request.body)
    sent.context["timestamp"] = made.stamp
    signer = _signer(made, secret)
    return str(signer.signature(signer.string_to_sign(sent, signer.canonical_request(sent)), sent))


def _signer(made: Claim, secret: str) -> Any:
    from botocore.credentials import Credentials

    return _verifier()(Credentials(made.access_key, secret), made.service, made.region)


@cache
def _verifier() -> Any:
    from botocore.auth import SigV4Auth

    class Verifier(SigV4Auth):  # type: ignore[misc]  # botocore ships no types
        """botocore's signer, over exactly the headers that the client named."""

        def headers_to_sign(self, request: Any) -> Any:
            return request.headers

    return Verifier


def duplicate(query: str) -> str | None:
    """The first parameter that a query names more than once, whatever its case; None if all are single."""
    seen: set[str] = set()
    for name, _ in parse_qsl(query, keep_blank_values=True):
        if name.lower() in seen:
            return name
        seen.add(name.lower())
    return None
