"""Every rule speaks of its bad documents and is silent about the good ones beside them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ekswiz.iam import documents
from ekswiz.iam.grammar import validate_document
from ekswiz.iam.policy import Kind
from ekswiz.lint.catalogue import OF_DOCUMENTS
from ekswiz.lint.finding import Facts
from ekswiz.lint.judge import RULES, guess_kind, lint_document
from ekswiz.operator_policy import operator_policy
from unit.engine.fakes import ANSWERS

from .papers import (
    ACCOUNT,
    CLASSIC,
    ISSUER,
    PROVIDER,
    REPOSITORY,
    SUBJECT,
    allow,
    claims,
    deny,
    like,
    policy,
    resource,
    trust,
)

FACTS = Facts(account=ACCOUNT, repository="acme/app", subject_prefixes=("repo:acme@1/app@2",), immutable=True, ci=True)
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
OTHER = "arn:aws:iam::999999999999:root"
ADMIN = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def assumed(principal: Any, **more: Any) -> dict[str, Any]:
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


Row = tuple[str, Kind, dict[str, Any], dict[str, Any]]
TABLE: list[Row] = [
    ("malformed", "identity", allow(Extra=1), allow()),
    ("old-version", "identity", {**allow(), "Version": "2008-10-17"}, allow()),
    ("old-version", "trust", {"Statement": trust()["Statement"]}, trust()),
    ("contradiction", "identity", allow(Condition={"Null": {"aws:x": "true"}, "StringEquals": {"aws:X": "a"}}),
     allow(Condition={"Null": {"aws:x": "false"}, "StringEquals": {"aws:X": "a"}})),
    ("ip-everywhere", "identity", allow(Condition={"IpAddress": {"aws:SourceIp": ["0.0.0.0/0"]}}),
     allow(Condition={"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}})),
    ("pattern-never-matches", "trust", trust(sub="repo:acme@1/app@2:*"), trust()),
    ("like-without-pattern", "trust", like(SUBJECT), trust()),
    ("everybody", "resource", resource("*"), resource({"AWS": ROOT})),
    ("everybody", "trust", assumed({"AWS": "*"}), assumed({"AWS": ROOT})),
    ("subject-missing", "trust", trust(without="sub job_workflow_ref"), trust(without="sub")),
    ("subject-missing", "trust", trust(claims("StringLike", sub="*"), without="sub job_workflow_ref"), trust()),
    ("subject-any", "trust", like("repo:*"), like("repo:acme@1/app@2:ref:refs/heads/*")),
    ("subject-any", "trust", like("*:ref:refs/heads/main"), trust()),
    ("subject-any", "trust", like("repo:*/app:ref:refs/heads/main"), trust()),
    ("subject-open-owner", "trust", like("repo:acme*"), like("repo:acme/*")),
    ("subject-open-owner", "trust", like("repo:acme@1*/app@2:ref:refs/heads/main"), trust()),
    ("subject-whole-owner", "trust", like("repo:acme/*"), like("repo:acme/app:*")),
    ("subject-open-repository", "trust", like("repo:acme/app*"), like("repo:acme/app:*")),
    ("subject-whole-repository", "trust", like("repo:acme/app:*"), like("repo:acme/app:ref:refs/heads/*")),
    ("subject-open-ref", "trust", like("repo:acme@1/app@2:ref:refs/heads/release-*"), trust()),
    ("subject-pull-request", "trust", trust(sub="repo:acme@1/app@2:pull_request"), trust()),
    ("subject-pull-request", "trust", trust(sub=[SUBJECT, "repo:acme@1/app@2:pull_request"]), trust()),
    ("subject-tag", "trust", trust(sub="repo:acme@1/app@2:ref:refs/tags/v1"), trust()),
    ("subject-never-sent", "trust", trust(sub=SUBJECT + " "), trust()),
    ("subject-never-sent", "trust", trust(sub=f'["{SUBJECT}"]'), trust()),
    ("subject-never-sent", "trust", trust(sub="acme/app:ref:refs/heads/main"), trust()),
    ("subject-never-sent", "trust", trust(sub="repo:acme@1/app@2"), trust()),
    ("subject-never-sent", "trust", trust(sub="repo:acme@1/app@2:refs/heads/main"), trust()),
    ("subject-old-form", "trust", trust(sub=CLASSIC), trust(sub=[CLASSIC, SUBJECT])),
    ("ids-missing", "trust", trust(sub=CLASSIC, without="repository_id"), trust(sub=CLASSIC)),
    ("audience-missing", "trust", trust(without="aud"), trust()),
    ("audience-missing", "trust", trust(claims("StringLike", aud="*"), without="aud"), trust()),
    ("audience-other", "trust", trust(aud=["sts.amazonaws.com", "https://github.com/acme"]), trust()),
    ("not-a-key", "trust", trust(runner_environment="github-hosted"), trust(environment="production")),
    ("any-case", "trust", trust(claims("StringEqualsIgnoreCase", sub=SUBJECT)), trust()),
    ("absent-passes", "trust", trust(claims("ForAllValues:StringEquals", ref="refs/heads/main")), trust()),
    ("absent-passes", "trust", trust(claims("StringEqualsIfExists", ref="refs/heads/main")), trust()),
    ("negated-allow", "trust", trust(claims("StringNotEquals", ref="refs/heads/dev")), trust()),
    ("environment-without-ref", "trust",
     trust(sub="repo:acme@1/app@2:environment:production", without="ref job_workflow_ref"),
     trust(sub="repo:acme@1/app@2:environment:production")),
    ("workflow-open", "trust", trust(without="job_workflow_ref"), trust()),
    ("other-account", "trust", assumed({"AWS": OTHER}),
     assumed({"AWS": OTHER}, Condition={"StringEquals": {"sts:ExternalId": "x"}})),
    ("other-account", "trust", assumed({"AWS": "999999999999"}), assumed({"AWS": ACCOUNT})),
    ("trust-too-long", "trust", trust(sub=[f"{SUBJECT}{number:04}" for number in range(60)]), trust()),
    ("action-everything", "identity", policy(ADMIN), allow()),
    ("action-service", "identity", allow("ecr:*"), allow("ecr:Get*")),
    ("not-action", "identity", policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": REPOSITORY}), allow()),
    ("not-resource", "identity",
     policy({"Effect": "Allow", "Action": "ecr:PutImage", "NotResource": REPOSITORY}), allow()),
    ("resource-everything", "identity", allow(["ecr:PutImage", "ecr:GetAuthorizationToken"], "*"),
     allow("ecr:GetAuthorizationToken", "*")),
    ("pass-any-role", "identity", allow("iam:PassRole", "*"),
     allow("iam:PassRole", "*", Condition={"StringEquals": {"iam:PassedToService": "eks.amazonaws.com"}})),
    ("pass-any-role", "identity", allow("iam:Pass*", f"arn:aws:iam::{ACCOUNT}:role/*"),
     allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/node")),
    ("writes-policies", "identity", allow("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/*"),
     allow("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/app")),
    ("writes-policies", "identity", allow("iam:*", "*"), allow("iam:GetRole", "*")),
    ("opens-cluster", "identity", allow("eks:CreateAccessEntry", "*"), allow("eks:DescribeCluster", "*")),
    ("destroys", "identity", allow("eks:Delete*", "*"), allow("eks:DescribeCluster", "*")),
    ("deny-needs-key", "identity", deny(StringEquals={"aws:PrincipalTag/team": "x"}),
     deny(StringNotEquals={"aws:PrincipalTag/team": "x"})),
    ("deny-needs-key", "identity", deny(Bool={"aws:MultiFactorAuthPresent": "false"}),
     deny(BoolIfExists={"aws:MultiFactorAuthPresent": "false"})),
    ("boundary-open", "boundary", policy(ADMIN), policy(ADMIN, {"Effect": "Deny", "Action": "iam:*", "Resource": "*"})),
    ("boundary-shut", "boundary", policy({**ADMIN, "Effect": "Deny"}), allow()),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "kind", "bad", "good"), TABLE)
def test_a_rule_speaks_of_the_bad_and_not_of_the_good(rule: str, kind: Kind, bad: Any, good: Any) -> None:
    said = [finding for finding in lint_document(bad, kind, "it", FACTS) if finding.rule == rule]
    assert said, lint_document(bad, kind, "it", FACTS)
    assert all(finding.sentence and finding.why and finding.fix and "it" in finding.where for finding in said)
    assert rule not in {finding.rule for finding in lint_document(good, kind, "it", FACTS)}


def test_every_rule_about_documents_has_a_bad_document_here() -> None:
    assert {row[0] for row in TABLE} == {rule.id for rule in OF_DOCUMENTS}
    assert len({rule.id for rule in RULES}) == len(RULES) >= 20
    assert all(rule.why.endswith(".") and rule.fix.endswith(".") for rule in RULES)


def test_the_bad_documents_are_ones_that_iam_would_store() -> None:
    """Grammar is one rule; the others must not lean on it."""
    for rule, kind, bad, good in TABLE:
        assert validate_document(good, kind) == (), rule
        assert (validate_document(bad, kind) == ()) is (rule != "malformed"), rule


def test_only_what_is_known_is_said() -> None:
    unknown = {finding.rule for finding in lint_document(trust(sub=CLASSIC), "trust", "it")}
    assert "subject-old-form" not in unknown
    assert not lint_document(assumed({"AWS": OTHER}), "trust", "it")
    assert "destroys" not in {finding.rule for finding in lint_document(allow("eks:DeleteCluster"), "identity", "it")}


@pytest.mark.parametrize(
    "provider",
    [
        f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}/acme",
        f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.acme.ghe.com",
        f"arn:aws:iam::{ACCOUNT}:oidc-provider/github.acme.example/_services/token",
    ],
)
def test_other_issuers_of_github_are_github(provider: str) -> None:
    held = {finding.rule for finding in lint_document(trust(provider=provider, without="aud"), "trust", "it")}
    assert held == {"audience-missing"}


def test_another_provider_is_none_of_githubs_business() -> None:
    eks = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
    assert not lint_document(trust(provider=eks, without="aud sub"), "trust", "it")


@pytest.mark.parametrize("document", [None, 5, "x", [], {}, {"Statement": 5}, {"Statement": [5, None]},
    {"Statement": {"Condition": [], "Principal": 5, "Action": {"a": 1}, "Effect": []}},
    {"Statement": {"Condition": {"Bool": []}, "Principal": {"AWS": [1, None]}, "NotResource": 5}}])  # fmt: skip
@pytest.mark.parametrize("kind", ["identity", "boundary", "session", "resource", "trust"])
def test_what_is_no_policy_is_malformed_and_nothing_worse(document: Any, kind: Kind) -> None:
    assert "malformed" in {finding.rule for finding in lint_document(document, kind, "it", FACTS)}


WORLDS = {
    "environment": ANSWERS,
    "no environment": dataclasses.replace(ANSWERS, environment=None),
    "classic": dataclasses.replace(ANSWERS, subject="classic"),
    "classic, no environment": dataclasses.replace(ANSWERS, subject="classic", environment=None),
    "edit policy": dataclasses.replace(ANSWERS, rights="edit"),
    "new cluster": dataclasses.replace(ANSWERS, create_cluster=True, cluster="fresh"),
    "auto mode": dataclasses.replace(ANSWERS, create_cluster=True, cluster="fresh", compute="auto"),
}


@pytest.mark.parametrize("name", WORLDS)
def test_nothing_is_found_in_what_ekswiz_writes(name: str) -> None:
    answers = WORLDS[name]
    facts = Facts(answers.account, answers.repository, answers.subject_prefixes, answers.subject == "immutable")
    ci = dataclasses.replace(facts, ci=True)
    written: list[tuple[Any, Kind, Facts]] = [
        (documents.push_trust(answers), "trust", ci),
        (documents.deploy_trust(answers), "trust", ci),
        (documents.push_policy(answers), "identity", ci),
        (documents.deploy_policy(answers), "identity", ci),
        (operator_policy(answers), "identity", facts),
        (operator_policy(answers, adopt=True, self_check=True), "identity", facts),
    ]
    for document, kind, known in written:
        assert lint_document(document, kind, "ours", known) == ()
        assert guess_kind(document) == kind


def test_kinds_are_guessed_by_what_a_document_holds() -> None:
    assert guess_kind(resource({"AWS": ROOT})) == "resource"
    assert guess_kind(assumed({"AWS": ROOT})) == "trust"
    assert guess_kind(None) == "identity"
    assert guess_kind(trust(provider=PROVIDER)) == "trust"
