"""The harness itself can fail: each check is shown a world that breaks its rule."""

import dataclasses
from typing import Any

import pytest

from chaos import death, journal
from chaos.figures import Figures, table
from chaos.lab import Call, Lab, trust_service
from chaos.normal import EXCLUDED, differences, normal
from ekswiz.resources.iam_role import IamRole
from unit.engine.fakes import ANSWERS


def test_the_list_of_what_is_not_compared_is_short() -> None:
    assert len(EXCLUDED) <= 10


def test_an_orphan_and_a_changed_object_are_differences() -> None:
    with Lab() as lab:
        before = normal(lab.snapshot())
        assert differences(before, normal(lab.snapshot())) == []
        lab.root("ecr").create_repository(repositoryName="orphan")
        assert len(differences(before, normal(lab.snapshot()))) == 1


def test_a_dead_run_makes_no_call_any_more() -> None:
    killer = death.Killer(death.Death("apply", "before", 1))
    killer.before(Call("iam", "CreateRole"))
    for call in (Call("iam", "CreateRole"), Call("iam", "GetRole"), Call("kubernetes", "GET /api")):
        with pytest.raises(death.Killed):
            killer.before(call)


def test_a_type_that_forgets_after_a_death_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = IamRole.read

    def blind(self: IamRole, target: Any) -> Any:
        """As if a role were looked for by a name that nobody gave it."""
        found = real(self, target)
        return None if found is None else dataclasses.replace(found, owner=None)

    known = death.course(ANSWERS)
    monkeypatch.setattr(IamRole, "read", blind)
    figures = Figures("broken", "", 0)
    with figures.case("a role that does not know its owner"):
        death.survive(known, [death.Death("apply", "after", 3)])
    assert not figures.ok
    assert "FAIL" in table([figures])


def test_a_journal_that_reads_as_empty_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    original = journal.content(ANSWERS)
    monkeypatch.setattr(journal.FileJournal, "_load", lambda *_, **__: None)
    with pytest.raises(AssertionError, match="reads as empty"):
        journal.check(tmp_path / "j.jsonl", ANSWERS.stack, original, original)


def test_a_lagging_world_answers_what_was_before() -> None:
    with Lab() as lab:
        iam = lab.root("iam")
        lab.gate.staleness.lag(5.0, lab.clock.passed)
        with pytest.raises(iam.exceptions.NoSuchEntityException):
            iam.get_role(RoleName="late")
        lab.gate.seeds.role("late", trust_service("ec2.amazonaws.com"))
        assert iam.get_role(RoleName="late")["Role"]["RoleName"] == "late"
        iam.update_role(RoleName="late", Description="new", MaxSessionDuration=7200)
        assert iam.get_role(RoleName="late")["Role"]["MaxSessionDuration"] == 3600
        lab.clock.advance(6)
        assert iam.get_role(RoleName="late")["Role"]["MaxSessionDuration"] == 7200
