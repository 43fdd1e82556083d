"""`Impersonate-*` headers: acting as somebody else, for those whom RBAC lets impersonate each name and group."""

from __future__ import annotations

from collections.abc import Sequence

from multidict import CIMultiDictProxy

from ekswiz_sim.kubernetes.embedded.access import rbac
from ekswiz_sim.kubernetes.embedded.access.rbac import Attributes, Grant
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.embedded.seams import User
from ekswiz_sim.kubernetes.embedded.store import Store

PREFIX = "impersonate-"
_USER, _GROUP, _UID, _EXTRA = "Impersonate-User", "Impersonate-Group", "Impersonate-Uid", "impersonate-extra-"
_ACCOUNT = "system:serviceaccount:"
_KNOWN = (_USER.lower(), _GROUP.lower(), _UID.lower())


def requested(headers: CIMultiDictProxy[str]) -> bool:
    """Whether a request asks for it at all."""
    return any(name.lower().startswith(PREFIX) for name in headers)


def impersonated(store: Store, user: User, headers: CIMultiDictProxy[str], grants: Sequence[Grant] = ()) -> User:
    """The user that the request acts as.

    Raises:
        ApiError: 403 for the first name, group or uid that `user` may not impersonate; 400 for headers without a user.
    """
    name, groups = headers.get(_USER, ""), headers.getall(_GROUP, [])
    _only_known(headers)
    if not name:
        raise ApiError(500, "InternalError", "requested [] without impersonating a user", {})
    asked = [_subject(name)]
    asked += [Attributes("impersonate", resource="groups", name=group) for group in groups]
    if headers.get(_UID):
        asked.append(Attributes("impersonate", "authentication.k8s.io", "uids", name=headers[_UID]))
    for attributes in asked:
        _check(store, user, attributes, grants)
    return User(name, _groups(name, groups), headers.get(_UID, ""))


def _only_known(headers: CIMultiDictProxy[str]) -> None:
    for name in headers:
        lower = name.lower()
        if lower.startswith(PREFIX) and lower not in _KNOWN:
            text = f"{name} is not modelled by this cluster, so it is refused"
            raise ApiError(403, "Forbidden", text, {})


def _subject(name: str) -> Attributes:
    namespace, _, account = name.removeprefix(_ACCOUNT).partition(":")
    if name.startswith(_ACCOUNT) and account:
        return Attributes("impersonate", resource="serviceaccounts", namespace=namespace, name=account)
    return Attributes("impersonate", resource="users", name=name)


def _groups(name: str, groups: Sequence[str]) -> tuple[str, ...]:
    found = list(groups)
    if name.startswith(_ACCOUNT) and not groups:
        namespace = name.removeprefix(_ACCOUNT).partition(":")[0]
        found = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}"]
    if name != "system:anonymous" and "system:authenticated" not in found:
        found.append("system:authenticated")
    return tuple(found)


def _check(store: Store, user: User, attributes: Attributes, grants: Sequence[Grant]) -> None:
    if rbac.authorize(store, user, attributes, grants)[0]:
        return
    where = f' in the namespace "{attributes.namespace}"' if attributes.namespace else " at the cluster scope"
    resource = attributes.resource + (f".{attributes.group}" if attributes.group else "")
    text = (
        f'{resource} "{attributes.name}" is forbidden: User "{user.name}" cannot impersonate resource '
        f'"{attributes.resource}" in API group "{attributes.group}"{where}'
    )
    raise ApiError(403, "Forbidden", text, {"name": attributes.name, "kind": attributes.resource})
