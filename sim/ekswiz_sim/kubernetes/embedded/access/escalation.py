"""Nobody hands out rights that they do not have: checks on writes to roles and bindings.

Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from ekswiz_sim.kubernetes.embedded.access import rbac
from ekswiz_sim.kubernetes.embedded.access.rbac import Attributes, Grant, Rule
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, forbidden, not_found
from ekswiz_sim.kubernetes.embedded.kinds import CLUSTER_ROLES, ROLES
from ekswiz_sim.kubernetes.embedded.seams import User
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store

_GROUP = "rbac.authorization.k8s.io"


def check(store: Store, user: User, grants: Sequence[Grant], kind: Kind, obj: Obj) -> None:
    """Refuse a role with more rights than its writer has, or a binding to one.

    Raises:
        ApiError: 403 with the missing rules.
    """
    namespace = obj["metadata"].get("namespace")
    name = obj["metadata"]["name"]
    if kind.kind in ("Role", "ClusterRole"):
        rules = list(obj.get("rules") or [])
        asked = Attributes("escalate", _GROUP, kind.plural, namespace=namespace, name=name)
    elif kind.kind in ("RoleBinding", "ClusterRoleBinding"):
        ref = obj["roleRef"]
        resource = "clusterroles" if ref["kind"] == "ClusterRole" else "roles"
        asked = Attributes("bind", _GROUP, resource, namespace=namespace, name=ref["name"])
        rules = rbac.role_rules(store, ref, namespace)
    else:
        return
    if rbac.authorize(store, user, asked, grants)[0]:
        return
    if kind.kind.endswith("Binding"):
        _must_exist(store, obj["roleRef"], namespace)
    own = [rule for source in rbac.sources(store, user, namespace, grants) for rule in source.rules]
    missing = [rule for rule in rules if not all(_owned(single, own) for single in _single(rule))]
    if missing:
        raise _refusal(kind, name, user, missing)


def _must_exist(store: Store, ref: Obj, namespace: str | None) -> None:
    # Nobody knows yet what a role that is made later will allow.
    kind = CLUSTER_ROLES if ref["kind"] == "ClusterRole" else ROLES
    if store.get(kind, namespace, ref["name"]) is None:
        raise not_found(kind, ref["name"])


def _single(rule: Rule) -> Iterator[Rule]:
    """The rule taken apart into rules of one verb on one resource."""
    verbs = rule.get("verbs") or []
    for verb, path in itertools.product(verbs, rule.get("nonResourceURLs") or []):
        yield {"verbs": [verb], "nonResourceURLs": [path]}
    names = rule.get("resourceNames") or [None]
    for verb, group, resource, name in itertools.product(
        verbs, rule.get("apiGroups") or [], rule.get("resources") or [], names
    ):
        single: Rule = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
        yield {**single, "resourceNames": [name]} if name else single


def _owned(single: Rule, own: Sequence[Rule]) -> bool:
    verb = single["verbs"][0]
    if "nonResourceURLs" in single:
        wanted = Attributes(verb, path=single["nonResourceURLs"][0])
    else:
        resource, _, subresource = single["resources"][0].partition("/")
        name = (single.get("resourceNames") or [None])[0]
        wanted = Attributes(verb, single["apiGroups"][0], resource, subresource, name=name)
    return any(rbac.covers(rule, wanted) for rule in own)


def _refusal(kind: Kind, name: str, user: User, missing: Sequence[Rule]) -> ApiError:
    groups = " ".join(f'"{group}"' for group in user.groups)
    who = f'user "{user.name}" (groups=[{groups}])'
    lines = "\n".join(_shown(rule) for rule in missing)
    return forbidden(kind, name, f"{who} is attempting to grant RBAC permissions not currently held:\n{lines}")


def _shown(rule: Rule) -> str:
    parts = []
    for key, title in (
        ("nonResourceURLs", "NonResourceURLs"),
        ("apiGroups", "APIGroups"),
        ("resources", "Resources"),
        ("resourceNames", "ResourceNames"),
        ("verbs", "Verbs"),
    ):
        if rule.get(key):
            parts.append(f"{title}:[" + " ".join(f'"{value}"' for value in rule[key]) + "]")
    return "{" + ", ".join(parts) + "}"
