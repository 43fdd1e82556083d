"""Starting states through boto3 and the gate: what is drifted by the root user is repaired under the printed policy."""

import dataclasses
import gc
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz.operator_policy import operator_policy
from ekswiz.risks import EVERY
from ekswiz.session import Session
from ekswiz.target import Target
from ekswiz_sim.world import World
from unit.engine.fakes import ACCOUNT, ANSWERS, REGION

# The world drops connections that clients keep alive; their sockets go with the collection below.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/limit"
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
BOUND = dataclasses.replace(ANSWERS, boundary=BOUNDARY)
ENTRY = {"clusterName": ANSWERS.cluster, "principalArn": f"arn:aws:iam::{ACCOUNT}:role/{ANSWERS.deploy_role}"}
NAME = {"repositoryName": ANSWERS.ecr_repository}
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World.start(BOUND, operator_policy(BOUND))
    made.root("iam").create_policy(PolicyName="limit", PolicyDocument=json.dumps(ALL))
    try:
        yield made
    finally:
        assert list(made.close()) == []
        gc.collect()


@pytest.fixture(scope="module")
def place(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Target]:
    folder: Path = tmp_path_factory.mktemp("stack")
    (folder / "checkout").mkdir()
    target = world.target(folder / "checkout")
    session = Session(BOUND, state_dir=folder / "state", allow_risks=EVERY, delete_images=True)
    apply(session, target)
    return session, target


def apply(session: Session, target: Target) -> None:
    events = list(session.apply(session.plan(target), target, threading.Event()))
    assert [e for e in events if e.type not in ("started", "applied", "progress")] == []


Root = Callable[[str], Any]
ROLE = {"RoleName": ANSWERS.push_role}
DRIFT: dict[str, tuple[Callable[[Root], Any], str]] = {
    "no boundary": (lambda root: root("iam").delete_role_permissions_boundary(**ROLE), "iam_role.push"),
    "another boundary": (
        lambda root: root("iam").put_role_permissions_boundary(
            **ROLE, PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess"
        ),
        "iam_role.push",
    ),
    "another description": (
        lambda root: root("iam").update_role(**ROLE, Description="mine", MaxSessionDuration=3600), "iam_role.push",
    ),
    "managed policy": (
        lambda root: root("iam").attach_role_policy(**ROLE, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"),
        "iam_role.push",
    ),
    "tag of the role": (
        lambda root: root("iam").untag_role(**ROLE, TagKeys=["ekswiz:address"]), "iam_role.push",
    ),
    "exclusions": (
        lambda root: root("ecr").put_image_tag_mutability(
            **NAME,
            imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "latest"}],
        ),
        "ecr_repository.app",
    ),
    "enhanced scanning": (
        lambda root: root("ecr").put_registry_scanning_configuration(scanType="ENHANCED", rules=[]),
        "ecr_repository.app",
    ),
    "tag of the repository": (
        lambda root: root("ecr").untag_resource(
            resourceArn=f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{ANSWERS.ecr_repository}",
            tagKeys=["ekswiz:address"],
        ),
        "ecr_repository.app",
    ),
    "user name": (
        lambda root: root("eks").update_access_entry(**ENTRY, username="somebody"), "access_entry.deploy",
    ),
    "view of a namespace": (
        lambda root: root("eks").associate_access_policy(
            **ENTRY, policyArn=VIEW, accessScope={"type": "namespace", "namespaces": ["default"]}
        ),
        "access_entry.deploy",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DRIFT)
def test_drift_is_found_and_repaired_with_the_printed_permissions(
    world: World, place: tuple[Session, Target], what: str
) -> None:
    session, target = place
    meddle, address = DRIFT[what]
    meddle(world.root)
    assert [change.address for change in session.plan(target).pending] == [address]
    apply(session, target)
    assert session.plan(target).pending == ()


def test_a_shared_rule_of_the_registry_stays_when_the_stack_goes(world: World, place: tuple[Session, Target]) -> None:
    session, target = place
    shared = {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "team-a/*", "filterType": "WILDCARD"}]}
    world.root("ecr").put_registry_scanning_configuration(scanType="ENHANCED", rules=[shared])
    apply(session, target)
    events = list(session.destroy(target, threading.Event()))
    assert [event for event in events if event.type in ("failed", "skipped")] == []
    found = world.root("ecr").get_registry_scanning_configuration()["scanningConfiguration"]
    assert found == {"scanType": "ENHANCED", "rules": [shared]}
