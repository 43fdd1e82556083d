"""A cluster takes minutes: whatever happens in them, there is one cluster, and the next run finishes."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.new_cluster import Place, failures, open_place
from ekswiz.plan import Action

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
CLUSTER = "platform-dev"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path) as place:
        yield place
    gc.collect()


def pending(place: Place, **changes: Any) -> dict[str, Action]:
    return {change.address: change.action for change in place.plan(**changes).pending}


def test_a_life_and_a_second_one(empty: Place) -> None:
    for _ in range(2):
        assert not failures(empty.apply())
        assert pending(empty) == {}
        assert not failures(empty.apply(made=empty.farewell()))
        assert empty.farewell().pending == ()
        assert empty.world.root("eks").list_clusters()["clusters"] == []
        assert set(pending(empty).values()) == {Action.CREATE}


@pytest.mark.parametrize("minute", range(1, 12))
def test_credentials_that_expire_in_any_minute_cost_nothing(tmp_path: Path, minute: int) -> None:
    with open_place(tmp_path) as place:
        faults = place.world.parts.gate.faults
        # given a session that ends in that minute
        place.world.clock.at(60.0 * minute, lambda: faults.add("*", "*", "ExpiredToken", 10_000))
        # when the stack is applied: the run ends, and names the way on
        first = failures(place.apply())
        assert "ekswiz resume" in " ".join(first.values())
        # when somebody has signed in again: it ends well
        faults.clear()
        assert not failures(place.apply())
        # then there was one creation of everything, and nothing is left to do
        assert place.calls["CreateCluster"] == 1
        assert place.calls["CreateNodegroup"] == 1
        assert pending(place) == {}
    gc.collect()


def test_a_stop_while_waiting_returns_at_once_and_the_next_run_finishes(empty: Place) -> None:
    stop, stopped = threading.Event(), 0.0
    events = []
    for event in empty.stream(stop):
        events.append(event)
        if not stopped and "CREATING" in event.message and event.address == "eks_cluster.main":
            stopped = time.monotonic()
            stop.set()
    assert stopped
    assert time.monotonic() - stopped < 2
    assert "stopped" in {event.type for event in events if event.address == "eks_cluster.main"}
    # the cluster is on its way, and found as ours
    assert empty.change("eks_cluster.main").action is Action.UPDATE
    assert not failures(empty.apply())
    assert empty.calls["CreateCluster"] == 1
    assert pending(empty) == {}


def test_a_stop_while_a_cluster_goes_is_taken_up_again(empty: Place) -> None:
    assert not failures(empty.apply())
    stop = threading.Event()
    for event in empty.stream(stop, empty.farewell()):
        if "being deleted" in event.message and event.address == "eks_cluster.main":
            stop.set()
    assert empty.change("eks_cluster.main").action is Action.REPLACE
    assert not failures(empty.apply(made=empty.farewell()))
    assert empty.calls["DeleteCluster"] == 1
    assert empty.farewell().pending == ()


def test_somebody_elses_cluster_of_our_name_is_not_touched(empty: Place) -> None:
    assert not failures(empty.apply())
    # given that its tag is gone
    found = empty.world.root("eks").describe_cluster(name=CLUSTER)["cluster"]
    empty.world.root("eks").untag_resource(resourceArn=found["arn"], tagKeys=["ekswiz:stack"])
    # then nothing is changed, and destroy leaves it
    change = empty.change("eks_cluster.main", endpoint_cidrs="10.0.0.0/8")
    assert "foreign-object" in {risk.id for risk in change.risks}
    assert "--adopt" in failures(empty.apply(endpoint_cidrs="10.0.0.0/8"))["eks_cluster.main"]
    assert empty.world.root("eks").describe_cluster(name=CLUSTER)["cluster"] == found | {
        "tags": {key: value for key, value in found["tags"].items() if key != "ekswiz:stack"}
    }
    kept = {each.address: each for each in empty.farewell().changes}
    assert kept["eks_cluster.main"].action is Action.KEEP
