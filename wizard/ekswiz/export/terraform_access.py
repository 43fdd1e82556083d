"""The way into the cluster in Terraform: access entry and access policy, namespace, Role and RoleBinding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ekswiz.export.hcl import Block, Expression
from ekswiz.export.wanted import find, of_kind, there, values
from ekswiz.hand_off.objects import namespace_object, rights_objects
from ekswiz.hand_off.steps import ENTRY_ROLE, tags
from ekswiz.plan import Change, Plan
from ekswiz.resources.tags import labels

CLUSTER = Expression("data.aws_eks_cluster.main.name")
ROLE = Expression("aws_iam_role.deploy.arn")
ROLE_ID = Expression("aws_iam_role.deploy.unique_id")


def entries(plan: Plan) -> Iterator[Block]:
    """The deploy role's access entry, and the access policy on it where the answers ask for one."""
    entry = find(plan, "access_entry.deploy")
    if entry is None:
        return
    after = values(entry)
    name = f"{after['cluster']}:{after['principal_arn']}"
    if there(entry):
        yield _import("aws_eks_access_entry.deploy", name)
    arguments = {
        "cluster_name": CLUSTER,
        "principal_arn": ROLE,
        "kubernetes_groups": after["groups"],
        "type": after["type"],
        "tags": {**tags(entry, plan), ENTRY_ROLE: ROLE_ID},
    }
    yield Block("resource", ("aws_eks_access_entry", "deploy"), arguments, note=_note(entry))
    for change in of_kind(plan, "access_policy"):
        yield from _policy(change, name)


def _policy(change: Change, entry: str) -> Iterator[Block]:
    after = values(change)
    if there(change):
        yield _import("aws_eks_access_policy_association.deploy", f"{entry.replace(':', '#', 1)}#{after['policy']}")
    arguments = {
        "cluster_name": CLUSTER,
        "principal_arn": Expression("aws_eks_access_entry.deploy.principal_arn"),
        "policy_arn": after["policy"],
    }
    scope = Block("access_scope", (), {"type": "namespace", "namespaces": after["namespaces"]})
    yield Block("resource", ("aws_eks_access_policy_association", "deploy"), arguments, (scope,), note=_note(change))


def kubernetes(plan: Plan) -> Iterator[Block]:
    """The namespace and the rights of the deployers in it."""
    namespace = find(plan, "namespace.app")
    if namespace is None:
        return
    yield _provider(plan)
    marks = labels(tags(namespace, plan))
    document = namespace_object(values(namespace), marks)
    if there(namespace):
        yield _import("kubernetes_namespace_v1.app", document["metadata"]["name"])
    yield _object("kubernetes_namespace_v1", "app", document, note=_note(namespace))
    rights = find(plan, "deployer_rbac.deployer")
    if rights is not None:
        yield from _rights(rights, plan)


def _rights(change: Change, plan: Plan) -> Iterator[Block]:
    role, binding = rights_objects(values(change), labels(tags(change, plan)))
    name = f"{role['metadata']['namespace']}/{role['metadata']['name']}"
    rules = tuple(_rule(rule) for rule in role["rules"])
    subjects = tuple(_subject(subject) for subject in binding["subjects"])
    reference = {"api_group": binding["roleRef"]["apiGroup"], "kind": "Role", "name": binding["roleRef"]["name"]}
    if there(change):
        yield _import("kubernetes_role_v1.deployer", name)
    yield _object("kubernetes_role_v1", "deployer", role, rules, note=_note(change))
    if there(change):
        yield _import("kubernetes_role_binding_v1.deployer", name)
    yield _object(
        "kubernetes_role_binding_v1", "deployer", binding, (Block("role_ref", (), reference), *subjects),
    )  # fmt: skip


def _object(kind: str, name: str, document: Mapping[str, Any], more: tuple[Block, ...] = (), note: str = "") -> Block:
    metadata = dict(document["metadata"])
    if "namespace" in metadata:
        metadata["namespace"] = Expression("kubernetes_namespace_v1.app.metadata[0].name")
    return Block("resource", (kind, name), {}, (Block("metadata", (), metadata), *more), note=note)


def _rule(rule: Mapping[str, Any]) -> Block:
    groups = {"api_groups": rule["apiGroups"], "resources": rule["resources"], "verbs": rule["verbs"]}
    return Block("rule", (), groups)


def _subject(subject: Mapping[str, Any]) -> Block:
    return Block("subject", (), {"kind": subject["kind"], "name": subject["name"], "api_group": subject["apiGroup"]})


def _provider(plan: Plan) -> Block:
    """The cluster's API by the same credentials as AWS's, with a token for each run."""
    words = ["eks", "get-token", "--region", plan.region, "--cluster-name", CLUSTER]
    by_token = Block("exec", (), {
        "api_version": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": words,
    })  # fmt: skip
    where = {
        "host": Expression("data.aws_eks_cluster.main.endpoint"),
        "cluster_ca_certificate": Expression("base64decode(data.aws_eks_cluster.main.certificate_authority[0].data)"),
    }
    return Block("provider", ("kubernetes",), where, (by_token,))


def _import(to: str, found: str) -> Block:
    return Block("import", (), {"to": Expression(to), "id": found})


def _note(change: Change) -> str:
    return " ".join(change.why.split())
