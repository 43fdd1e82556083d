"""Validation of roles and their bindings; texts were compared with those of kube-apiserver 1.36.2."""

from __future__ import annotations

from collections.abc import Iterator

from ekswiz_sim.kubernetes.embedded.api.errors import Cause, invalid, required, unsupported
from ekswiz_sim.kubernetes.embedded.objects.selection import selector
from ekswiz_sim.kubernetes.embedded.store import Obj

_GROUP = "rbac.authorization.k8s.io"
_SUBJECTS = ("ServiceAccount", "User", "Group")


def role(obj: Obj) -> Iterator[Cause]:
    """A Role or a ClusterRole."""
    for index, rule in enumerate(obj.get("rules") or []):
        yield from _rule(rule, f"rules[{index}]", namespaced=obj["kind"] == "Role")
    gathered = obj.get("aggregationRule")
    if gathered is None:
        return
    selectors = gathered.get("clusterRoleSelectors") or []
    at = "aggregationRule.clusterRoleSelectors"
    if not selectors:
        yield required(at, "at least one clusterRoleSelector required if aggregationRule is non-nil")
    for index, one in enumerate(selectors):
        yield from selector(one, f"{at}[{index}]")


def _rule(rule: Obj, at: str, *, namespaced: bool) -> Iterator[Cause]:
    if not rule.get("verbs"):
        yield required(f"{at}.verbs", "verbs must contain at least one value")
    urls = rule.get("nonResourceURLs")
    if urls:
        if namespaced:
            yield invalid(f"{at}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs")
        if any(rule.get(name) for name in ("apiGroups", "resources", "resourceNames")):
            why = "rules cannot apply to both regular resources and non-resource URLs"
            yield invalid(f"{at}.nonResourceURLs", urls, why)
        return
    if not rule.get("apiGroups"):
        yield required(f"{at}.apiGroups", "resource rules must supply at least one api group")
    if not rule.get("resources"):
        yield required(f"{at}.resources", "resource rules must supply at least one resource")


def binding(obj: Obj) -> Iterator[Cause]:
    """A RoleBinding or a ClusterRoleBinding."""
    ref = obj.get("roleRef") or {}
    kinds = ("ClusterRole",) if obj["kind"] == "ClusterRoleBinding" else ("Role", "ClusterRole")
    if ref.get("apiGroup") != _GROUP:
        yield unsupported("roleRef.apiGroup", ref.get("apiGroup", ""), (_GROUP,))
    if ref.get("kind") not in kinds:
        yield unsupported("roleRef.kind", ref.get("kind", ""), kinds)
    for index, subject in enumerate(obj.get("subjects") or []):
        yield from _subject(subject, f"subjects[{index}]", namespaced=obj["kind"] == "RoleBinding")


def _subject(subject: Obj, at: str, *, namespaced: bool) -> Iterator[Cause]:
    kind, group = subject.get("kind"), subject.get("apiGroup") or ""
    if not subject.get("name"):
        yield required(f"{at}.name")
    if kind not in _SUBJECTS:
        yield unsupported(f"{at}.kind", kind or "", _SUBJECTS)
    elif kind == "ServiceAccount":
        if group:
            yield unsupported(f"{at}.apiGroup", group, ("",))
        if not subject.get("namespace") and not namespaced:
            yield required(f"{at}.namespace")
    elif group != _GROUP:
        yield unsupported(f"{at}.apiGroup", group, (_GROUP,))
