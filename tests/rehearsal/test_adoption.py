"""What was there before: shared things are used and stay; a foreign object of our name is never taken silently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ekswiz.clients import kube_api
from ekswiz.clients.kube_api import at
from ekswiz.events import Event
from ekswiz.plan import Action, Change, Plan
from ekswiz_sim import snapshot
from rehearsal import plants
from rehearsal.worlds import Place


@pytest.fixture
def here(here: Place, tmp_path: Path) -> Place:
    """The module's world, with a journal of the test's own."""
    return replace(here, state=tmp_path)


def change(plan: Plan, address: str) -> Change:
    return next(change for change in plan.changes if change.address == address)


def role(place: Place, name: str) -> dict[str, Any]:
    """Everything that the world knows of a role."""
    return dict(place.world.snapshot()["iam"]["iam_role"][f"arn:aws:iam::{place.answers.account}:role/{name}"])


def kinds(events: list[Event], kind: str) -> set[str]:
    return {event.address for event in events if event.type == kind}


@pytest.fixture
def foreign_provider(here: Place) -> Iterator[str]:
    """GitHub's provider, made by somebody else for other audiences, and a role of theirs that trusts it."""
    iam = here.world.root("iam")
    arn = plants.provider(here.world.root, "https://github.com/acme")
    plants.role(here.world.root, "elses", plants.github_trust(arn), {})
    yield arn
    iam.delete_role_policy(RoleName="elses", PolicyName="own")
    iam.delete_role(RoleName="elses")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_a_provider_without_our_audience_is_adopted_gets_it_and_stays(here: Place, foreign_provider: str) -> None:
    iam, before = here.world.root("iam"), here.world.snapshot()
    # when it is planned
    planned = change(here.plan(), "oidc_provider.github")
    # then the plan shows an update of something that existed before
    assert (planned.action, planned.adopted) == (Action.UPDATE, True)
    assert planned.before is not None
    assert planned.after is not None
    assert (planned.before["audience"], planned.after["audience"]) == ("", "sts.amazonaws.com")
    # when it is applied
    events = here.apply()
    # then the audience was added, and nothing was taken away
    assert not kinds(events, "failed")
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=foreign_provider)
    assert set(found["ClientIDList"]) == {"https://github.com/acme", "sts.amazonaws.com"}
    assert found["Tags"] == [{"Key": "team", "Value": "platform"}]
    assert here.plan().pending == ()
    # when the stack is destroyed
    made, events = here.destroy()
    # then the provider is kept, with the reason and what was changed on it, and all else is gone
    kept = change(made, "oidc_provider.github")
    assert kept.action is Action.KEEP
    assert "existed before ekswiz" in kept.why
    assert 'audience was "" and is "sts.amazonaws.com"' in kept.why
    assert not kinds(events, "failed")
    moved = snapshot.differences(before, here.world.snapshot())
    assert [line.split(":")[0] for line in moved] == ["~ /iam/oidc_provider/arn"]
    assert "client_ids" in moved[0]


@pytest.fixture
def foreign_role(here: Place) -> Iterator[dict[str, Any]]:
    """A role that bears the push role's name and no tag of ours."""
    name, iam = here.answers.push_role, here.world.root("iam")
    plants.role(here.world.root, name, plants.service_trust(), {"team": "platform"})
    yield role(here, name)
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def test_a_foreign_role_of_our_name_is_a_conflict(here: Place, foreign_role: dict[str, Any]) -> None:
    before = here.world.snapshot()
    # when it is planned and applied without consent
    planned = change(here.plan(), "iam_role.push")
    events = here.apply()
    # then both say so and name the flag, the role is as it was, and what needs it was not begun
    assert [risk.id for risk in planned.risks if "--adopt" in risk.sentence] == ["foreign-object"]
    failed = [event for event in events if event.type == "failed"]
    assert [event.address for event in failed] == ["iam_role.push"]
    assert "was not made by ekswiz" in failed[0].message
    assert "--adopt" in failed[0].message
    assert role(here, here.answers.push_role) == foreign_role
    assert kinds(events, "skipped") == {"repository_file..github/workflows/deploy.yml"}
    # and a destroy leaves no trace of the rest
    here.destroy()
    assert snapshot.differences(before, here.world.snapshot()) == []


