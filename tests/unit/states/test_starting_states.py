"""What a plan makes of what is there already: starting state, expected signs, expected risks; then apply repairs it."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz.errors import Consentless
from ekswiz.plan import Change, Plan
from ekswiz.risks import CATALOGUE, EVERY
from ekswiz.session import Session
from unit.engine.fakes import ACCOUNT, ANSWERS, REGION, World, world

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
DEPLOY = ANSWERS.deploy_role
ENTRY = f"arn:aws:iam::{ACCOUNT}:role/{DEPLOY}"
REPOSITORY = ANSWERS.ecr_repository
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
S3 = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
ASSUME = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
WIDE = {"Version": "2012-10-17", "Statement": [ASSUME]}
ALWAYS = {"branch-publishes", "branch-deploys"}
"""Said of every role that is made or whose trust changes."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "checkout").mkdir()
    with world(tmp_path / "checkout") as made:
        yield made


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(ANSWERS, state_dir=tmp_path / "state", allow_risks=EVERY)


def apply(session: Session, here: World, plan: Plan | None = None) -> None:
    target = here.target()
    events = list(session.apply(plan or session.plan(target), target, threading.Event()))
    assert [e for e in events if e.type not in ("started", "applied", "progress")] == []


def pending(plan: Plan) -> dict[str, Change]:
    return {change.address: change for change in plan.changes if change.action.value != "="}


def ids(plan: Plan, address: str) -> set[str]:
    return {risk.id for change in plan.changes if change.address == address for risk in change.risks}


def iam(here: World) -> Any:
    return here.clients["iam"]


def ecr(here: World) -> Any:
    return here.clients["ecr"]


def entry(here: World) -> dict[str, Any]:
    return here.eks.entries[ENTRY]


def thing(here: World, kind: str) -> dict[str, Any]:
    return next(found for path, found in here.kubernetes.objects.items() if f"/{kind}/" in path)


def policy(here: World, name: str = "extra") -> str:
    made = iam(here).create_policy(PolicyName=name, PolicyDocument=json.dumps(S3))
    return str(made["Policy"]["Arn"])


def described(here: World) -> str:
    """Moto forgets a description that an update does not repeat."""
    return str(iam(here).get_role(RoleName=DEPLOY)["Role"]["Description"])


def lifecycle(here: World) -> None:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5}
    rules = {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}
    ecr(here).put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=json.dumps(rules))


