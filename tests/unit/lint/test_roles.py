"""Whole roles: what the guide's role is told, and what other role rules say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ekswiz.lint.finding import Facts, Role, Way
from ekswiz.lint.judge import RULES, lint_role
from ekswiz.lint.role import OF_ROLES
from ekswiz.lint.sarif import sarif

from .papers import ACCOUNT, CLASSIC, PROVIDER, REPOSITORY, allow, claims, policy, trust

AWS = "arn:aws:iam::aws:policy/"
POLICIES = "arn:aws:eks::aws:cluster-access-policy/"
FACTS = Facts(account=ACCOUNT, subject_prefixes=("repo:acme@1/app@2",), immutable=True)
GOOD = Role(f"arn:aws:iam::{ACCOUNT}:role/ci", trust(), {"push": allow()}, audiences={PROVIDER: ("sts.amazonaws.com",)})
GUIDE = Role(
    f"arn:aws:iam::{ACCOUNT}:role/GitHubActionsEKSECRRole",
    trust(claims("StringLike", sub=CLASSIC), without="sub repository_id repository_owner_id ref job_workflow_ref"),
    {"ecr": policy(
        {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": "*"},
        {"Effect": "Allow", "Action": ["ecr:PutImage", "ecr:BatchGetImage"], "Resource": REPOSITORY},
    )},
    {f"{AWS}AmazonEKSClusterPolicy": {}, f"{AWS}AmazonEKSWorkerNodePolicy": {}},
    audiences={PROVIDER: ("sts.amazonaws.com",)},
    ways=(Way("platform", (), ((f"{POLICIES}AmazonEKSClusterAdminPolicy", ()),)),),
)  # fmt: skip


def rules(role: Role) -> list[str]:
    return [finding.rule for finding in lint_role(role, FACTS)]


def test_the_guides_role_gets_its_real_findings() -> None:
    assert set(rules(GUIDE)) == {
        "subject-old-form",
        "like-without-pattern",
        "ids-missing",
        "workflow-open",
        "managed-for-machines",
        "cluster-admin",
        "one-role",
    }
    found = lint_role(GUIDE, FACTS)
    assert [finding.severity for finding in found] == sorted(
        (finding.severity for finding in found), key=["error", "warning", "note"].index
    )
    said = next(finding for finding in found if finding.rule == "subject-old-form")
    assert CLASSIC in said.sentence
    assert "repo:acme@1/app@2" in said.sentence
    assert "nobody gets in" in said.sentence


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("managed-everything", {"managed": {f"{AWS}AdministratorAccess": policy()}}),
        ("managed-for-machines", {"managed": {f"{AWS}AmazonEKSWorkerNodePolicy": policy()}}),
        ("cluster-admin", {"ways": (Way("c", (), ((f"{POLICIES}AmazonEKSClusterAdminPolicy", ()),)),)}),
        ("cluster-wide-access", {"ways": (Way("c", (), ((f"{POLICIES}AmazonEKSEditPolicy", ()),)),)}),
        ("system-masters", {"ways": (Way("c", ("system:masters",)),)}),
        ("one-role", {"ways": (Way("c", ("deployers",)),)}),
        ("long-session", {"session_seconds": 43200}),
        ("provider-audience", {"audiences": {PROVIDER: ()}}),
        ("provider-audience", {"audiences": {PROVIDER: ("https://github.com/acme",)}}),
        ("not-read", {"unread": ("eks:ListAccessEntries: AccessDenied",)}),
        ("action-everything", {"managed": {f"arn:aws:iam::{ACCOUNT}:policy/all": allow("*", "*")}}),
        ("boundary-open", {"boundary": allow("*", "*")}),
        ("destroys", {"inline": {"p": allow("eks:DeleteCluster", f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/c")}}),
    ],
)
def test_a_rule_about_roles(rule: str, change: Mapping[str, Any]) -> None:
    assert rules(GOOD) == []
    alone = {"inline": {}} if "ways" in change and rule != "one-role" else {}
    assert rules(replace(GOOD, **{**alone, **change})) == [rule]


def test_namespaced_access_and_a_pull_role_are_fine() -> None:
    inside = Way("c", ("deployers",), ((f"{POLICIES}AmazonEKSEditPolicy", ("app",)),))
    assert rules(replace(GOOD, inline={}, ways=(inside,))) == []


def test_a_role_of_a_service_may_have_a_services_policies() -> None:
    eks = policy({"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"})
    assert rules(replace(GUIDE, trust=eks)) == []


def test_sarif_names_every_rule_and_every_finding() -> None:
    found = lint_role(GUIDE, FACTS)
    (run,) = sarif(found, ["policies/role.json"], "1.0")["runs"]
    held = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in held] == [rule.id for rule in RULES]
    assert len(run["results"]) == len(found)
    for result, finding in zip(run["results"], found, strict=True):
        assert held[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule
        assert result["level"] in {"error", "warning", "note"}
        assert finding.sentence in result["message"]["text"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "policies/role.json"
    assert "physicalLocation" not in sarif(found, [], "1.0")["runs"][0]["results"][0]["locations"][0]


def test_findings_of_aws_get_a_rule_of_their_own_in_sarif() -> None:
    (finding, *_) = lint_role(GUIDE, FACTS)
    theirs = replace(finding, rule="REDUNDANT_ACTION", source="AWS says")
    (run,) = sarif([theirs], [], "1.0")["runs"]
    assert run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]["id"] == "REDUNDANT_ACTION"
    assert "(AWS says)" in theirs.line()


def test_all_rules_about_roles_are_tried_here() -> None:
    assert len(OF_ROLES) == 9
