"""What the sweep of stale reads found, each as the smallest test that failed before its fix.

The clock of these worlds is the worst one: whenever one thread waits, others have waited much longer.
"""

import dataclasses
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from chaos.death import Death, Killed, Killer, When, clean, run, tapped
from chaos.lab import Call, Lab, LabClock
from chaos.normal import differences, normal
from chaos.run import NEW
from ekswiz.clients.aws_errors import foreign
from ekswiz.engine.journal import FileJournal
from ekswiz.engine.patience import patiently
from ekswiz.errors import EkswizError, StalePlan, Transient
from ekswiz.plan import Action, Change
from ekswiz.resources import ec2
from ekswiz.target import Flag, Target
from unit.engine.fakes import VirtualClock

LAG = 9.0
JUMP = 40.0
UNSEEN = 3
"""So many listings do not show a new object."""
MAKES = (
    "CreateVpc", "CreateSubnet", "CreateInternetGateway", "AllocateAddress", "CreateNatGateway", "CreateRouteTable",
    "CreateRole", "CreateCluster",
)  # fmt: skip


def _restless(clock: LabClock, seconds: float, stop: Flag) -> bool:
    clock.waits.append(seconds)
    clock.advance(seconds + JUMP)
    return stop.wait(0.0)


class DeadAfter(Killer):
    """The process dies when the first call of this operation has had its effect."""

    def __init__(self, operation: str) -> None:
        super().__init__(Death("apply", "after", 0))
        self._operation = operation

    def before(self, call: Call) -> None:
        self.check()

    def after(self, call: Call) -> None:
        self.dead = self.dead or call.operation == self._operation
        self.check()

    def moment(self, when: When) -> None:
        self.check()


class DeadBefore(DeadAfter):
    """It dies when the call is about to be made."""

    def before(self, call: Call) -> None:
        self.dead = self.dead or call.operation == self._operation
        self.check()


def _die(lab: Lab, killer: Killer) -> None:
    with tapped(lab, killer), suppress(Killed, EkswizError):
        run(lab, "apply")
    assert killer.dead


@cache
def _whole() -> dict[str, Any]:
    """The world after an undisturbed apply."""
    with Lab(NEW) as lab:
        clean(lab, "apply")
        return normal(lab.snapshot())


def test_what_was_made_is_gone_on_with_however_long_reads_do_not_show_it() -> None:
    looks: Counter[str] = Counter()

    def late(target: Target, kind: ec2.Kind, stack: str) -> list[Mapping[str, Any]]:
        found = listed(target, kind, stack)
        looks.update(str(each[kind.id]) for each in found)
        return [each for each in found if looks[str(each[kind.id])] > UNSEEN]

    known = _whole()
    listed = ec2.listed
    with mock.patch.object(LabClock, "wait", _restless), mock.patch.object(ec2, "listed", late), Lab(NEW) as lab:
        lab.gate.staleness.lag(LAG, lab.clock.passed)
        clean(lab, "apply")
        assert max(looks.values()) > 1
        assert not differences(known, normal(lab.snapshot()))


@pytest.mark.parametrize("operation", MAKES)
def test_a_run_after_a_dead_one_makes_nothing_twice_while_reads_do_not_show_it(operation: str) -> None:
    known = _whole()
    with Lab(NEW) as lab:
        lab.gate.staleness.lag(LAG, lab.clock.passed)
        _die(lab, DeadAfter(operation))
        with suppress(StalePlan):  # what reads show changes meanwhile
            clean(lab, "apply")
        lab.clock.advance(LAG)
        clean(lab, "apply")
        lab.clock.advance(LAG)
        assert not differences(known, normal(lab.snapshot()))


def test_what_a_dead_run_made_long_ago_is_made_at_once_if_it_is_not_there() -> None:
    with Lab(NEW) as lab:
        _die(lab, DeadBefore("CreateVpc"))
        lab.clock.advance(ec2.SEEN_WITHIN)
        assert not [event for event in run(lab, "apply") if "a moment ago" in event.message]


def test_one_kind_of_wait_takes_nothing_from_the_next() -> None:
    clock, said = VirtualClock(), []
    seen = iter([("ec2:CreateRouteTable: InvalidVpcID.NotFound: The vpc ID 'vpc-1'", 25.0)] * 2
                + [("ec2:CreateRoute: InvalidRouteTableID.NotFound: The routeTable ID 'rtb-1'", 10.0)] * 2)  # fmt: skip

    def call() -> str:
        for detail, seconds in seen:
            clock.wait(seconds, threading.Event())
            raise Transient(detail, within=30.0)
        return "done"

    assert patiently(call, clock, threading.Event(), said.append) == "done"
    assert len(said) == 4


def test_one_kind_of_wait_has_an_end_whatever_its_words() -> None:
    clock, looks = VirtualClock(), []

    def call() -> str:
        looks.append(clock.now())
        raise Transient(f"iam:CreateRole: ServiceUnavailable: request {len(looks)} was not served.", within=30.0)

    with pytest.raises(Transient):
        patiently(call, clock, threading.Event(), lambda _: None)
    assert 30.0 <= (looks[-1] - looks[0]).total_seconds() <= 40.0


def test_a_protection_that_an_old_answer_still_shows_is_waited_for() -> None:
    with Lab(NEW) as lab:
        clean(lab, "apply")
        eks, name = lab.root("eks"), NEW.cluster
        shown = eks.describe_cluster(name=name)["cluster"]["deletionProtection"]
        with pytest.raises(eks.exceptions.InvalidParameterException) as raised:
            eks.update_cluster_config(name=name, deletionProtection=shown)
        assert isinstance(foreign(raised.value, "eks:UpdateClusterConfig"), Transient)


def test_an_open_intent_may_have_had_its_effect_as_late_as_anything_written(tmp_path: Path) -> None:
    clock = VirtualClock()
    journal = FileJournal.open(tmp_path / "j.jsonl", "payments", clock.now)
    change = Change("vpc.main", Action.CREATE, None, {}, needs=(), adopted=False, why="", cli="", permissions=())
    other = dataclasses.replace(change, address="subnet.public1")
    with closing(journal):
        journal.begin(change, "token")
        clock.wait(50.0, threading.Event())
        journal.end(journal.begin(other, "token"), None, "InvalidSubnet.Range")
        assert journal.making() == {"vpc.main": clock.now()}
