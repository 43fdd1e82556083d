"""An existing cluster that does not let anybody in: the switch to access entries, the temporary way in, the policy."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz.events import Event
from ekswiz.plan import Action
from ekswiz_sim import snapshot
from rehearsal.worlds import Place, open_place

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def opened(folder: Path, **changes: Any) -> Iterator[Place]:
    with open_place(folder, **changes) as place:
        yield place
    gc.collect()


@pytest.fixture
def shut(tmp_path: Path) -> Iterator[Place]:
    """The operator has no rights in the cluster, and consents to a temporary way in."""
    for place in opened(tmp_path, operator_access=True):
        operator = f"arn:aws:iam::{place.answers.account}:user/operator"
        place.world.root("eks").delete_access_entry(clusterName=place.answers.cluster, principalArn=operator)
        yield place


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Place]:
    """A cluster from before access entries; the answers consent to the switch and to the way in."""
    for place in opened(tmp_path, migrate_access=True, operator_access=True):
        config_map(place)
        yield place


def config_map(place: Place) -> None:
    name, role = place.answers.cluster, f"arn:aws:iam::{place.answers.account}:role/ekswiz-sim-cluster"
    place.world.parts.eks.seed(name, place.world.cluster_endpoint(name), role_arn=role, mode="CONFIG_MAP")


def bad(events: list[Event]) -> dict[str, str]:
    return {event.address: event.message for event in events if event.type in ("failed", "skipped", "stopped")}


def entries(place: Place) -> list[str]:
    found = place.world.root("eks").list_access_entries(clusterName=place.answers.cluster)["accessEntries"]
    return [arn.rpartition("/")[2] for arn in found]


def actions(place: Place) -> dict[str, Action]:
    return {change.address: change.action for change in place.plan().changes}


def test_the_way_in_is_planned_made_and_taken_away(shut: Place) -> None:
    # given an operator whom the cluster does not know, when it is planned
    planned = actions(shut)
    assert planned["operator_access.open"] is Action.CREATE
    assert planned["operator_access.close"] is Action.UPDATE
    assert planned["namespace.app"] is Action.CREATE
    assert "operator-admin" in {risk.id for change in shut.plan().changes for risk in change.risks}
    # when it is applied: everything is made, and the operator is out again
    assert not bad(shut.apply())
    assert entries(shut) == [shut.answers.deploy_role]
    # and the next plan wants nothing; what it cannot see it says
    assert shut.plan().pending == ()
    assert actions(shut)["namespace.app"] is Action.UNKNOWN


def test_it_is_taken_away_after_a_failure_too(shut: Place) -> None:
    # given that the deploy role's entry cannot be made, nor anything in the namespace
    shut.world.parts.gate.faults.add("iam", "CreateRole", "AccessDenied", 2)
    events = shut.apply()
    assert "iam_role.deploy" in bad(events)
    assert entries(shut) == []
    assert "operator_access.close" in {event.address for event in events if event.type == "applied"}


def test_what_a_stopped_run_left_open_is_closed_by_the_next(shut: Place) -> None:
    stop, session = threading.Event(), shut.session()
    for event in session.apply(session.plan(shut.target), shut.target, stop):
        if event.type == "applied" and event.address == "operator_access.open":
            stop.set()
    assert "operator" in entries(shut)
    # the next plan knows it as its own, and closes it after the work is done
    planned = actions(shut)
    assert planned["operator_access.open"] is Action.KEEP
    assert planned["operator_access.close"] is Action.UPDATE
    assert not bad(shut.apply())
    assert entries(shut) == [shut.answers.deploy_role]
    assert shut.plan().pending == ()


def test_an_operator_who_is_known_needs_no_way_in(tmp_path: Path) -> None:
    for place in opened(tmp_path, operator_access=True):
        before = place.world.snapshot()
        planned = actions(place)
        assert planned["operator_access.open"] is planned["operator_access.close"] is Action.KEEP
        assert not bad(place.apply())
        assert entries(place) == [place.answers.deploy_role, "operator"]
        _, events = place.destroy()
        assert not bad(events)
        assert snapshot.differences(before, place.world.snapshot()) == []


def test_without_consent_the_operator_stays_out(tmp_path: Path) -> None:
    for place in opened(tmp_path):
        operator = f"arn:aws:iam::{place.answers.account}:user/operator"
        place.world.root("eks").delete_access_entry(clusterName=place.answers.cluster, principalArn=operator)
        assert actions(place)["namespace.app"] is Action.UNKNOWN
        assert "could not be read" in bad(place.apply())["namespace.app"]
        assert entries(place) == []


def test_an_old_cluster_learns_access_entries_with_consent(old: Place) -> None:
    plan = old.plan()
    switch = next(change for change in plan.changes if change.address == "access_mode.main")
    assert switch.action is Action.UPDATE
    assert [risk.id for risk in switch.risks] == ["access-mode"]
    assert not bad(old.apply())
    found = old.world.root("eks").describe_cluster(name=old.answers.cluster)["cluster"]
    assert found["accessConfig"]["authenticationMode"] == "API_AND_CONFIG_MAP"
    assert entries(old) == [old.answers.deploy_role]
    assert old.plan().pending == ()
    # it stays when the stack goes: there is no way back
    kept = {change.address: change for change in old.session().destroy_plan(old.target).changes}["access_mode.main"]
    assert kept.action is Action.KEEP


def test_without_consent_an_old_cluster_is_left_alone(tmp_path: Path) -> None:
    for place in opened(tmp_path):
        config_map(place)
        plan = place.plan()
        assert "access_mode.main" not in {change.address for change in plan.changes}
        risks = {risk.id: risk.sentence for change in plan.changes for risk in change.risks}
        assert "migrate_access" in risks["config-map"]
        place.apply()
        found = place.world.root("eks").describe_cluster(name=place.answers.cluster)["cluster"]
        assert found["accessConfig"]["authenticationMode"] == "CONFIG_MAP"


def policies(place: Place) -> list[dict[str, Any]]:
    role = f"arn:aws:iam::{place.answers.account}:role/{place.answers.deploy_role}"
    where = {"clusterName": place.answers.cluster, "principalArn": role}
    found = place.world.root("eks").list_associated_access_policies(**where)["associatedAccessPolicies"]
    return [dict(policy["accessScope"]) for policy in found]


def test_the_edit_policy_reaches_one_namespace_and_drift_of_it_is_put_right(tmp_path: Path) -> None:
    for place in opened(tmp_path, rights="edit"):
        scope = {"type": "namespace", "namespaces": [place.answers.namespace]}
        change = next(c for c in place.plan().changes if c.address == "access_policy.deploy")
        assert [risk.id for risk in change.risks] == ["edit-policy"]
        assert not bad(place.apply())
        assert policies(place) == [scope]
        assert place.plan().pending == ()
        # given that somebody took it off: exactly that is planned
        role = f"arn:aws:iam::{place.answers.account}:role/{place.answers.deploy_role}"
        policy = {"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"}
        where = {"clusterName": place.answers.cluster, "principalArn": role, **policy}
        place.world.root("eks").disassociate_access_policy(**where)
        assert {c.address: c.action for c in place.plan().pending} == {"access_policy.deploy": Action.CREATE}
        assert not bad(place.apply())
        # given that somebody made it reach the whole cluster
        place.world.root("eks").associate_access_policy(**where, accessScope={"type": "cluster"})
        planned = {c.address: c.action for c in place.plan().pending}
        assert planned["access_policy.deploy"] is Action.UPDATE
        allowed = frozenset({"drops-cluster-admin"})
        session = place.session(allow_risks=allowed)  # type: ignore[arg-type]  # consents are not all flags
        assert not bad(list(session.apply(session.plan(place.target), place.target, threading.Event())))
        assert policies(place) == [scope]
        _, events = place.destroy()
        assert not bad(events)
        assert entries(place) == ["operator"]
