"""An EKS bearer token, judged to the letter: a presigned GetCallerIdentity for exactly one cluster.

The URL in the token is never fetched. The cluster's name is put into the signed header `x-k8s-aws-id`, so a token for
another cluster fails as a wrong signature. Base64 must be canonical: no two spellings of one token.
Source: the verifier of kubernetes-sigs/aws-iam-authenticator, pkg/token.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from ekswiz_sim.gate.sigv4 import BadSignature, duplicate
from ekswiz_sim.gate.wire import Request

PREFIX = "k8s-aws-v1."
HEADER = "x-k8s-aws-id"
LIFE = 15 * 60
MAX_TOKEN = 4096
MAX_EXPIRES = 60
_KNOWN = frozenset(
    {
        "Action",
        "Version",
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
    }
)


@dataclass(frozen=True, slots=True)
class Presigned:
    """The request that a token holds, as STS would receive it."""

    request: Request
    query: Mapping[str, str]


def presigned(token: str, cluster: str, url: str) -> Presigned:
    """Take a token apart.

    Args:
        token: With its prefix.
        cluster: The cluster that was asked.
        url: The world's own AWS URL, the only one that a token may name.

    Raises:
        BadSignature: It is not a token of the exact form. The text says where.
    """
    parts = urlsplit(_decoded(token))
    own = urlsplit(url)
    if (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
        raise _malformed(f"unexpected host {parts.scheme}://{parts.netloc[:200]} in pre-signed URL")
    if parts.path != "/" or parts.fragment:
        raise _malformed("unexpected path in pre-signed URL")
    query = _query(parts.query)
    if query.get("Action") != "GetCallerIdentity":
        raise _malformed("unexpected action parameter in pre-signed URL")
    if query.get("Version") != "2011-06-15":
        raise _malformed("unexpected version parameter in pre-signed URL")
    if query.get("X-Amz-SignedHeaders", "") != f"host;{HEADER}":
        raise _malformed(f"client did not sign the {HEADER} header in the pre-signed URL")
    expires = query.get("X-Amz-Expires", "")
    if not re.fullmatch(r"[0-9]{1,4}", expires, re.ASCII) or not 0 <= int(expires) <= MAX_EXPIRES:
        raise _malformed("invalid X-Amz-Expires parameter in pre-signed URL")
    headers = {"host": parts.netloc, HEADER: cluster}
    return Presigned(Request("GET", "/", parts.query, headers, b""), query)


def _malformed(why: str) -> BadSignature:
    return BadSignature("signature", f"input token was not properly formatted: {why}")


def _decoded(token: str) -> str:
    if len(token) > MAX_TOKEN:
        raise _malformed("token is too large")
    if not token.startswith(PREFIX):
        raise _malformed('token is missing expected "k8s-aws-v1." prefix')
    text = token.removeprefix(PREFIX)
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
            raise _malformed("not unpadded base64url")
        url = data.decode("ascii")
    except ValueError:
        raise _malformed("not unpadded base64url") from None
    if not re.fullmatch(r"[\x21-\x7e]+", url):
        raise _malformed("not a URL")
    return url


def _query(text: str) -> Mapping[str, str]:
    doubled = duplicate(text)
    if doubled is not None:
        raise _malformed(f"query parameter with multiple values not supported: {doubled[:100]}")
    query = dict(parse_qsl(text, keep_blank_values=True))
    foreign = sorted(set(query) - _KNOWN)
    if foreign:
        raise _malformed(f"non-whitelisted query parameter {foreign[0][:100]!r}")
    return query