DRIFT: dict[str, tuple[Callable[[World], Any], str, str, set[str], str]] = {
    # what somebody did: (how, address, sign, risks, attribute that differs)
    "trust": (
        lambda w: iam(w).update_assume_role_policy(RoleName=DEPLOY, PolicyDocument=json.dumps(WIDE)),
        "iam_role.deploy", "~", {"narrows-trust", "branch-deploys"}, "trust",
    ),
    "own policy edited": (
        lambda w: iam(w).put_role_policy(RoleName=DEPLOY, PolicyName="ekswiz", PolicyDocument=json.dumps(S3)),
        "iam_role.deploy", "~", {"rewrites-inline-policy", "lint-findings"}, "policies",
    ),
    "inline policy added": (
        lambda w: iam(w).put_role_policy(RoleName=DEPLOY, PolicyName="more", PolicyDocument=json.dumps(S3)),
        "iam_role.deploy", "~", {"removes-inline-policy", "lint-findings"}, "policies",
    ),
    "own policy removed": (
        lambda w: iam(w).delete_role_policy(RoleName=DEPLOY, PolicyName="ekswiz"),
        "iam_role.deploy", "~", set(), "policies",
    ),
    "managed policy attached": (
        lambda w: iam(w).attach_role_policy(RoleName=DEPLOY, PolicyArn=policy(w)),
        "iam_role.deploy", "~", {"drops-managed-policies", "lint-findings"}, "attached",
    ),
    "boundary set": (
        lambda w: iam(w).put_role_permissions_boundary(RoleName=DEPLOY, PermissionsBoundary=policy(w)),
        "iam_role.deploy", "~", {"removes-boundary"}, "boundary",
    ),
    "session lengthened": (
        lambda w: iam(w).update_role(RoleName=DEPLOY, MaxSessionDuration=7200, Description=described(w)),
        "iam_role.deploy", "~", {"shortens-session"}, "session_seconds",
    ),
    "role described otherwise": (
        lambda w: iam(w).update_role(RoleName=DEPLOY, Description="mine", MaxSessionDuration=3600),
        "iam_role.deploy", "~", set(), "description",
    ),
    "role's tag changed": (
        lambda w: iam(w).tag_role(RoleName=DEPLOY, Tags=[{"Key": "ekswiz:address", "Value": "elsewhere"}]),
        "iam_role.deploy", "~", set(), "tags",
    ),
    "tags mutable": (
        lambda w: ecr(w).put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="MUTABLE"),
        "ecr_repository.app", "~", {"immutable-tags"}, "mutability",
    ),
    "another lifecycle": (lifecycle, "ecr_repository.app", "~", {"replaces-lifecycle"}, "lifecycle"),
    "no lifecycle": (
        lambda w: ecr(w).delete_lifecycle_policy(repositoryName=REPOSITORY),
        "ecr_repository.app", "~", set(), "lifecycle",
    ),
    "scan off": (
        lambda w: ecr(w).put_image_scanning_configuration(
            repositoryName=REPOSITORY, imageScanningConfiguration={"scanOnPush": False}
        ),
        "ecr_repository.app", "~", set(), "scan_on_push",
    ),
    "repository's tag changed": (
        lambda w: ecr(w).tag_resource(
            resourceArn=f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{REPOSITORY}",
            tags=[{"Key": "ekswiz:address", "Value": "elsewhere"}],
        ),
        "ecr_repository.app", "~", set(), "tags",
    ),
    "groups": (
        lambda w: entry(w).update(kubernetesGroups=["admins"]),
        "access_entry.deploy", "~", {"drops-groups"}, "groups",
    ),
    "cluster admin": (
        lambda w: w.eks.policies.update({ENTRY: {ADMIN}}),
        "access_entry.deploy", "~", {"drops-cluster-admin"}, "policies",
    ),
    "type": (
        lambda w: entry(w).update(type="EC2_LINUX"),
        "access_entry.deploy", "±", {"replaces-entry"}, "type",
    ),
    "role behind the entry made anew": (
        lambda w: entry(w)["tags"].update({"ekswiz:role-id": "AROAGONE"}),
        "access_entry.deploy", "±", set(), "role_id",
    ),
    "pod security": (
        lambda w: w.kubernetes.objects["/api/v1/namespaces/payments"]["metadata"]["labels"].update(
            {"pod-security.kubernetes.io/enforce": "privileged"}
        ),
        "namespace.app", "~", {"pod-security"}, "pod_security",
    ),
    "rule added": (
        lambda w: thing(w, "roles")["rules"].append({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}),
        "deployer_rbac.deployer", "~", {"drops-rules"}, "rules",
    ),
    "subject added": (
        lambda w: thing(w, "rolebindings")["subjects"].append({"kind": "User", "name": "eve"}),
        "deployer_rbac.deployer", "~", {"drops-subjects"}, "subjects",
    ),
    "bound to another role": (
        lambda w: thing(w, "rolebindings")["roleRef"].update(name="admin"),
        "deployer_rbac.deployer", "±", {"rebinds-role"}, "role",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DRIFT)
def test_drift_is_named_with_before_and_after_and_its_risks_and_is_repaired(
    session: Session, here: World, what: str
) -> None:
    apply(session, here)
    meddle, address, sign, expected, attribute = DRIFT[what]
    meddle(here)
    # when it is planned
    plan = session.plan(here.target())
    # then exactly that is said
    (change,) = pending(plan).values()
    assert (change.address, change.action.value) == (address, sign)
    assert {risk.id for risk in change.risks} == expected
    data = change.to_json()
    assert {name for name in data["after"] if data["before"][name] != data["after"][name]} == {attribute}
    # and what takes something away needs its consent, by id
    _needs_consent(session, here, plan, {name for name in expected if CATALOGUE[name].consent})
    apply(session, here, plan)
    assert pending(session.plan(here.target())) == {}


