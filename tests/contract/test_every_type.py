"""One contract for every resource of the blueprint, through boto3 and the gate, under the printed operator policy.

Plan shows create; apply; the plan is empty; each attribute drifts, is shown and repaired; deleting one object makes the
next plan show exactly that; applying again re-creates it; destroy; apply once more.

With `EKSWIZ_AWS_VERIFIED=1` and a profile, the test marked `aws_verified` does the same in a real account. See
docs/testing.md: that has never been done.
"""

from __future__ import annotations

import dataclasses
import gc
import os
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chaos.lab import Lab, server
from chaos.meddling import delete, lives, modify, signs, touched
from chaos.normal import differences, normal
from contract.mutators import COUPLED, kind, uncovered, ways
from ekswiz.answers import Answers
from ekswiz.blueprint import blueprint
from ekswiz.operator_policy import operator_policy
from ekswiz.plan import Plan
from ekswiz.resource import Resource
from ekswiz.risks import KINDS
from ekswiz.session import Session
from ekswiz.target import Target
from unit.engine.fakes import ANSWERS

# The worlds drop connections that clients keep alive; their sockets go with the collection.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
NEW = dataclasses.replace(ANSWERS, create_cluster=True, cluster="fresh", account="444455556666")
STACKS = {"existing": ANSWERS, "new": NEW}
FINE = ("started", "applied", "progress", "log")
VERIFIED = os.environ.get("EKSWIZ_AWS_VERIFIED") == "1"


def planned(answers: Answers) -> list[Resource[Any]]:
    """What ekswiz makes: everything but what must exist and what it only offers to change."""
    return [r for r in blueprint(answers) if r.tenure not in ("external", "offered") and not _looked_up(r)]


def _looked_up(resource: Resource[Any]) -> bool:
    """Facts of a region (its zones) are read and never made."""
    return not any(resource.permissions.get(verb) for verb in ("create", "update", "delete")) and kind(
        resource
    ) not in ("namespace", "deployer_rbac", "repository_file", "load_balancer")


EVERY = [pytest.param(stack, r.address, id=f"{stack}-{r.address}") for stack, a in STACKS.items() for r in planned(a)]
DRIFTS = [
    pytest.param(stack, r.address, attribute, id=f"{stack}-{r.address}-{attribute}")
    for stack, answers in STACKS.items()
    for r in planned(answers)
    for attribute in ways(r)
    if stack == "existing" or r.address not in {one.address for one in planned(ANSWERS)}
]


