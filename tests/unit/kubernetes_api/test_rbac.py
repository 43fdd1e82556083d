from __future__ import annotations

from typing import Any

import pytest

from ekswiz_sim.kubernetes.embedded.access.bootstrap import bootstrap
from ekswiz_sim.kubernetes.embedded.access.rbac import Attributes, Grant, authorize
from ekswiz_sim.kubernetes.embedded.kinds import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES
from ekswiz_sim.kubernetes.embedded.seams import User
from ekswiz_sim.kubernetes.embedded.store import Kind, Store

DEPLOYER = [
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["one"], "verbs": ["get", "update"]},
    {"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["patch"]},
]


def put(store: Store, kind: Kind, name: str, namespace: str | None = None, **parts: Any) -> None:
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    store.put(kind, {"kind": kind.kind, "apiVersion": kind.group_version, "metadata": meta, **parts})


def bind(  # noqa: PLR0917 - a row of a table
    store: Store, kind: Kind, role: str, role_kind: str, subject: dict[str, str], namespace: str | None
) -> None:
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role}
    put(store, kind, f"{role}-bound", namespace, roleRef=ref, subjects=[subject])


@pytest.fixture
def store() -> Store:
    made = Store()
    bootstrap(made)
    put(made, ROLES, "deployer", "web", rules=DEPLOYER)
    bind(made, ROLE_BINDINGS, "deployer", "Role", {"kind": "Group", "name": "deployers"}, "web")
    bind(
        made,
        ROLE_BINDINGS,
        "view",
        "ClusterRole",
        {"kind": "ServiceAccount", "name": "robot", "namespace": "web"},
        "web",
    )
    put(made, CLUSTER_ROLES, "metrics", rules=[{"nonResourceURLs": ["/metrics*"], "verbs": ["get"]}])
    bind(made, CLUSTER_ROLE_BINDINGS, "metrics", "ClusterRole", {"kind": "User", "name": "ann"}, None)
    return made


CI = User("ci", ("deployers", "system:authenticated"))
ROBOT = User("system:serviceaccount:web:robot", ("system:authenticated",))
ANN = User("ann", ("system:authenticated",))
ROOT = User("root", ("system:masters",))
NOBODY = User("system:anonymous", ("system:unauthenticated",))


@pytest.mark.parametrize(
    ("user", "verb", "group", "resource", "namespace", "name", "allowed"),
    [
        (CI, "patch", "apps", "deployments", "web", "x", True),
        (CI, "delete", "apps", "deployments", "web", "x", False),
        (CI, "patch", "", "deployments", "web", "x", False),
        (CI, "patch", "apps", "deployments", "other", "x", False),
        (CI, "get", "apps", "deployments", None, None, False),
        (CI, "get", "", "pods/log", "web", "x", True),
        (CI, "get", "", "pods", "web", "x", False),
        (CI, "get", "", "configmaps", "web", "one", True),
        (CI, "get", "", "configmaps", "web", "two", False),
        (CI, "list", "", "configmaps", "web", None, False),
        (CI, "update", "", "configmaps", "web", None, False),
        (CI, "patch", "apps", "deployments/scale", "web", "x", True),
        (CI, "patch", "apps", "deployments/status", "web", "x", False),
        (CI, "get", "", "secrets", "web", "x", False),
        (CI, "create", "authorization.k8s.io", "selfsubjectaccessreviews", None, None, True),
        (ROBOT, "list", "", "pods", "web", None, True),
        (ROBOT, "list", "", "secrets", "web", None, False),
        (ROBOT, "list", "", "pods", "default", None, False),
        (ANN, "list", "", "pods", "web", None, False),
        (ROOT, "delete", "", "nodes", None, "n", True),
        (NOBODY, "list", "", "pods", "web", None, False),
        (NOBODY, "create", "authorization.k8s.io", "selfsubjectaccessreviews", None, None, False),
    ],
)
def test_resources(  # noqa: PLR0917 - a row of the table above
    store: Store,
    user: User,
    verb: str,
    group: str,
    resource: str,
    namespace: str | None,
    name: str | None,
    allowed: bool,
) -> None:
    plain, _, subresource = resource.partition("/")
    asked = Attributes(verb, group, plain, subresource, namespace, name)
    assert authorize(store, user, asked)[0] is allowed


@pytest.mark.parametrize(
    ("user", "verb", "path", "allowed"),
    [
        (ANN, "get", "/metrics", True),
        (ANN, "get", "/metrics/cadvisor", True),
        (ANN, "post", "/metrics", False),
        (CI, "get", "/metrics", False),
        (CI, "get", "/api", True),
        (CI, "get", "/apis/apps/v1", True),
        (CI, "get", "/openapi/v3", True),
        (CI, "get", "/debug", False),
        (NOBODY, "get", "/healthz", True),
        (NOBODY, "get", "/version", True),
        (NOBODY, "get", "/api", False),
    ],
)
def test_paths(store: Store, user: User, verb: str, path: str, allowed: bool) -> None:
    assert authorize(store, user, Attributes(verb, path=path))[0] is allowed


def test_the_reason_names_the_binding(store: Store) -> None:
    asked = Attributes("get", "apps", "deployments", namespace="web")
    assert authorize(store, CI, asked) == (
        True,
        'RBAC: allowed by RoleBinding "deployer-bound/web" of Role "deployer" to Group "deployers"',
    )
    assert authorize(store, ANN, asked) == (False, "")


def test_a_grant_reaches_only_its_namespaces(store: Store) -> None:
    # given an access policy for one namespace
    rules = ({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},)
    grants = [Grant("EKS Access Policy: x", rules, ("web",))]
    # when secrets are asked for in it, elsewhere, and everywhere
    answers = [
        authorize(store, CI, Attributes("get", "", "secrets", namespace=where), grants)
        for where in ("web", "default", None)
    ]
    # then only the first is allowed, with the grant's reason
    assert answers == [(True, "EKS Access Policy: x"), (False, ""), (False, "")]


def test_a_role_without_binding_or_a_binding_without_role_gives_nothing(store: Store) -> None:
    store.remove(ROLES, "web", "deployer")
    assert authorize(store, CI, Attributes("get", "apps", "deployments", namespace="web")) == (False, "")
