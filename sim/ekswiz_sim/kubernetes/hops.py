"""Headers that a proxy passes on: all but those of its own hop. Source: RFC 9110 section 7.6.1."""

from __future__ import annotations

from multidict import CIMultiDict, CIMultiDictProxy

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
Headers = CIMultiDictProxy[str] | CIMultiDict[str]


def named(headers: Headers) -> frozenset[str]:
    """What `Connection` says is for this hop, in lower case."""
    return frozenset(token.strip().lower() for value in headers.getall("Connection", []) for token in value.split(","))


def passed_on(headers: Headers, private: frozenset[str] = frozenset()) -> CIMultiDict[str]:
    """A copy without what is for this hop, by its name or by what `Connection` says, and without what is `private`."""
    dropped = HOP_BY_HOP | named(headers) | private
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)
