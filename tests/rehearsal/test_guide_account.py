"""An account made by hand after the guide: what is planned, what apply makes of it, and the road on top."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz.errors import Consentless
from ekswiz.plan import Action, Change, Plan
from ekswiz.risks import CATALOGUE
from ekswiz_sim.scene import Scene
from rehearsal import guide_account
from rehearsal.conftest import Rehearse
from rehearsal.guide_account import ADMIN, POLICIES, REPOSITORY, ROLE, role_arn
from rehearsal.worlds import Place, open_place

pytestmark = pytest.mark.xdist_group("guide-account")
GREEN = ("plan", "apply", "settled", "push", "answer", "access", "destroy")
ADOPTION = "legacy_access.github"


def change(plan: Plan, address: str) -> Change:
    return next(change for change in plan.changes if change.address == address)


def risks(plan: Plan, address: str) -> set[str]:
    return {risk.id for risk in change(plan, address).risks}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path / "state", adopt=True, ecr_repository=REPOSITORY, subject="classic") as opened:
        guide_account.plant(opened.world.root, opened.answers)
        yield opened


def attached(place: Place) -> list[str]:
    found = place.world.root("iam").list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    return sorted(policy["PolicyName"] for policy in found)


def associated(place: Place) -> list[str]:
    where = {"clusterName": place.answers.cluster, "principalArn": role_arn(place.answers)}
    found = place.world.root("eks").list_associated_access_policies(**where)["associatedAccessPolicies"]
    return [policy["policyArn"] for policy in found]


def test_without_consent_everything_is_shown_and_nothing_of_it_is_touched(here: Place) -> None:
    plan = here.plan()
    # the repository is somebody's; the old role is shown and stays
    assert risks(plan, "ecr_repository.app") >= {"foreign-object", "immutable-tags"}
    assert change(plan, ADOPTION).action is Action.KEEP
    assert risks(plan, ADOPTION) == {"legacy-access", "legacy-role"}
    said = " ".join(risk.sentence for risk in change(plan, ADOPTION).risks)
    for name in (ROLE, *POLICIES, "AmazonEKSClusterAdminPolicy", "--adopt"):
        assert name in said
    before = here.world.snapshot()["iam"]["iam_role"][role_arn(here.answers)]
    events = here.apply()
    assert [event.address for event in events if event.type == "failed"] == ["ecr_repository.app"]
    assert here.world.snapshot()["iam"]["iam_role"][role_arn(here.answers)] == before
    assert associated(here) == [ADMIN]


def test_apply_names_every_risk_that_was_not_agreed_to(here: Place) -> None:
    before = here.world.snapshot()
    session = here.session(adopt=True, allow_risks=frozenset({"immutable-tags"}))
    plan = session.plan(here.target)
    with pytest.raises(Consentless) as refused:
        list(session.apply(plan, here.target, threading.Event()))
    assert "--allow-risk drops-cluster-admin --allow-risk drops-managed-policies" in str(refused.value)
    assert "--allow-risk immutable-tags" not in str(refused.value)
    assert ROLE in str(refused.value)
    assert here.world.snapshot() == before


def test_with_consent_the_rights_go_and_the_role_stays(here: Place) -> None:
    plan = here.plan(adopt=True)
    # then the plan lists adoptions, tightenings and what they break, each with its risk
    adopted = {change.address for change in plan.changes if change.adopted and change.action is Action.UPDATE}
    assert adopted == {"ecr_repository.app", ADOPTION}
    assert risks(plan, ADOPTION) == {"drops-managed-policies", "drops-cluster-admin", "legacy-role"}
    assert risks(plan, "ecr_repository.app") == {"adopts-object", "immutable-tags"}
    assert {risk.id for change in plan.changes for risk in change.risks} <= set(CATALOGUE)
    assert change(plan, ADOPTION).before == {
        "managed_policies": {ROLE: [f"arn:aws:iam::aws:policy/{name}" for name in POLICIES]},
        "access_policies": {role_arn(here.answers): [ADMIN]},
    }
    # when it is applied
    events = here.apply(adopt=True)
    # then only what was too wide is gone
    assert [event for event in events if event.type in ("failed", "skipped", "stopped")] == []
    assert (attached(here), associated(here)) == ([], [])
    role = here.world.root("iam").get_role(RoleName=ROLE)["Role"]
    assert "StringLike" in role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
    assert here.world.root("iam").list_role_policies(RoleName=ROLE)["PolicyNames"] == [ROLE]
    repository = here.world.root("ecr").describe_repositories(repositoryNames=[REPOSITORY])["repositories"][0]
    assert repository["imageTagMutability"] == "IMMUTABLE"
    # and nothing is left to do, with the flag or without it; what remains is said
    assert here.plan(adopt=True).pending == ()
    assert here.plan().pending == ()
    assert risks(here.plan(), ADOPTION) == {"legacy-role"}
    # when the stack is destroyed
    made, _ = here.destroy()
    # then what others made is kept, and what was changed on it is said
    assert "which adopted it and changed it: access_policies was" in change(made, ADOPTION).why
    assert "mutability was" in change(made, "ecr_repository.app").why
    assert here.world.root("ecr").list_images(repositoryName=REPOSITORY)["imageIds"] != []
    assert here.world.root("iam").get_role(RoleName=ROLE)["Role"]["RoleId"] == role["RoleId"]


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("repo:acme/hello-eks:*", {"legacy-access", "legacy-role"}),
        ("repo:acme/hello-eks:ref:refs/heads/main ", {"legacy-access", "legacy-role"}),
        ("repo:acme/*", {"shared-role"}),
        ("repo:acme/another:ref:refs/heads/main", set()),
    ],
)
def test_a_role_that_is_not_this_repositorys_alone_is_named_and_never_touched(
    tmp_path: Path, subject: str, expected: set[str]
) -> None:
    with open_place(tmp_path / "state", adopt=True, ecr_repository=REPOSITORY) as place:
        guide_account.plant(place.world.root, place.answers, subject=subject)
        assert risks(place.plan(), ADOPTION) == expected
        if "legacy-role" not in expected:
            place.apply(adopt=True)
            assert attached(place) == sorted(POLICIES)
            assert associated(place) == [ADMIN]


def test_a_role_of_another_stack_of_ours_is_not_an_older_way_in(here: Place) -> None:
    here.world.root("iam").tag_role(RoleName=ROLE, Tags=[{"Key": "ekswiz:stack", "Value": "staging"}])
    assert risks(here.plan(), ADOPTION) == set()


@pytest.mark.parametrize("audiences", [("sts.amazonaws.com",), ("https://github.com/acme",)])
def test_the_whole_road_is_green_in_the_guides_account(rehearse: Rehearse, audiences: tuple[str, ...]) -> None:
    seen: dict[str, Any] = {}

    def plant(scene: Scene) -> None:
        guide_account.plant(scene.world.root, scene.answers, audiences=audiences)

    def look(scene: Scene) -> None:
        role = scene.world.snapshot()["iam"]["iam_role"][role_arn(scene.answers)]
        where = {"clusterName": scene.answers.cluster, "principalArn": role_arn(scene.answers)}
        policies = scene.world.root("eks").list_associated_access_policies(**where)["associatedAccessPolicies"]
        seen.update(role=str(role), policies=policies)

    run = rehearse(
        stages=GREEN, interfere={"plan": plant, "push": look}, adopt=True, ecr_repository=REPOSITORY, subject="classic"
    )
    assert run.first_red == "none", run.text(run.first_red)
    assert run.report["ok"]
    assert not any(name in seen["role"] for name in POLICIES)
    assert seen["policies"] == []
