"""Role-based access control: may this user do this?

Rules only ever allow; what no rule allows is denied. The reason names the binding that decided, in the words of
Kubernetes' own authorizer, so that `kubectl auth can-i` explains itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ekswiz_sim.kubernetes.embedded.kinds import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES
from ekswiz_sim.kubernetes.embedded.seams import User
from ekswiz_sim.kubernetes.embedded.store import Obj, Store

Rule = dict[str, Any]
"""A PolicyRule: verbs, apiGroups, resources, resourceNames, nonResourceURLs."""

MASTERS = "system:masters"


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is asked for: either a resource, or (with `path`) a URL that is no resource."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str | None = None
    name: str | None = None
    path: str | None = None

    @property
    def full_resource(self) -> str:
        """`pods/log`, as rules and error messages write it."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True, slots=True)
class Grant:
    """Rules that a user has from outside the cluster's RBAC objects, e.g. from an EKS access policy.

    No `namespaces` means the whole cluster. `reason` is what `kubectl auth can-i` shows.
    """

    reason: str
    rules: tuple[Rule, ...]
    namespaces: tuple[str, ...] = ()


def authorize(store: Store, user: User, attributes: Attributes, grants: Sequence[Grant] = ()) -> tuple[bool, str]:
    """Whether `user` may, and by which binding or grant; the reason is empty for a denial."""
    if MASTERS in user.groups:
        return True, ""
    for source in sources(store, user, attributes.namespace, grants):
        if any(covers(rule, attributes) for rule in source.rules):
            return True, source.reason
    return False, ""


def sources(store: Store, user: User, namespace: str | None, grants: Sequence[Grant] = ()) -> Iterator[Grant]:
    """Everything that gives the user rules in this namespace (or, without one, in the whole cluster)."""
    for grant in grants:
        if not grant.namespaces or (namespace and namespace in grant.namespaces):
            yield grant
    for binding in store.all(CLUSTER_ROLE_BINDINGS):
        yield from _bound(store, user, binding, None)
    if namespace:
        for binding in store.all(ROLE_BINDINGS, namespace):
            yield from _bound(store, user, binding, namespace)


def _bound(store: Store, user: User, binding: Obj, namespace: str | None) -> Iterator[Grant]:
    subject = _subject(user, binding)
    if subject is None:
        return
    rules = role_rules(store, binding.get("roleRef") or {}, namespace)
    ref, meta = binding["roleRef"], binding["metadata"]
    name = f"{meta['name']}/{namespace}" if namespace else meta["name"]
    reason = f'RBAC: allowed by {binding["kind"]} "{name}" of {ref["kind"]} "{ref["name"]}" to {subject}'
    yield Grant(reason, tuple(rules))


def role_rules(store: Store, ref: Obj, namespace: str | None) -> list[Rule]:
    """Rules of the Role or ClusterRole that a binding points at; none if it does not exist."""
    if ref.get("kind") == "ClusterRole":
        role = store.get(CLUSTER_ROLES, None, ref.get("name", ""))
    else:
        role = store.get(ROLES, namespace, ref.get("name", ""))
    return list((role or {}).get("rules") or [])


def _subject(user: User, binding: Obj) -> str | None:
    for subject in binding.get("subjects") or []:
        kind, name = subject.get("kind"), subject.get("name", "")
        if kind == "User" and name == user.name:
            return f'User "{name}"'
        if kind == "Group" and name in user.groups:
            return f'Group "{name}"'
        namespace = subject.get("namespace") or binding["metadata"].get("namespace", "")
        if kind == "ServiceAccount" and user.name == f"system:serviceaccount:{namespace}:{name}":
            return f'ServiceAccount "{name}/{namespace}"'
    return None


def covers(rule: Rule, attributes: Attributes) -> bool:
    """Whether one rule allows what is asked for."""
    if not _has(rule.get("verbs"), attributes.verb):
        return False
    if attributes.path is not None:
        return any(_path(pattern, attributes.path) for pattern in rule.get("nonResourceURLs") or [])
    return (
        _has(rule.get("apiGroups"), attributes.group)
        and _resource(rule.get("resources") or [], attributes)
        and _named(rule.get("resourceNames") or [], attributes.name)
    )


def _has(values: Sequence[str] | None, wanted: str) -> bool:
    return values is not None and ("*" in values or wanted in values)


def _resource(patterns: Sequence[str], attributes: Attributes) -> bool:
    wanted = {"*", attributes.full_resource}
    if attributes.subresource:
        wanted.add(f"*/{attributes.subresource}")
    return any(pattern in wanted for pattern in patterns)


def _named(names: Sequence[str], name: str | None) -> bool:
    return not names or (name is not None and name in names)


def _path(pattern: str, path: str) -> bool:
    if pattern in ("*", path):
        return True
    return pattern.endswith("*") and path.startswith(pattern.rstrip("*"))