def _needs_consent(session: Session, here: World, plan: Plan, expected: set[str]) -> None:
    careful = dataclasses.replace(session, allow_risks=frozenset())
    if not expected:
        return
    with pytest.raises(Consentless) as refused:
        next(careful.apply(plan, here.target(), threading.Event()))
    assert all(f"--allow-risk {name}" in str(refused.value) for name in expected)


def make_role(here: World, name: str, path: str = "/", **tags: str) -> None:
    pairs = [{"Key": key.replace("_", ":"), "Value": value} for key, value in tags.items()]
    iam(here).create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(WIDE), Tags=pairs)


STATES: dict[str, tuple[Callable[[World], Any], dict[str, tuple[str, set[str]]]]] = {
    # what is there: what the plan says of some addresses, without --adopt
    "nothing": (lambda _: None, {"iam_role.push": ("+", {"branch-publishes"}), "ecr_repository.app": ("+", set())}),
    "a repository by hand": (
        lambda w: ecr(w).create_repository(repositoryName=REPOSITORY),
        {"ecr_repository.app": ("~", {"foreign-object", "immutable-tags"})},
    ),
    "a role by hand": (
        lambda w: make_role(w, DEPLOY),
        {"iam_role.deploy": ("~", {"foreign-object", "narrows-trust", "branch-deploys"})},
    ),
    "a role of another stack": (
        lambda w: make_role(w, DEPLOY, ekswiz_stack="other"),
        {"iam_role.deploy": ("~", {"foreign-object", "narrows-trust", "branch-deploys"})},
    ),
    "a role with a path": (
        lambda w: make_role(w, DEPLOY, path="/ci/"),
        {"iam_role.deploy": ("~", {"foreign-object", "narrows-trust", "branch-deploys", "other-path"})},
    ),
    "a role that was ours and lost its description": (
        lambda w: make_role(w, DEPLOY, ekswiz_stack="payments", ekswiz_address="iam_role.deploy"),
        {"iam_role.deploy": ("~", {"narrows-trust", "branch-deploys"})},
    ),
}


@pytest.mark.parametrize("what", STATES)
def test_a_starting_state_is_planned_as_it_should_be(session: Session, here: World, what: str) -> None:
    plant, expected = STATES[what]
    plant(here)
    plan = session.plan(here.target())
    assert {a: (pending(plan)[a].action.value, ids(plan, a)) for a in expected} == expected


def test_half_of_it_is_completed_and_the_rest_kept(session: Session, here: World) -> None:
    apply(session, here)
    here.eks.entries.clear()
    iam(here).delete_role_policy(RoleName=ANSWERS.push_role, PolicyName="ekswiz")
    iam(here).delete_role(RoleName=ANSWERS.push_role)
    plan = session.plan(here.target())
    assert {a: c.action.value for a, c in pending(plan).items()} == {"iam_role.push": "+", "access_entry.deploy": "+"}
    apply(session, here, plan)
    assert pending(session.plan(here.target())) == {}


def test_a_role_with_a_path_cannot_be_taken_over(session: Session, here: World) -> None:
    make_role(here, DEPLOY, path="/ci/")
    willing = dataclasses.replace(session, adopt=True)
    events = list(willing.apply(willing.plan(here.target()), here.target(), threading.Event()))
    (failed,) = [event for event in events if event.type == "failed"]
    assert "role/ci/" in failed.message
    assert iam(here).get_role(RoleName=DEPLOY)["Role"]["AssumeRolePolicyDocument"] == WIDE


def test_an_adopted_roles_description_and_tags_stay_its_owners(session: Session, here: World) -> None:
    make_role(here, DEPLOY, team="platform")
    willing = dataclasses.replace(session, adopt=True)
    apply(willing, here)
    found = iam(here).get_role(RoleName=DEPLOY)["Role"]
    assert found["Tags"] == [{"Key": "team", "Value": "platform"}]
    assert "ekswiz" not in found.get("Description", "")


