from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ekswiz import saved
from ekswiz.engine.experience import estimate, medians
from ekswiz.engine.journal import FileJournal
from ekswiz.engine.last_run import load
from ekswiz.errors import Exit, InputError, StalePlan
from ekswiz.flag import StopFlag
from ekswiz.frontend import Choice, Given
from ekswiz.main import ekswiz
from ekswiz.operator_policy import operator_policy
from ekswiz.plan import Action
from ekswiz.session import BoundSession, Session
from ekswiz.state import Estimate
from unit.engine.fakes import ANSWERS, World, aws_error, change, world


class SilentSts:
    """STS that says nothing: these tests are not about permissions."""

    def get_caller_identity(self) -> None:
        raise aws_error("AccessDenied", "no", "GetCallerIdentity", 403)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "checkout").mkdir()
    with world(tmp_path / "checkout") as made:
        made.clients = {**made.clients, "sts": SilentSts()}
        yield made


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(ANSWERS, state_dir=tmp_path / "state", delete_images=True)


class Desk:
    """The application of the command line, over the fake world."""

    def __init__(self, session: Session, here: World) -> None:
        self.session, self.here = session, here
        self.policy: Mapping[str, Any] | None = None

    @contextmanager
    def road(self, given: Given, choice: Choice) -> Iterator[BoundSession]:
        yield self.session.bind(self.here.target())

    def operator_policy(self, given: Given, choice: Choice, *, self_check: bool = False) -> Mapping[str, Any]:
        return self.policy or operator_policy(ANSWERS, adopt=choice.adopt, self_check=self_check)

    def run(self, *arguments: str) -> Result:
        found = CliRunner().invoke(ekswiz, ["--sim", *arguments], obj=self, standalone_mode=False)
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found


@pytest.fixture
def desk(session: Session, here: World) -> Desk:
    return Desk(session, here)


def applied(session: Session, here: World, stop: Any = None) -> list[Any]:
    target = here.target()
    return list(session.apply(session.plan(target), target, stop or threading.Event()))


def how(session: Session, here: World) -> dict[str, str]:
    return {each.address: each.how for each in session.status(here.target()).moved}


def test_before_the_first_apply_everything_is_not_applied_and_nothing_is_there_to_resume(desk: Desk) -> None:
    found = desk.run("status")

    assert found.return_value == Exit.PENDING
    assert "no apply is recorded here" in found.output
    assert set(how(desk.session, desk.here).values()) == {"not applied"}
    assert "nothing to resume" in desk.run("resume").output


def test_after_an_apply_everything_is_in_place(desk: Desk) -> None:
    applied(desk.session, desk.here)

    found = desk.run("status")

    assert found.return_value == Exit.OK
    assert "Nothing moved since" in found.output
    assert "nothing to resume" in desk.run("resume").output


def test_each_movement_is_told_by_what_it_is(session: Session, here: World) -> None:
    applied(session, here)
    iam, ecr = here.clients["iam"], here.clients["ecr"]
    iam.update_role(RoleName=ANSWERS.push_role, MaxSessionDuration=7200)
    ecr.delete_repository(repositoryName=ANSWERS.ecr_repository)
    (here.checkout / ".github/workflows/deploy.yml").write_text("# mine\n")

    found = {each.address: each for each in session.status(here.target()).moved}

    assert found["ecr_repository.app"].how == "gone"
    assert found["iam_role.push"].how == "changed"
    assert "iam_role.push: session_seconds 3600 -> 7200" in found["iam_role.push"].lines
    files = [each for address, each in found.items() if address.startswith("repository_file.")]
    assert [each.how for each in files] == ["changed"]


def test_changed_answers_are_no_drift(session: Session, here: World) -> None:
    applied(session, here)

    found = how(replace(session, answers=replace(ANSWERS, branch="trunk")), here)

    assert found
    assert set(found.values()) == {"not applied"}


def test_an_object_of_the_same_name_that_somebody_else_made_is_said(session: Session, here: World) -> None:
    applied(session, here)
    iam, name = here.clients["iam"], ANSWERS.push_role
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role_policy(RoleName=name, PolicyName="ekswiz")
    iam.delete_role(RoleName=name)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))

    assert how(session, here)["iam_role.push"] == "replaced"


def test_status_as_json_is_data(desk: Desk) -> None:
    applied(desk.session, desk.here)
    desk.here.clients["ecr"].delete_repository(repositoryName=ANSWERS.ecr_repository)

    found = json.loads(desk.run("status", "--json").stdout)

    assert [each["address"] for each in found["moved"]] == ["ecr_repository.app"]
    assert found["stack"] == ANSWERS.stack


def test_a_damaged_record_is_not_believed(session: Session, here: World) -> None:
    applied(session, here)
    file = session._last_run_path
    file.write_text(file.read_text().replace("3600", "7200"))

    assert load(file, ANSWERS.stack) is None
    assert session.status(here.target()).since == ""
    assert how(session, here) == {}


def test_a_stopped_apply_goes_on_where_it_was(desk: Desk) -> None:
    stop = StopFlag()
    desk.here.before_call = lambda service, operation: stop.set() if operation == "create_role" else None
    events = applied(desk.session, desk.here, stop)
    assert "stopped" in {event.type for event in events}
    desk.here.before_call = lambda service, operation: None
    left = desk.session.unfinished()
    assert left is not None
    assert left.verb == "apply"
    assert left.left

    found = desk.run("resume")

    assert found.return_value == Exit.OK
    assert "Going on with the apply" in found.output
    assert desk.session.unfinished() is None
    assert how(desk.session, desk.here) == {}


