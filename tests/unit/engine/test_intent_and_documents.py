"""Intent and documents were written apart; here each checks the other, judged by the policy evaluator."""

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from ekswiz import intent
from ekswiz.answers import ISSUER, Answers
from ekswiz.errors import InputError
from ekswiz.iam import documents
from ekswiz.iam.trust import evaluate_trust
from unit.engine.fakes import ANSWERS

WORLDS = {
    "environment": ANSWERS,
    "no environment": dataclasses.replace(ANSWERS, environment=None),
    "classic": dataclasses.replace(ANSWERS, subject="classic"),
    "classic, no environment": dataclasses.replace(ANSWERS, subject="classic", environment=None),
}
ROLES = {"assume-push": documents.push_trust, "assume-deploy": documents.deploy_trust}


def lets_in(trust: Mapping[str, Any], claims: Mapping[str, str], audience: str) -> bool:
    """As STS judges it, with the claims as condition keys."""
    context = {f"{ISSUER}:{name}": [value] for name, value in {**claims, "aud": audience}.items()}
    return evaluate_trust(
        trust,
        principal_type="Federated",
        principal=documents.provider_arn(ANSWERS),
        action="sts:AssumeRoleWithWebIdentity",
        context=context,
    ).allowed


def could_assume(answers: Answers, row: intent.Row, column: str, trust: Mapping[str, Any]) -> bool:
    claims = row.claims_for(column)
    if claims is None or row.key == "foreign" or row.lifetime <= 0:
        return False
    return lets_in(trust, claims, row.audience)


@pytest.mark.parametrize("name", WORLDS)
def test_exactly_the_intended_principals_can_assume_each_role(name: str) -> None:
    answers = WORLDS[name]
    expected = intent.expected(answers)
    got = {
        (row.id, column): "yes" if could_assume(answers, row, column, write(answers)) else "no"
        for row in intent.rows(answers)
        for column, write in ROLES.items()
    }
    assert got == {cell: value for cell, value in expected.items() if cell[1] in ROLES}


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("column", ROLES)
def test_every_condition_keeps_somebody_out_or_repeats_another(name: str, column: str) -> None:
    answers = WORLDS[name]
    whole = ROLES[column](answers)
    expected = intent.expected(answers)
    idle = set()
    for key in whole["Statement"][0]["Condition"]["StringEquals"]:
        trust = copy.deepcopy(whole)
        del trust["Statement"][0]["Condition"]["StringEquals"][key]
        newcomers = [
            row.id
            for row in intent.rows(answers)
            if expected[row.id, column] == "no" and could_assume(answers, row, column, trust)
        ]
        if not newcomers:
            idle.add(key.rpartition(":")[2])
    # Defence in depth: `sub` or `job_workflow_ref` repeat these wherever GitHub mints them.
    repeated = {"repository_id", "repository_owner_id", "environment", "sub", "ref"}
    if answers.subject == "classic":
        repeated -= {"repository_id", "repository_owner_id"}
    assert idle <= repeated
    assert "aud" not in idle
    assert "job_workflow_ref" not in idle


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("column", ROLES)
def test_one_wrong_claim_is_enough_to_be_denied(name: str, column: str) -> None:
    answers = WORLDS[name]
    trust = ROLES[column](answers)
    claims = intent.intended(answers).claims("build" if column == "assume-push" else "deploy")
    assert lets_in(trust, claims, intent.AUDIENCE)
    asked = {key.rpartition(":")[2] for key in trust["Statement"][0]["Condition"]["StringEquals"]} - {"aud"}
    assert len(asked) >= 5
    for claim in asked:
        assert not lets_in(trust, {**claims, claim: claims[claim] + "x"}, intent.AUDIENCE)
        assert not lets_in(trust, {k: v for k, v in claims.items() if k != claim}, intent.AUDIENCE)


