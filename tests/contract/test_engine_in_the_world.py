"""The engine against the simulated AWS, with every call judged by the policy that the engine itself prints."""

import copy
import gc
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz.operator_policy import operator_policy
from ekswiz.plan import Action
from ekswiz.session import Session
from ekswiz_sim.world import World
from unit.engine.fakes import ANSWERS

# The world drops connections that clients keep alive; their sockets go with the collection above.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def world() -> Iterator[World]:
    made = World.start(ANSWERS, operator_policy(ANSWERS))
    try:
        yield made
    finally:
        assert list(made.close()) == []
        gc.collect()


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(ANSWERS, state_dir=tmp_path / "state", delete_images=True)


def bad(events: Any) -> list[Any]:
    return [event for event in events if event.type not in ("started", "applied", "progress")]


def test_a_whole_life_under_the_operators_own_policy(world: World, session: Session, tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    target = world.target(tmp_path / "checkout")
    before = world.snapshot()
    assert bad(session.apply(session.plan(target), target, threading.Event())) == []
    assert session.plan(target).pending == ()
    assert world.snapshot() != before
    assert bad(session.destroy(target, threading.Event())) == []
    after = world.snapshot()
    assert {part: after[part] for part in ("iam", "ecr", "eks")} == {
        part: before[part] for part in ("iam", "ecr", "eks")
    }
    assert list((tmp_path / "checkout").iterdir()) == []


@pytest.mark.parametrize(
    ("action", "failing"),
    [
        ("iam:CreateRole", {"iam_role.push", "iam_role.deploy"}),
        ("iam:TagRole", {"iam_role.push", "iam_role.deploy"}),
        ("ecr:TagResource", {"ecr_repository.app"}),
        ("eks:CreateAccessEntry", {"access_entry.deploy"}),
    ],
)
def test_without_one_permission_exactly_what_needs_it_fails(
    world: World, session: Session, tmp_path: Path, action: str, failing: set[str]
) -> None:
    policy = copy.deepcopy(operator_policy(ANSWERS))
    for statement in policy["Statement"]:
        statement["Action"] = [name for name in statement["Action"] if name != action]
    iam = world.root("iam")
    (attached,) = iam.list_attached_user_policies(UserName="operator")["AttachedPolicies"]
    arn = attached["PolicyArn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(policy), SetAsDefault=True)
    (tmp_path / "checkout").mkdir()
    target = world.target(tmp_path / "checkout")
    plan = session.plan(target)
    assert Action.UNKNOWN not in {change.action for change in plan.changes}
    events = list(session.apply(plan, target, threading.Event()))
    failed = {event.address: event.message for event in events if event.type == "failed"}
    assert set(failed) == failing
    # AWS names the action that is missing, which for tags in a create call is not the call's own.
    assert all(action in message for message in failed.values())
