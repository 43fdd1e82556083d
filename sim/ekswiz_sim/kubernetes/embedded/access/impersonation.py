"""`Impersonate-*` headers: acting as somebody else, for those who may impersonate each name, group, uid and extra.

Source: https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from urllib.parse import unquote

from multidict import CIMultiDictProxy

from ekswiz_sim.kubernetes.embedded.access import rbac
from ekswiz_sim.kubernetes.embedded.access.rbac import Attributes, Grant
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.embedded.seams import User
from ekswiz_sim.kubernetes.embedded.store import Store

PREFIX = "impersonate-"
_USER, _GROUP, _UID, _EXTRA = "Impersonate-User", "Impersonate-Group", "Impersonate-Uid", "impersonate-extra-"
_ACCOUNT = "system:serviceaccount:"
_AUTHENTICATION = "authentication.k8s.io"
_KNOWN = (_USER.lower(), _GROUP.lower(), _UID.lower())


def requested(headers: CIMultiDictProxy[str]) -> bool:
    """Whether a request asks for it at all."""
    return any(name.lower().startswith(PREFIX) for name in headers)


def within(store: Store) -> Callable[[User, CIMultiDictProxy[str], Sequence[Grant]], Awaitable[User]]:
    """How the front in front of this store asks (see `impersonated`)."""

    async def asked(user: User, headers: CIMultiDictProxy[str], grants: Sequence[Grant]) -> User:
        return impersonated(store, user, headers, grants)

    return asked


def impersonated(store: Store, user: User, headers: CIMultiDictProxy[str], grants: Sequence[Grant] = ()) -> User:
    """The user that the request acts as.

    Raises:
        ApiError: 403 for the first name, group, uid or extra that `user` may not impersonate; 500 for headers without
            a user, as Kubernetes answers that.
    """
    acting = wanted(headers)
    for attributes in needed(acting):
        if not rbac.authorize(store, user, attributes, grants)[0]:
            raise denied(user, attributes)
    return User(acting.name, _groups(acting.name, acting.groups), acting.uid, acting.extra)


def wanted(headers: CIMultiDictProxy[str]) -> User:
    """Whom the headers name, with no group but theirs.

    Raises:
        ApiError: There is no user in them, or a header that nobody knows.
    """
    extra: dict[str, tuple[str, ...]] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower.startswith(_EXTRA):
            key = unquote(lower[len(_EXTRA) :])
            extra[key] = (*extra.get(key, ()), value)
        elif lower.startswith(PREFIX) and lower not in _KNOWN:
            raise ApiError(403, "Forbidden", f"{name} is not modelled by this cluster, so it is refused", {})
    if not headers.get(_USER):
        raise ApiError(500, "InternalError", "requested [] without impersonating a user", {})
    return User(headers[_USER], tuple(headers.getall(_GROUP, [])), headers.get(_UID, ""), tuple(extra.items()))


def needed(acting: User) -> Iterator[Attributes]:
    """What somebody has to be allowed to act so."""
    namespace, _, account = acting.name.removeprefix(_ACCOUNT).partition(":")
    if acting.name.startswith(_ACCOUNT) and account:
        yield Attributes("impersonate", resource="serviceaccounts", namespace=namespace, name=account)
    else:
        yield Attributes("impersonate", resource="users", name=acting.name)
    for group in acting.groups:
        yield Attributes("impersonate", resource="groups", name=group)
    if acting.uid:
        yield Attributes("impersonate", _AUTHENTICATION, "uids", name=acting.uid)
    for key, values in acting.extra:
        for value in values:
            yield Attributes("impersonate", _AUTHENTICATION, "userextras", key, name=value)


def denied(user: User, attributes: Attributes) -> ApiError:
    """403 in Kubernetes' words."""
    where = f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
    resource = attributes.resource + (f".{attributes.group}" if attributes.group else "")
    text = (
        f'{resource} "{attributes.name}" is forbidden: User "{user.name}" cannot impersonate resource '
        f'"{attributes.full_resource}" in API group "{attributes.group}" {where}'
    )
    details = {"name": attributes.name, "group": attributes.group, "kind": attributes.resource}
    return ApiError(403, "Forbidden", text, {name: value for name, value in details.items() if value})


def _groups(name: str, groups: Sequence[str]) -> tuple[str, ...]:
    """With those that Kubernetes adds by itself."""
    found = list(groups)
    if name.startswith(_ACCOUNT) and not groups:
        namespace = name.removeprefix(_ACCOUNT).partition(":")[0]
        found = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}"]
    if name != "system:anonymous" and "system:authenticated" not in found:
        found.append("system:authenticated")
    return tuple(found)
