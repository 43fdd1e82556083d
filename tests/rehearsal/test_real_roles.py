"""Real roles of a world, read through its real doors: who can do what is computed, not tried."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ekswiz import intent
from ekswiz.access.compute import COLUMNS, unmet
from ekswiz.access.see import Seen, see
from ekswiz.errors import InputError
from ekswiz.target import Target
from rehearsal import guide_account
from rehearsal.guide_account import ROLE
from rehearsal.worlds import Place, open_place


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The stack, applied; and beside it the guide's role, whose trust policy has no ids."""
    with open_place(tmp_path_factory.mktemp("state")) as place:
        place.apply()
        iam = place.world.root("iam")
        guide_account._role(place.world.root, place.answers, f"{_provider(place)}", "")
        assert iam.get_role(RoleName=ROLE)
        yield place


def _provider(place: Place) -> str:
    (provider,) = place.world.root("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    return str(provider["Arn"])


def auditor(place: Place) -> Target:
    """Somebody who may read everything."""
    return dataclasses.replace(place.target, aws=place.world.root)


def look(place: Place, *names: str, ask_aws: bool = False) -> Seen:
    return see(auditor(place), place.answers, names, ask_aws=ask_aws)


def test_of_the_stacks_own_roles_exactly_what_was_meant_is_computed(here: Place) -> None:
    seen = look(here)
    rows = intent.rows(here.answers)
    assert len(seen.cells) == 2 * len(rows) * len(COLUMNS)
    assert seen.findings == ()
    assert seen.notes == ()
    assert [cell for cell in seen.cells if cell.surplus or cell.got == "?"] == []
    assert unmet(seen.cells) == ()
    assert {cell.row for cell in seen.cells if cell.got == "yes"} == {
        "build-job",
        "deploy-job",
        "deploy-steps-in-build-job",
    }


def test_one_condition_less_lets_somebody_in(here: Place) -> None:
    iam, role = here.world.root("iam"), here.answers.push_role
    before = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    after = json.loads(json.dumps(before))
    del after["Statement"][0]["Condition"]["StringEquals"][f"{here.answers.issuer}:job_workflow_ref"]
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(after))
    try:
        surplus = {(cell.row, cell.column) for cell in look(here, role).cells if cell.surplus}
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(before))
    assert surplus == {("other-workflow-file", "assume"), ("other-workflow-file", "push-image")}


def test_the_guides_role_is_open_to_nobody_where_sub_has_ids(here: Place) -> None:
    seen = look(here, ROLE)
    assert {cell.row for cell in seen.cells if cell.got == "yes"} == {"other-subject-form"}
    found = {finding.rule for finding in seen.findings}
    assert found == {"subject-old-form", "like-without-pattern", "ids-missing", "workflow-open", "managed-for-machines"}


def test_in_a_classic_repository_the_guides_role_gives_away_the_cluster(tmp_path: Path) -> None:
    with open_place(tmp_path / "state", subject="classic", ecr_repository=guide_account.REPOSITORY) as place:
        guide_account.plant(place.world.root, place.answers)
        seen = look(place, guide_account.role_arn(place.answers))
    surplus = {(cell.row, cell.column) for cell in seen.cells if cell.surplus}
    assert {("build-job", "deploy"), ("build-job", "read-secrets"), ("recycled-name", "push-image")} <= surplus
    assert {"cluster-admin", "one-role", "ids-missing"} <= {finding.rule for finding in seen.findings}


def test_what_may_not_be_read_is_not_known_instead_of_no(here: Place) -> None:
    seen = see(here.target, here.answers, [ROLE], ask_aws=False)
    (role,) = seen.roles
    assert any("its managed policies" in what for what in role.unread), role.unread
    assert "not-read" in {finding.rule for finding in seen.findings}
    unsure = {cell.column for cell in seen.cells if cell.row == "other-subject-form" and cell.got == "?"}
    assert unsure >= {"delete-cluster", "change-iam"}
    assert not any(
        cell.got == "no" and cell.column == "change-iam" for cell in seen.cells if cell.row == "other-subject-form"
    )


def test_aws_is_asked_and_quoted(here: Place) -> None:
    seen = look(here, ask_aws=True)
    said = {
        cell.column: cell.why for cell in seen.cells if cell.row == "build-job" and cell.role == here.answers.push_role
    }
    assert "AWS says: allowed (ecr:PutImage)" in said["push-image"]
    assert "AWS says: implicitDeny (iam:PutRolePolicy)" in said["change-iam"]
    (note,) = seen.notes
    assert note.startswith("IAM Access Analyzer was not asked (accessanalyzer:ValidatePolicy: ")
    assert len(note) < 120


@pytest.mark.parametrize("name", ["no-such-role", "arn:aws:iam::999999999999:role/ekswiz-hello-eks-push"])
def test_a_role_that_is_not_there_is_named(here: Place, name: str) -> None:
    with pytest.raises(InputError, match="has no role"):
        look(here, name)
