"""What the API offers besides stored objects: the reviews, and the verbs of everything, for discovery and OpenAPI."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from ekswiz_sim.kubernetes.embedded.kinds import NAMESPACES, SERVED
from ekswiz_sim.kubernetes.embedded.store import Kind

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_AUTHORIZATION = "authorization.k8s.io"

SELF_SUBJECT_REVIEWS = Kind("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False)
SELF_ACCESS = Kind(_AUTHORIZATION, "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False)
SELF_RULES = Kind(_AUTHORIZATION, "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", namespaced=False)
ACCESS = Kind(_AUTHORIZATION, "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False)
LOCAL_ACCESS = Kind(_AUTHORIZATION, "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview")
REVIEWS = (SELF_SUBJECT_REVIEWS, SELF_ACCESS, SELF_RULES, ACCESS, LOCAL_ACCESS)

WITHOUT_BEHAVIOUR = frozenset({"HorizontalPodAutoscaler", "NetworkPolicy", "PodDisruptionBudget", "Ingress"})
"""Kinds that are stored and shown, while nothing acts on them; every write says so."""

_SUBRESOURCE_VERBS: Mapping[str, tuple[str, ...]] = {
    "log": ("get",),
    "proxy": ("create", "delete", "get", "patch", "update"),
    "exec": ("create", "get"),
}


@functools.cache
def find(group: str, version: str, plural: str) -> Kind | None:
    """The kind behind a URL; None if there is none."""
    for kind in (*SERVED, *REVIEWS):
        if (kind.group, kind.version, kind.plural) == (group, version, plural):
            return kind
    return None


def verbs(kind: Kind) -> tuple[str, ...]:
    """What can be done with a kind."""
    if kind in REVIEWS:
        return ("create",)
    return tuple(verb for verb in VERBS if verb != "deletecollection") if kind == NAMESPACES else VERBS


def subresource_verbs(name: str) -> tuple[str, ...]:
    """What can be done with a subresource."""
    return _SUBRESOURCE_VERBS.get(name, ("get", "patch", "update"))


def groups() -> dict[str, list[Kind]]:
    """All kinds by group version (`v1`, `apps/v1`...)."""
    found: dict[str, list[Kind]] = {}
    for kind in (*SERVED, *REVIEWS):
        found.setdefault(kind.group_version, []).append(kind)
    return found
