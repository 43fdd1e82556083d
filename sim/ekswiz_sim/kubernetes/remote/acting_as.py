"""A client's own `Impersonate-*` headers in front of a cluster that is not ours.

The cluster sees the front's certificate, which may be anybody. So the front asks it first, by a SubjectAccessReview for
each name, whether the *client* may; only then does the request pass on as somebody else, without the client's policies.
"""

from __future__ import annotations

from collections.abc import Sequence

from multidict import CIMultiDictProxy

from ekswiz_sim.kubernetes.embedded.access.impersonation import denied, needed, wanted
from ekswiz_sim.kubernetes.embedded.access.rbac import Attributes
from ekswiz_sim.kubernetes.embedded.seams import User
from ekswiz_sim.kubernetes.remote.client import Client


async def impersonated(client: Client, user: User, groups: Sequence[str], headers: CIMultiDictProxy[str]) -> User:
    """The user that the request acts as, if `user` with these further `groups` may act so.

    Raises:
        ApiError: 403 for the first name, group, uid or extra that they may not; 500 for headers without a user.
    """
    acting = wanted(headers)
    who = {
        "user": user.name,
        "uid": user.uid,
        "groups": [*user.groups, *groups],
        "extra": {key: list(values) for key, values in user.extra},
    }
    for attributes in needed(acting):
        if not await client.review({**who, "resourceAttributes": _spoken(attributes)}):
            raise denied(user, attributes)
    return acting


def _spoken(attributes: Attributes) -> dict[str, str]:
    """As a SubjectAccessReview writes them."""
    spoken = {
        "verb": attributes.verb,
        "group": attributes.group,
        "resource": attributes.resource,
        "subresource": attributes.subresource,
        "namespace": attributes.namespace,
        "name": attributes.name,
    }
    return {name: value for name, value in spoken.items() if value}
