"""Headers between a client, the front and the API server behind: whose request it is, and what stays on its hop.

Source of the impersonation headers: https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from multidict import CIMultiDict, CIMultiDictProxy

from ekswiz_sim.kubernetes import hops
from ekswiz_sim.kubernetes.embedded.seams import User

USER, GROUP, UID = "Impersonate-User", "Impersonate-Group", "Impersonate-Uid"
EXTRA = "Impersonate-Extra-"
_OWN = frozenset({"authorization", "host", "expect"})
"""Meant for the front alone. `Expect` was answered when the body was asked for."""
_IDENTITY = ("impersonate-", "x-remote-")
"""Whoever may say who they are, says it with these: only the front does so."""


def upstream(sent: CIMultiDictProxy[str], user: User, groups: Iterable[str] = ()) -> CIMultiDict[str]:
    """A client's headers as the API server behind gets them: as `user`, with more `groups`."""
    mine = hops.passed_on(sent, _OWN)
    kept = CIMultiDict((name, value) for name, value in mine.items() if not name.lower().startswith(_IDENTITY))
    kept.add(USER, user.name)
    for group in (*user.groups, *groups):
        kept.add(GROUP, group)
    if user.uid:
        kept.add(UID, user.uid)
    for key, values in user.extra:
        for value in values:
            kept.add(EXTRA + _key(key), value)
    return kept


def _key(name: str) -> str:
    """The server reads header names in lower case, and then undoes %XX: what is written so keeps its case."""
    return "".join(f"%{ord(letter):02x}" if letter.isupper() else quote(letter, safe="") for letter in name)