class Stack:
    """An applied stack that tests of one module share; one that a failed test left broken is made anew."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.desired = blueprint(answers, delete_images=True, delete_protected=True)
        self.lab = Lab(answers, policy=operator_policy(answers))
        self.empty = normal(self.lab.snapshot())
        self.first = self.plan()
        self.apply()
        self.whole = normal(self.lab.snapshot())

    def plan(self) -> Plan:
        return self.lab.plan()

    def apply(self) -> None:
        session, target = self.lab.session(), self.lab.target()
        bad = [e for e in session.apply(session.plan(target), target, threading.Event()) if e.type not in FINE]
        assert not bad, "; ".join(f"{e.type} {e.address}: {e.message}" for e in bad)

    def destroy(self) -> None:
        bad = [e for e in self.lab.run_destroy() if e.type not in FINE]
        assert not bad, "; ".join(f"{e.type} {e.address}: {e.message}" for e in bad)

    def resource(self, address: str) -> Resource[Any]:
        return next(r for r in self.desired if r.address == address)


_made: dict[str, Stack] = {}


@pytest.fixture(scope="module", autouse=True)
def _server() -> Iterator[None]:
    yield
    for stack in _made.values():
        stack.lab.close()
    _made.clear()
    server().close()
    server.cache_clear()
    gc.collect()


def stack(name: str) -> Stack:
    """The applied stack, whole."""
    if name in _made and _made[name].plan().pending:
        _made.pop(name).lab.close()
    if name not in _made:
        _made[name] = Stack(STACKS[name])
    return _made[name]


@cache
def attributes_without_a_way(name: str) -> dict[str, set[str]]:
    return {r.address: uncovered(r) for r in planned(STACKS[name])}


@pytest.mark.parametrize(("name", "address"), EVERY)
def test_every_attribute_has_its_way_to_drift_or_a_reason(name: str, address: str) -> None:
    assert attributes_without_a_way(name)[address] == set()


@pytest.mark.parametrize("name", STACKS)
def test_plan_shows_create_apply_makes_it_and_the_next_plan_is_empty(name: str) -> None:
    here = stack(name)
    made = {change.address for change in here.first.changes if change.action.value == "+"}
    assert made == {resource.address for resource in planned(here.answers)}
    assert here.plan().pending == ()
    assert set(lives(here.lab.as_root(), here.desired)) >= made


@pytest.mark.parametrize(("name", "address", "attribute"), DRIFTS)
def test_drift_of_an_attribute_is_shown_and_repaired(name: str, address: str, attribute: str) -> None:
    here = stack(name)
    mine = here.resource(address)
    modify(here.lab.as_root(), here.desired, address, attribute)
    plan = here.plan()
    if mine.tenure == "kept":
        assert signs(plan) == {}
        delete(here.lab.as_root(), here.desired, address)
        here.apply()
        return
    replaced = attribute in mine.replaces
    found = signs(plan)
    assert found.pop(address) == ("±" if replaced else "~")
    assert set(found) <= (touched(here.desired, {address}) if replaced else set())
    change = next(c for c in plan.changes if c.address == address).to_json()
    moved = {key for key in change["after"] if change["before"].get(key) != change["after"][key]}
    assert {attribute} <= moved <= {attribute} | COUPLED.get((kind(mine), attribute), frozenset())
    here.apply()
    assert here.plan().pending == ()
    assert differences(here.whole, normal(here.lab.snapshot())) == []


@pytest.mark.parametrize(("name", "address"), EVERY)
def test_deleting_one_object_makes_the_plan_show_exactly_that(name: str, address: str) -> None:
    here = stack(name)
    root = here.lab.as_root()
    before = set(lives(root, here.desired))
    delete(root, here.desired, address)
    gone = before - set(lives(root, here.desired))
    assert address in gone
    found = signs(here.plan())
    assert {a: sign for a, sign in found.items() if a in gone} == dict.fromkeys(gone, "+")
    assert set(found) - gone <= touched(here.desired, gone)
    here.apply()
    assert here.plan().pending == ()
    assert differences(here.whole, normal(here.lab.snapshot())) == []


@pytest.mark.parametrize("name", STACKS)
def test_destroy_leaves_nothing_and_apply_makes_the_same_again(name: str) -> None:
    here = stack(name)
    here.destroy()
    left = [line for line in differences(here.empty, normal(here.lab.snapshot())) if "aws-service-role" not in line]
    assert left == []
    here.apply()
    assert differences(here.whole, normal(here.lab.snapshot())) == []


@pytest.mark.aws_verified
@pytest.mark.skipif(not VERIFIED, reason="needs EKSWIZ_AWS_VERIFIED=1 and a profile of an account made for this")
def test_a_whole_life_in_a_real_account(tmp_path: Path) -> None:
    """The same life by the same code; costs money, and takes as long as AWS takes."""
    answers, target = real(tmp_path)
    session = Session(
        answers, state_dir=tmp_path / "state", allow_risks=frozenset(kind_.id for kind_ in KINDS if kind_.consent)
    )
    try:
        _applied(session, target)
        assert session.plan(target).pending == ()
        for resource in planned(answers):
            for attribute in ways(resource):
                modify(target, blueprint(answers), resource.address, attribute)
                assert resource.address in signs(session.plan(target)) or resource.tenure == "kept"
                _applied(session, target)
    finally:
        events = list(session.destroy(target, threading.Event()))
    assert [e for e in events if e.type not in FINE] == []
    assert session.destroy_plan(target).pending == ()


def _applied(session: Session, target: Target) -> None:
    events = list(session.apply(session.plan(target), target, threading.Event()))
    assert [e for e in events if e.type not in FINE] == []


def real(tmp_path: Path) -> tuple[Answers, Target]:
    """The account that the environment names, and answers that fit it."""
    from ekswiz import answers_file
    from ekswiz.clients.aws_clients import aws_target

    answers = answers_file.load(Path(os.environ["EKSWIZ_AWS_ANSWERS"]))
    (tmp_path / "checkout").mkdir()
    profile = os.environ["EKSWIZ_AWS_PROFILE"]
    return answers, aws_target(profile, answers.region, answers.account, tmp_path / "checkout")
