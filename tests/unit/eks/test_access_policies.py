from __future__ import annotations

import pytest

from ekswiz_sim.aws.access_policies import RULES, policy_arn, rules_for

from .conftest import World


def may(policy: str, verb: str, resource: str, group: str = "") -> bool:
    return any(
        verb in rule["verbs"] and resource in rule.get("resources", []) and group in rule.get("apiGroups", [])
        for rule in rules_for(policy_arn(policy))
    )


@pytest.mark.parametrize(
    ("resource", "group", "verb", "who"),
    [
        ("deployments", "apps", "get", {"View", "Edit", "Admin"}),
        ("deployments", "apps", "patch", {"Edit", "Admin"}),
        ("secrets", "", "get", {"Edit", "Admin"}),
        ("secrets", "", "create", {"Edit", "Admin"}),
        ("pods/exec", "", "create", {"Edit", "Admin"}),
        ("pods/log", "", "get", {"View", "Edit", "Admin"}),
        ("serviceaccounts", "", "impersonate", {"Edit", "Admin"}),
        ("roles", "rbac.authorization.k8s.io", "create", {"Admin"}),
        ("namespaces", "", "create", set()),
        ("nodes", "", "get", set()),
    ],
)
def test_who_may_what(resource: str, group: str, verb: str, who: set[str]) -> None:
    assert {name for name in ("View", "Edit", "Admin") if may(f"AmazonEKS{name}Policy", verb, resource, group)} == who


def test_cluster_wide_policies_use_wildcards() -> None:
    assert may("AmazonEKSClusterAdminPolicy", "*", "*", "*")
    assert {"nonResourceURLs": ["*"], "verbs": ["*"]} in rules_for(policy_arn("AmazonEKSClusterAdminPolicy"))
    assert rules_for(policy_arn("AmazonEKSAdminViewPolicy")) == [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}
    ]


@pytest.mark.parametrize(
    "arn", ["", "AmazonEKSEditPolicy", "arn:aws:iam::aws:policy/AmazonEKSEditPolicy", policy_arn("Other")]
)
def test_an_unknown_policy_has_no_rules(arn: str) -> None:
    with pytest.raises(KeyError):
        rules_for(arn)


def test_rules_are_copies() -> None:
    rules_for(policy_arn("AmazonEKSViewPolicy"))[0]["verbs"].append("delete")
    assert not may("AmazonEKSViewPolicy", "delete", "deployments", "apps")


def test_the_api_lists_them_all(world: World) -> None:
    listed = world.client.list_access_policies()["accessPolicies"]
    assert {each["arn"] for each in listed} == {policy_arn(name) for name in RULES}
