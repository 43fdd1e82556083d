"""The roles that every cluster comes with, and who is bound to them.

Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings, for the resources
that are served here.
"""

from __future__ import annotations

from ekswiz_sim.kubernetes.embedded.access.rbac import MASTERS, Rule
from ekswiz_sim.kubernetes.embedded.api.namespaces import identified
from ekswiz_sim.kubernetes.embedded.kinds import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES
from ekswiz_sim.kubernetes.embedded.store import Store

_GROUP = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")
_AUTHENTICATED, _EVERYBODY = ("system:authenticated",), ("system:authenticated", "system:unauthenticated")
_DISCOVERY = ("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
              "/version", "/version/")  # fmt: skip
_PUBLIC = ("/healthz", "/livez", "/readyz", "/version", "/version/")


def rule(groups: tuple[str, ...], resources: tuple[str, ...], verbs: tuple[str, ...]) -> Rule:
    """A PolicyRule on resources."""
    return {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}


_CORE_WRITTEN = (
    "configmaps", "events", "persistentvolumeclaims", "replicationcontrollers", "replicationcontrollers/scale",
    "serviceaccounts", "services", "services/proxy",
)  # fmt: skip
_APPS = (
    "daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets",
    "statefulsets/scale",
)  # fmt: skip
VIEW: tuple[Rule, ...] = (
    rule(
        ("",),
        (
            "configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods",
            "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status",
        ),
        _READ,
    ),
    rule(
        ("",),
        (
            "bindings", "events", "limitranges", "namespaces", "namespaces/status", "pods/log", "pods/status",
            "resourcequotas",
        ),
        _READ,
    ),
    rule(("discovery.k8s.io",), ("endpointslices",), _READ),
    rule(("apps",), (*_APPS, "deployments/status", "replicasets/status", "controllerrevisions"), _READ),
    rule(("autoscaling",), ("horizontalpodautoscalers", "horizontalpodautoscalers/status"), _READ),
    rule(("batch",), ("cronjobs", "cronjobs/status", "jobs", "jobs/status"), _READ),
    rule(("networking.k8s.io",), ("ingresses", "ingresses/status", "networkpolicies"), _READ),
    rule(("policy",), ("poddisruptionbudgets", "poddisruptionbudgets/status"), _READ),
)  # fmt: skip
EDIT: tuple[Rule, ...] = (
    rule(("",), ("pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"), _READ),
    rule(("",), ("serviceaccounts",), ("impersonate",)),
    rule(("",), ("pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"), _WRITE),
    rule(("",), ("pods/eviction",), ("create",)),
    rule(("",), (*_CORE_WRITTEN, "secrets"), _WRITE),
    rule(("",), ("serviceaccounts/token",), ("create",)),
    rule(("apps",), (*_APPS, "deployments/rollback"), _WRITE),
    rule(("autoscaling",), ("horizontalpodautoscalers",), _WRITE),
    rule(("batch",), ("cronjobs", "jobs"), _WRITE),
    rule(("networking.k8s.io",), ("ingresses", "networkpolicies"), _WRITE),
    rule(("policy",), ("poddisruptionbudgets",), _WRITE),
    rule(("coordination.k8s.io",), ("leases",), (*_READ, *_WRITE)),
    *VIEW,
)
ADMIN: tuple[Rule, ...] = (
    *EDIT,
    rule((_GROUP,), ("rolebindings", "roles"), (*_READ, *_WRITE)),
    rule(("authorization.k8s.io",), ("localsubjectaccessreviews",), ("create",)),
)
CLUSTER_ADMIN: tuple[Rule, ...] = (
    rule(("*",), ("*",), ("*",)),
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
)
_BASIC_USER: tuple[Rule, ...] = (
    rule(("authorization.k8s.io",), ("selfsubjectaccessreviews", "selfsubjectrulesreviews"), ("create",)),
    rule(("authentication.k8s.io",), ("selfsubjectreviews",), ("create",)),
)

_ROLES: dict[str, tuple[Rule, ...]] = {
    "admin": ADMIN,
    "cluster-admin": CLUSTER_ADMIN,
    "edit": EDIT,
    "system:basic-user": _BASIC_USER,
    "system:discovery": ({"nonResourceURLs": list(_DISCOVERY), "verbs": ["get"]},),
    "system:public-info-viewer": ({"nonResourceURLs": list(_PUBLIC), "verbs": ["get"]},),
    "view": VIEW,
}
_BINDINGS: dict[str, tuple[str, ...]] = {
    "cluster-admin": (MASTERS,),
    "system:basic-user": _AUTHENTICATED,
    "system:discovery": _AUTHENTICATED,
    "system:public-info-viewer": _EVERYBODY,
}
_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_UPDATED = {"rbac.authorization.kubernetes.io/autoupdate": "true"}


def seed(store: Store) -> None:
    """Put the default ClusterRoles and ClusterRoleBindings into a store."""
    for name, rules in _ROLES.items():
        role = identified(CLUSTER_ROLES, name, rules=[dict(one) for one in rules])
        role["metadata"] |= {"labels": dict(_LABELS), "annotations": dict(_UPDATED)}
        store.put(CLUSTER_ROLES, role)
    for name, groups in _BINDINGS.items():
        subjects = [{"apiGroup": _GROUP, "kind": "Group", "name": group} for group in groups]
        reference = {"apiGroup": _GROUP, "kind": "ClusterRole", "name": name}
        binding = identified(CLUSTER_ROLE_BINDINGS, name, roleRef=reference, subjects=subjects)
        binding["metadata"] |= {"labels": dict(_LABELS), "annotations": dict(_UPDATED)}
        store.put(CLUSTER_ROLE_BINDINGS, binding)