def test_with_consent_it_is_taken_over_and_destroy_leaves_it(here: Place, foreign_role: dict[str, Any]) -> None:
    # when it is planned and applied with --adopt
    planned = change(here.plan(adopt=True), "iam_role.push")
    events = here.apply(adopt=True)
    # then it is the same role, with our trust and policy, and nothing is left to do, with the flag or without it
    assert (planned.action, planned.adopted) == (Action.UPDATE, True)
    assert "adopts-object" in {risk.id for risk in planned.risks}
    assert not kinds(events, "failed") | kinds(events, "skipped")
    now = role(here, here.answers.push_role)
    assert now["unique_id"] == foreign_role["unique_id"]
    assert "token.actions.githubusercontent.com" in str(now["trust"])
    assert list(now["inline"]) == ["ekswiz"]
    assert here.plan().pending == ()
    # when the stack is destroyed
    made, events = here.destroy()
    # then it is kept and the plan says what is not as it was
    kept = change(made, "iam_role.push")
    assert kept.action is Action.KEEP
    assert "existed before ekswiz" in kept.why
    assert "trust was" in kept.why
    assert role(here, here.answers.push_role) == now
    assert not kinds(events, "failed")


def test_a_role_that_somebody_made_anew_under_our_name_is_not_destroyed(here: Place) -> None:
    here.apply()
    # given our push role, deleted and made again by somebody who copied its tags
    iam, name = here.world.root("iam"), here.answers.push_role
    marks = {tag["Key"]: tag["Value"] for tag in iam.get_role(RoleName=name)["Role"]["Tags"]}
    iam.delete_role_policy(RoleName=name, PolicyName="ekswiz")
    iam.delete_role(RoleName=name)
    plants.role(here.world.root, name, plants.service_trust(), marks)
    # when the stack is destroyed
    made, _ = here.destroy()
    # then it is another object
    kept = change(made, "iam_role.push")
    assert (kept.action, "a later one of the same name" in kept.why) == (Action.KEEP, True)
    assert role(here, name)["inline"].keys() == {"own"}
    iam.delete_role_policy(RoleName=name, PolicyName="own")
    iam.delete_role(RoleName=name)


@pytest.fixture
def foreign_places(here: Place) -> Iterator[None]:
    """An ECR repository with an image and a namespace with a secret, both of our names and made by somebody else."""
    given, ecr = here.answers, here.world.root("ecr")
    plants.repository(here.world.root, given.ecr_repository, {"team": "platform"})
    where = at("api", "v1", "namespaces")
    for path, kind, name in (
        (where, "Namespace", given.namespace),
        (f"{where}/{given.namespace}/secrets", "Secret", "s"),
    ):
        body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
        kube_api.send(here.target, given.cluster, "POST", path, body)
    yield
    ecr.delete_repository(repositoryName=given.ecr_repository, force=True)
    kube_api.send(here.target, given.cluster, "DELETE", f"{where}/{given.namespace}")


@pytest.mark.usefixtures("foreign_places")
def test_a_foreign_repository_and_namespace_keep_what_they_hold(here: Place) -> None:
    given, before = here.answers, here.world.snapshot()
    addresses = {"ecr_repository.app", "namespace.app"}
    # when it is applied without consent, then neither is touched
    events = here.apply()
    assert kinds(events, "failed") == addresses
    here.destroy()
    assert snapshot.differences(before, here.world.snapshot()) == []
    # when they are taken over, and the stack is destroyed with the consent to lose images
    assert not kinds(here.apply(adopt=True), "failed")
    made, events = here.destroy()
    # then both are kept with what they hold
    assert not kinds(events, "failed")
    assert {c.address for c in made.changes if c.action is Action.KEEP and "existed before" in c.why} >= addresses
    after = here.world.snapshot()
    repository = after["ecr"]["repositories"][given.ecr_repository]
    assert repository["images"] == before["ecr"]["repositories"][given.ecr_repository]["images"] != {}
    secret = next(key for key in after["kubernetes"][given.cluster] if key.endswith(f"secrets/{given.namespace}/s"))
    assert after["kubernetes"][given.cluster][secret] == before["kubernetes"][given.cluster][secret]
