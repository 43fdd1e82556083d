"""Headers between a client, the front and the API server behind: whose request it is, and what stays on its hop.

Source of the impersonation headers: https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from multidict import CIMultiDict, CIMultiDictProxy

from ekswiz_sim.kubernetes.embedded.seams import User

USER, GROUP, UID = "Impersonate-User", "Impersonate-Group", "Impersonate-Uid"
EXTRA = "Impersonate-Extra-"
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
_OWN = frozenset({"authorization", "host", "expect"})
"""Meant for the front alone. `Expect` was answered when the body was asked for."""
_IDENTITY = ("impersonate-", "x-remote-")
"""Whoever may say who they are, says it with these: only the front does so."""


def upstream(sent: CIMultiDictProxy[str], user: User, groups: Iterable[str] = ()) -> CIMultiDict[str]:
    """A client's headers as the API server behind gets them: as `user`, with more `groups`."""
    kept = CIMultiDict((name, value) for name, value in sent.items() if _passes(name, sent))
    kept.add(USER, user.name)
    for group in (*user.groups, *groups):
        kept.add(GROUP, group)
    if user.uid:
        kept.add(UID, user.uid)
    for key, values in user.extra:
        for value in values:
            kept.add(EXTRA + _key(key), value)
    return kept


def downstream(answered: CIMultiDictProxy[str] | CIMultiDict[str]) -> CIMultiDict[str]:
    """The API server's headers as the client gets them."""
    named = _named(answered)
    return CIMultiDict(
        (name, value)
        for name, value in answered.items()
        if name.lower() not in HOP_BY_HOP and name.lower() not in named
    )


def _passes(name: str, sent: CIMultiDictProxy[str]) -> bool:
    lower = name.lower()
    return not (lower in HOP_BY_HOP | _OWN | _named(sent) or lower.startswith(_IDENTITY))


def _named(headers: CIMultiDictProxy[str] | CIMultiDict[str]) -> frozenset[str]:
    """What `Connection` says is for this hop."""
    return frozenset(token.strip().lower() for value in headers.getall("Connection", []) for token in value.split(","))


def _key(name: str) -> str:
    """The server reads header names in lower case, and then undoes %XX: what is written so keeps its case."""
    return "".join(f"%{ord(letter):02x}" if letter.isupper() else quote(letter, safe="") for letter in name)