@pytest.mark.parametrize("name", WORLDS)
def test_the_two_jobs_cannot_take_each_others_role(name: str) -> None:
    answers = WORLDS[name]
    run = intent.intended(answers)
    push, deploy = documents.push_trust(answers), documents.deploy_trust(answers)
    assert lets_in(push, run.claims("build"), intent.AUDIENCE)
    assert lets_in(deploy, run.claims("deploy"), intent.AUDIENCE)
    assert not lets_in(deploy, run.claims("build"), intent.AUDIENCE)
    assert not lets_in(push, run.claims("deploy"), intent.AUDIENCE)


@pytest.mark.parametrize("name", WORLDS)
def test_the_matrix_is_large_enough_and_complete(name: str) -> None:
    rows, expected = intent.rows(WORLDS[name]), intent.expected(WORLDS[name])
    assert len(rows) >= 16
    assert len({row.id for row in rows}) == len(rows)
    assert len(intent.columns()) == 10
    assert set(expected) == {(r.id, c.id) for r in rows for c in intent.columns()}
    assert sum(value == "no" for value in expected.values()) >= 20
    for row in rows:
        assert (row.build or row.deploy) or row.origin == "none"


@pytest.mark.parametrize("column", ["delete-cluster", "change-iam", "read-secrets", "push-other-repository"])
def test_nobody_is_meant_to_have_these(column: str) -> None:
    for answers in WORLDS.values():
        assert {v for (_, c), v in intent.expected(answers).items() if c == column} == {"no"}


def test_names_that_collide_with_the_probes_still_differ() -> None:
    answers = dataclasses.replace(ANSWERS, branch=intent.OTHER_BRANCH, environment=intent.OTHER_ENVIRONMENT)
    rows = {row.id: row for row in intent.rows(answers)}
    assert (rows["other-branch"].build or {})["ref"] != answers.ref
    assert (rows["other-environment"].deploy or {})["environment"] != answers.environment


def test_names_without_letters_have_no_other_case() -> None:
    answers = dataclasses.replace(ANSWERS, owner="123", repo="456")
    assert "case-variant" not in {row.id for row in intent.rows(answers)}


def test_an_environment_job_says_so_and_names_no_branch_in_sub() -> None:
    claims = intent.intended(ANSWERS).claims("deploy")
    assert claims["sub"] == "repo:acme@123456/payments-api@456789:environment:production"
    assert claims["ref"] == "refs/heads/main"


def test_policies_hold_no_wildcard_but_the_login() -> None:
    for policy in (documents.push_policy(ANSWERS), documents.deploy_policy(ANSWERS)):
        for statement in policy["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert statement["Sid"]
            assert "*" not in "".join(actions)
            assert statement["Resource"] != "*" or actions == ["ecr:GetAuthorizationToken"]


def test_the_deploy_role_may_only_find_its_cluster() -> None:
    (statement,) = documents.deploy_policy(ANSWERS)["Statement"]
    assert statement["Action"] == "eks:DescribeCluster"
    assert statement["Resource"] == "arn:aws:eks:eu-west-1:123456789012:cluster/platform-dev"


def test_the_push_role_has_the_push_set_and_nothing_else() -> None:
    login, push = documents.push_policy(ANSWERS)["Statement"]
    assert login["Action"] == "ecr:GetAuthorizationToken"
    assert set(push["Action"]) == {
        "ecr:BatchCheckLayerAvailability",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
    }


def test_a_trust_policy_over_iams_limit_names_what_to_shorten() -> None:
    longest = dataclasses.replace(
        ANSWERS, subject="classic", environment="e" * 255, branch="b" * 244, repo="r" * 100, owner="o" * 39,
        issuer="token.actions." + "x" * 60 + ".ghe.com",
    )  # fmt: skip
    with pytest.raises(InputError, match="2048") as caught:
        documents.deploy_trust(longest)
    assert caught.value.field == "environment"
    assert "Shorten" in caught.value.remedy
