"""The permission check against the simulated AWS: three ways to know, each with its label."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from typing import Any

import pytest

from contract.permission_rounds import Rounds
from ekswiz.operator_policy import operator_policy
from ekswiz.permitted import Permissions
from ekswiz_sim.world import World
from unit.engine.fakes import ANSWERS

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
ROLE = f"arn:aws:iam::{ANSWERS.account}:role/{ANSWERS.push_role}"
READ_OWN = {
    "Effect": "Allow",
    "Action": ["iam:ListUserPolicies", "iam:GetUserPolicy", "iam:ListAttachedUserPolicies", "iam:GetPolicy",
               "iam:GetPolicyVersion", "iam:ListGroupsForUser", "iam:GetUser"],
    "Resource": "*",
}  # fmt: skip
SIMULATE = {"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    world = World.start(ANSWERS, operator_policy(ANSWERS))
    try:
        yield Rounds.in_world(world, ANSWERS, tmp_path_factory.mktemp("rounds"))
    finally:
        world.close()
        gc.collect()


@pytest.fixture
def grant(rounds: Rounds) -> Iterator[Any]:
    iam = rounds.root.aws("iam")

    def give(*statements: Any) -> None:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_user_policy(UserName="operator", PolicyName="extra", PolicyDocument=json.dumps(document))

    yield give
    for name in iam.list_user_policies(UserName="operator")["PolicyNames"]:
        iam.delete_user_policy(UserName="operator", PolicyName=name)


def checked(rounds: Rounds) -> Permissions:
    return rounds.session.permissions(rounds.session.plan(rounds.target), rounds.target)


def test_who_may_ask_the_simulator_hears_what_aws_says(rounds: Rounds, grant: Any) -> None:
    grant(SIMULATE)

    found = checked(rounds)

    total = len(found.verdicts)
    assert found.source == "AWS says"
    assert found.caller == f"arn:aws:iam::{ANSWERS.account}:user/operator"
    assert found.sentence() == f"permissions: {total} of {total} (AWS says)"
    assert {each.need.action for each in found.verdicts} >= {"iam:CreateRole", "iam:TagRole", "eks:TagResource"}


def test_what_is_missing_is_named_with_its_arn(rounds: Rounds, grant: Any) -> None:
    deny = {"Effect": "Deny", "Action": "iam:CreateRole", "Resource": ROLE}
    grant(SIMULATE, deny)

    found = checked(rounds)

    total = len(found.verdicts)
    assert found.sentence() == f"permissions: {total - 1} of {total} (AWS says); missing iam:CreateRole on {ROLE}"
    assert found.missing[0].why == "AWS says: explicitDeny."


def test_who_may_only_read_the_own_policies_gets_a_computed_answer(rounds: Rounds, grant: Any) -> None:
    grant(READ_OWN, {"Effect": "Deny", "Action": "ecr:CreateRepository", "Resource": "*"})

    found = checked(rounds)

    assert found.source == "computed, not tried"
    assert [each.need.action for each in found.missing] == ["ecr:CreateRepository"]
    assert "(computed, not tried); missing ecr:CreateRepository on arn:aws:ecr:" in found.sentence()


def test_who_may_do_neither_is_told_that_it_is_unknown(rounds: Rounds) -> None:
    found = checked(rounds)

    assert found.source == "unknown"
    assert {each.answer for each in found.verdicts} == {"unknown"}
    assert "unknown whether you have them" in found.sentence()
    assert "iam:SimulatePrincipalPolicy: AccessDenied" in found.sentence()


def test_a_condition_that_nobody_can_judge_beforehand_is_unknown_and_not_allowed(rounds: Rounds, grant: Any) -> None:
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    grant(SIMULATE, READ_OWN, {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
                               "Condition": condition})  # fmt: skip
    with rounds.lacking("iam:CreateRole"):
        found = checked(rounds)

    by_action = {each.need.action: each for each in found.verdicts}
    assert by_action["iam:CreateRole"].answer == "unknown"
    assert "aws:multifactorauthpresent" in by_action["iam:CreateRole"].why.lower()


def test_the_root_user_may_everything(rounds: Rounds) -> None:
    found = rounds.session.permissions(rounds.session.plan(rounds.root), rounds.root)

    assert {each.answer for each in found.verdicts} == {"allowed"}


def test_the_simulator_and_the_gate_give_the_same_answer(rounds: Rounds, grant: Any) -> None:
    grant(SIMULATE)
    for action in ("iam:CreateRole", "ecr:CreateRepository", "eks:CreateAccessEntry", "iam:PutRolePolicy"):
        with rounds.lacking(action):
            said = checked(rounds)
        assert {each.need.action for each in said.missing} == {action}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (f"arn:aws:iam::{ANSWERS.account}:user/nobody", "NoSuchEntity"),
        (f"arn:aws:iam::{ANSWERS.account}:policy/x", "InvalidInput"),
    ],
)
def test_the_simulator_refuses_who_does_not_exist(rounds: Rounds, source: str, code: str) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        rounds.root.aws("iam").simulate_principal_policy(PolicySourceArn=source, ActionNames=["iam:GetRole"])

    assert caught.value.response["Error"]["Code"] == code


def test_the_simulator_pages(rounds: Rounds) -> None:
    iam = rounds.root.aws("iam")
    source = f"arn:aws:iam::{ANSWERS.account}:user/operator"
    asked = {"PolicySourceArn": source, "ActionNames": ["iam:GetRole", "iam:CreateRole", "s3:GetObject"],
             "ResourceArns": [ROLE]}  # fmt: skip

    first = iam.simulate_principal_policy(**asked, MaxItems=2)
    second = iam.simulate_principal_policy(**asked, MaxItems=2, Marker=first["Marker"])

    results = [*first["EvaluationResults"], *second["EvaluationResults"]]
    assert [each["EvalDecision"] for each in results] == ["allowed", "allowed", "implicitDeny"]
    assert (first["IsTruncated"], second["IsTruncated"]) == (True, False)
