"""The rules behind EKS's access policies, as ClusterRole rules.

Surprising: Edit and Admin read and write Secrets, exec into pods and impersonate service accounts.

Source: https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
(one row of a table is one rule).
"""

from __future__ import annotations

import copy
from typing import Any

Rule = dict[str, list[str]]

READ = ("get", "list", "watch")
WRITE = ("create", "delete", "deletecollection", "patch", "update")
PREFIX = "cluster-access-policy/"


def _rule(group: str, resources: str, verbs: tuple[str, ...]) -> Rule:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": list(verbs)}


_VIEW: tuple[Rule, ...] = (
    _rule(
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets"
        " replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
        READ,
    ),
    _rule("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status", READ),
    _rule("batch", "cronjobs cronjobs/status jobs jobs/status", READ),
    _rule("discovery.k8s.io", "endpointslices", READ),
    _rule(
        "extensions",
        "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status"
        " networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale",
        READ,
    ),
    _rule("networking.k8s.io", "ingresses ingresses/status networkpolicies", READ),
    _rule("policy", "poddisruptionbudgets poddisruptionbudgets/status", READ),
    _rule(
        "",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers"
        " replicationcontrollers/scale serviceaccounts services services/status",
        READ,
    ),
    _rule(
        "",
        "bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status"
        " resourcequotas resourcequotas/status",
        READ,
    ),
    _rule("", "namespaces", READ),
)

_EDIT: tuple[Rule, ...] = (
    *_VIEW,
    _rule(
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets"
        " statefulsets/scale",
        WRITE,
    ),
    _rule("autoscaling", "horizontalpodautoscalers", WRITE),
    _rule("batch", "cronjobs jobs", WRITE),
    _rule(
        "extensions",
        "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets"
        " replicasets/scale replicationcontrollers/scale",
        WRITE,
    ),
    _rule("networking.k8s.io", "ingresses networkpolicies", WRITE),
    _rule("policy", "poddisruptionbudgets", WRITE),
    _rule("", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy", READ),
    _rule(
        "",
        "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets"
        " serviceaccounts services services/proxy",
        WRITE,
    ),
    _rule("", "pods pods/attach pods/exec pods/portforward pods/proxy", WRITE),
    _rule("", "serviceaccounts", ("impersonate",)),
)

_ADMIN: tuple[Rule, ...] = (
    *_EDIT,
    _rule("authorization.k8s.io", "localsubjectaccessreviews", ("create",)),
    _rule("rbac.authorization.k8s.io", "rolebindings roles", (*READ, *WRITE)),
)

_EVERYTHING: Rule = {"nonResourceURLs": ["*"], "verbs": ["*"]}

RULES: dict[str, tuple[Rule, ...]] = {
    "AmazonEKSClusterAdminPolicy": (_rule("*", "*", ("*",)), _EVERYTHING),
    "AmazonEKSAdminPolicy": _ADMIN,
    "AmazonEKSEditPolicy": _EDIT,
    "AmazonEKSViewPolicy": _VIEW,
    "AmazonEKSAdminViewPolicy": (_rule("*", "*", READ),),
}
"""Policies whose rules AWS documents in full and that an access entry of type STANDARD takes."""


def policy_arn(name: str, partition: str = "aws") -> str:
    """The ARN of an access policy; it has neither region nor account."""
    return f"arn:{partition}:eks::aws:{PREFIX}{name}"


def is_known(arn: str) -> bool:
    """Whether the ARN names a policy of this module."""
    return _name(arn) in RULES


def rules_for(policy_arn: str) -> list[dict[str, Any]]:
    """The policy's rules in the form of a ClusterRole's `rules`; a copy that the caller may keep.

    Raises:
        KeyError: No such policy here. Callers must refuse, never assume.
    """
    return [copy.deepcopy(rule) for rule in RULES[_name(policy_arn)]]


def _name(arn: str) -> str:
    prefix, found, name = arn.partition(f":eks::aws:{PREFIX}")
    return name if found and prefix.startswith("arn:aws") and ":" not in prefix[len("arn:") :] else ""
