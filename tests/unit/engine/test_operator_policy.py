import dataclasses
import threading
from pathlib import Path
from typing import Any

import pytest

from ekswiz.blueprint import blueprint
from ekswiz.clients.aws_errors import _action
from ekswiz.iam.documents import size
from ekswiz.iam.evaluate import evaluate
from ekswiz.iam.parts import parts
from ekswiz.operator_policy import operator_policy
from ekswiz.session import Session
from unit.engine.fakes import ANSWERS, world
from unit.engine.test_stack import applied, make_role


def allowed_actions(policy: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for statement in policy["Statement"]:
        actions = statement["Action"]
        found |= set(actions if isinstance(actions, list) else [actions])
    return found


def test_every_call_of_a_whole_life_is_in_the_policy(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    called: set[str] = set()
    with world(tmp_path / "checkout") as here:
        here.before_call = lambda service, operation: called.add(_action(service, operation))
        session = Session(ANSWERS, state_dir=tmp_path / "state", delete_images=True)
        applied(session, here)
        make_role(here, "other")
        list(session.destroy(here.target(), threading.Event()))
    assert len(called) > 15
    assert called <= allowed_actions(operator_policy(ANSWERS))


def test_every_action_is_one_that_the_service_has() -> None:
    from botocore.session import Session as Botocore

    models = {name: Botocore().get_service_model(name) for name in ("iam", "ecr", "eks")}
    for action in allowed_actions(operator_policy(ANSWERS)):
        service, _, operation = action.partition(":")
        tagging = {"iam:TagRole", "iam:TagOpenIDConnectProvider", "ecr:TagResource", "eks:TagResource"}
        assert action in tagging or operation in models[service].operation_names


def test_every_permission_has_its_place() -> None:
    for resource in blueprint(ANSWERS):
        actions = {action for verb in resource.permissions.values() for action in verb}
        assert actions == set(resource.scopes), resource.address


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("iam:CreateRole", "arn:aws:iam::123456789012:role/ekswiz-payments-push", True),
        ("iam:CreateRole", "arn:aws:iam::123456789012:role/ekswiz-other-push", False),
        ("iam:AttachRolePolicy", "arn:aws:iam::123456789012:role/ekswiz-payments-push", False),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/ekswiz-payments-push", False),
        ("ecr:DeleteRepository", "arn:aws:ecr:eu-west-1:123456789012:repository/payments-api", True),
        ("ecr:DeleteRepository", "arn:aws:ecr:eu-west-1:123456789012:repository/payments-api2", False),
        ("ecr:PutImage", "arn:aws:ecr:eu-west-1:123456789012:repository/payments-api", False),
        ("eks:DescribeCluster", "arn:aws:eks:eu-west-1:123456789012:cluster/platform-dev", True),
        ("eks:DeleteCluster", "arn:aws:eks:eu-west-1:123456789012:cluster/platform-dev", False),
        ("eks:CreateAccessEntry", "arn:aws:eks:eu-west-1:123456789012:cluster/platform-dev", True),
        ("eks:AssociateAccessPolicy", "arn:aws:eks:eu-west-1:123456789012:cluster/platform-dev", False),
        (
            "eks:DeleteAccessEntry",
            "arn:aws:eks:eu-west-1:123456789012:access-entry/platform-dev/role/123456789012/ekswiz-payments-deploy/1-2",
            True,
        ),
        (
            "eks:DeleteAccessEntry",
            "arn:aws:eks:eu-west-1:123456789012:access-entry/platform-dev/role/123456789012/admins/1-2",
            False,
        ),
    ],
)
def test_it_allows_this_stack_and_nothing_beside_it(action: str, resource: str, expected: bool) -> None:
    assert evaluate(action, resource, {}, identity=[operator_policy(ANSWERS)]).allowed is expected


@pytest.mark.parametrize(("create_cluster", "number"), [(False, 1), (True, 2)])
def test_the_longest_names_still_fit_into_managed_policies(create_cluster: bool, number: int) -> None:
    longest = dataclasses.replace(
        ANSWERS, stack="s" * 40, cluster="c" * 100, ecr_repository="e" * 256, create_cluster=create_cluster
    )
    whole = operator_policy(longest)
    made = parts(whole)
    assert [size(part) <= 6144 for part in made] == [True] * number
    assert [statement for part in made for statement in part["Statement"]] == whole["Statement"]


def test_a_statement_that_no_policy_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="statement Long alone"):
        parts({"Version": "2012-10-17", "Statement": [{"Sid": "Long", "Resource": "r" * 7000}]})