def test_a_destroy_goes_on_as_a_destroy(desk: Desk) -> None:
    applied(desk.session, desk.here)
    stop, target = StopFlag(), desk.here.target()
    desk.here.before_call = lambda service, operation: stop.set() if operation == "delete_access_entry" else None
    list(desk.session.destroy(target, stop))
    desk.here.before_call = lambda service, operation: None
    left = desk.session.unfinished()
    assert left is not None
    assert left.verb == "destroy"

    found = desk.run("resume", "--delete-images")

    assert found.return_value == Exit.OK
    assert "Going on with the destroy" in found.output
    assert desk.here.clients["iam"].list_roles()["Roles"] == []
    assert desk.session.unfinished() is None


def test_a_change_in_flight_is_named_by_the_journal(desk: Desk) -> None:
    applied(desk.session, desk.here)
    journal = FileJournal.open(desk.session.journal_path, ANSWERS.stack)
    journal.begin(change("iam_role.push", Action.UPDATE), "token")
    journal.close()

    assert how(desk.session, desk.here)["iam_role.push"] == "in flight"
    assert "in flight   iam_role.push (update)" in desk.run("resume").output
    assert desk.session.unfinished() is None


def test_a_saved_plan_is_applied_as_it_stands(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    desk.run("plan", "--out", str(file))

    found = desk.run("apply", str(file))

    assert found.return_value == Exit.OK
    assert desk.session.plan(desk.here.target()).pending == ()


def test_a_saved_plan_is_refused_once_something_moved_and_nothing_is_changed(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    applied(desk.session, desk.here)
    iam = desk.here.clients["iam"]
    iam.update_role(RoleName=ANSWERS.push_role, MaxSessionDuration=7200)
    desk.run("plan", "--out", str(file))
    iam.update_role(RoleName=ANSWERS.push_role, MaxSessionDuration=10800)

    with pytest.raises(StalePlan, match=r"iam_role\.push: session_seconds 7200 -> 10800") as caught:
        desk.run("apply", str(file))

    assert caught.value.exit_code == Exit.STALE
    assert iam.get_role(RoleName=ANSWERS.push_role)["Role"]["MaxSessionDuration"] == 10800


def test_a_saved_plan_of_another_stack_is_refused(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    plan = replace(desk.session.plan(desk.here.target()), stack="other")
    saved.save(file, plan.to_json())

    with pytest.raises(InputError, match="stack: the saved plan is for other"):
        desk.run("apply", str(file))


def test_a_plan_shows_cost_time_and_permissions(desk: Desk) -> None:
    found = desk.run("plan").stdout

    assert "ecr_repository.app" in found
    assert "$0.10 a month" in found
    assert "cost: about $0.10 a month (730 h" in found
    assert "never timed on this machine" in found
    assert "IAM actions are needed; test yours with --permissions" in found


def test_the_operator_policy_is_printed_as_json(desk: Desk) -> None:
    plain = json.loads(desk.run("operator-policy").stdout)
    checking = json.loads(desk.run("operator-policy", "--self-check").stdout)

    assert plain == operator_policy(ANSWERS)
    assert checking["Statement"][-1]["Sid"] == "SelfCheck"


def test_a_policy_that_is_too_long_for_iam_is_printed_in_parts(desk: Desk) -> None:
    statement = {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "r" * 4000}
    desk.policy = {"Version": "2012-10-17", "Statement": [statement, {**statement, "Action": "iam:PassRole"}]}

    first, second = (desk.run("operator-policy", "--part", number) for number in ("1", "2"))
    with pytest.raises(InputError, match=r"comes in 2\. Print --part 1, --part 2"):
        desk.run("operator-policy")
    with pytest.raises(InputError, match="there are 2, not 3"):
        desk.run("operator-policy", "--part", "3")

    assert [json.loads(each.stdout)["Statement"][0]["Action"] for each in (first, second)] == [
        "iam:GetRole", "iam:PassRole",
    ]  # fmt: skip


def test_the_time_is_the_median_of_earlier_runs_along_the_longest_chain(tmp_path: Path, here: World) -> None:
    folder = tmp_path / "state" / "1-r"
    folder.mkdir(parents=True)
    for number, seconds in enumerate((10, 40, 100)):
        start = here.clock.now()
        times = iter([start, start, start + timedelta(seconds=seconds)])
        journal = FileJournal.open(folder / f"s{number}.jsonl", f"s{number}", lambda times=times: next(times))
        journal.end(journal.begin(change("fake.a"), "t"), None, None)
        journal.close()
    (folder / "broken.jsonl").write_text("nonsense\n")
    known = medians(tmp_path / "state")
    assert known == {("fake", "+"): 40.0}
    chain = (change("fake.a"), replace(change("fake.b"), needs=("fake.a",)), change("fake.c"))
    plan = replace(Session(ANSWERS, state_dir=tmp_path / "s").plan(here.target()), changes=chain)

    assert estimate(plan, known).sentence() == "time: about 80 s"
    other = replace(plan, changes=(*chain, change("slow.x")))
    assert estimate(other, known).sentence() == "time: about 80 s, and unknown for slow create"
    alone = replace(plan, changes=(change("slow.x"),))
    assert estimate(alone, known) == Estimate(None, ("slow create",))
    assert estimate(alone, known).sentence().startswith("time: unknown (slow create")