def entry_by_hand(here: World, when_after: bool) -> None:
    from datetime import UTC, datetime

    here.eks.create_access_entry(
        clusterName=ANSWERS.cluster, principalArn=ENTRY, kubernetesGroups=["ci"], type="STANDARD", tags={}
    )
    entry(here)["createdAt"] = datetime(2100 if when_after else 2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("younger", "sign"), [(True, "~"), (False, "±")])
def test_an_entry_by_hand_is_changed_in_place_unless_its_role_is_gone(
    session: Session, here: World, younger: bool, sign: str
) -> None:
    apply(session, here)
    here.eks.entries.clear()
    entry_by_hand(here, younger)
    willing = dataclasses.replace(session, adopt=True)
    plan = willing.plan(here.target())
    assert pending(plan)["access_entry.deploy"].action.value == sign
    apply(willing, here, plan)
    assert entry(here)["kubernetesGroups"] == [ANSWERS.kubernetes_group]


def test_a_boundary_is_set_changed_and_removed(session: Session, here: World) -> None:
    first, second = policy(here, "first"), policy(here, "second")
    seen = []
    for boundary in (first, second, ""):
        bound = dataclasses.replace(session, answers=dataclasses.replace(ANSWERS, boundary=boundary))
        plan = bound.plan(here.target())
        seen.append(ids(plan, "iam_role.deploy") - ALWAYS)
        apply(bound, here, plan)
        found = [
            iam(here).get_role(RoleName=name)["Role"].get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
            for name in (ANSWERS.push_role, DEPLOY)
        ]
        assert found == [boundary, boundary]
        assert pending(bound.plan(here.target())) == {}
    assert seen == [set(), {"sets-boundary"}, {"removes-boundary"}]


def test_a_full_provider_is_said_before_anything_is_tried(session: Session, here: World) -> None:
    many = [f"https://example.com/{number}" for number in range(100)]
    iam(here).create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=many, ThumbprintList=["a" * 40]
    )
    plan = session.plan(here.target())
    assert ids(plan, "oidc_provider.github") == {"provider-full"}
    events = list(session.apply(plan, here.target(), threading.Event()))
    assert {event.address for event in events if event.type == "failed"} == {"oidc_provider.github"}
    assert iam(here).get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)["ClientIDList"] == many


def rules(here: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ecr(here).get_registry_scanning_configuration()["scanningConfiguration"]["rules"]
    return found


def test_shared_scanning_rules_are_merged_and_given_back(session: Session, here: World) -> None:
    others = [
        {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "prod-*", "filterType": "WILDCARD"}]},
        {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "team-a/*", "filterType": "WILDCARD"}]},
    ]
    ecr(here).put_registry_scanning_configuration(scanType="ENHANCED", rules=others)
    apply(session, here)
    ours = {"filter": REPOSITORY, "filterType": "WILDCARD"}
    assert rules(here)[0] == others[0]
    assert rules(here)[1]["repositoryFilters"] == [*others[1]["repositoryFilters"], ours]
    assert pending(session.plan(here.target())) == {}
    # when somebody takes the filter out
    ecr(here).put_registry_scanning_configuration(scanType="ENHANCED", rules=others)
    plan = session.plan(here.target())
    assert ids(plan, "ecr_repository.app") == {"enhanced-scan"}
    apply(session, here, plan)
    # when the stack goes
    list(session.destroy(here.target(), threading.Event()))
    assert rules(here) == others


def test_a_rule_of_the_registry_that_scans_it_already_is_enough(session: Session, here: World) -> None:
    every = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}]
    ecr(here).put_registry_scanning_configuration(scanType="ENHANCED", rules=every)
    apply(session, here)
    assert rules(here) == every


def test_another_encryption_stays_and_is_said(session: Session, here: World) -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
    ecr(here).create_repository(
        repositoryName=REPOSITORY, encryptionConfiguration={"encryptionType": "KMS", "kmsKey": key}
    )
    willing = dataclasses.replace(session, adopt=True)
    plan = willing.plan(here.target())
    assert pending(plan)["ecr_repository.app"].action.value == "~"
    assert "other-encryption" in ids(plan, "ecr_repository.app")
    apply(willing, here, plan)
    found = ecr(here).describe_repositories()["repositories"][0]
    assert found["encryptionConfiguration"]["encryptionType"] == "KMS"
