"""How little a plan asks, and what the zones and address ranges are made of."""

import dataclasses
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ekswiz.engine.shared_reads import sharing
from ekswiz.errors import InputError
from ekswiz.resources.availability_zones import assigned
from ekswiz.resources.network import carve, network
from unit.engine.fakes import ANSWERS, bare_target
from unit.network.room import Room, opened


def test_a_plan_asks_each_question_once(made: Room) -> None:
    made.called.clear()
    made.plan()
    assert Counter(made.called) == {
        "DescribeVpcs": 1, "DescribeVpcAttribute": 2, "DescribeSubnets": 1, "DescribeInternetGateways": 1,
        "DescribeRouteTables": 1, "DescribeAddresses": 1, "DescribeNatGateways": 1, "DescribeAvailabilityZones": 1,
        "DescribeInstanceTypeOfferings": 1,
    }  # fmt: skip


class Slow:
    """A client whose calls wait for each other, and whose first call may fail."""

    def __init__(self, fails: int = 0) -> None:
        self.calls = 0
        self.fails = fails
        self.gate = threading.Event()

    def describe_things(self, **given: Any) -> dict[str, Any]:
        self.calls += 1
        self.gate.wait(5)
        if self.calls <= self.fails:
            raise ValueError("not now")
        return {"given": given}

    def create_thing(self) -> int:
        self.calls += 1
        return self.calls


def _shared(client: Slow) -> Any:
    return sharing(dataclasses.replace(bare_target(), aws=lambda _: client)).aws("ec2")


def test_who_asks_the_same_at_the_same_time_gets_the_same_answer() -> None:
    client = Slow()
    shared = _shared(client)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(shared.describe_things, Filters=["a"]) for _ in range(4)]
        client.gate.set()
        assert [each.result() for each in asked] == [{"given": {"Filters": ["a"]}}] * 4
    assert client.calls == 1
    assert shared.describe_things(Filters=["b"]) == {"given": {"Filters": ["b"]}}
    assert client.calls == 2


def test_a_failed_question_is_asked_again_and_a_change_is_never_shared() -> None:
    client = Slow(fails=1)
    client.gate.set()
    shared = _shared(client)
    with pytest.raises(ValueError, match="not now"):
        shared.describe_things()
    assert shared.describe_things() == {"given": {}}
    assert [shared.create_thing(), shared.create_thing()] == [3, 4]


@pytest.mark.parametrize(
    ("used", "suitable", "wanted", "expected"),
    [
        ({}, ["a", "b", "c"], 2, ("a", "b")),
        ({}, ["a", "b", "c"], 3, ("a", "b", "c")),
        ({1: "c"}, ["a", "b", "c"], 2, ("c", "a")),
        ({2: "b"}, ["a", "b", "c"], 3, ("a", "b", "c")),
        ({1: "z"}, ["a", "b"], 2, ("z", "a")),
        ({}, ["a"], 2, ("a",)),
    ],
)
def test_a_zone_in_use_stays_and_the_others_take_what_is_free(
    used: dict[int, str], suitable: list[str], wanted: int, expected: tuple[str, ...]
) -> None:
    assert assigned(used, suitable, wanted) == expected


def test_zones_in_which_eks_makes_no_clusters_are_left_out(loop: Any) -> None:
    for room in opened(loop, "us-east-1", zones=3):
        made = room.plan([each for each in room.resources if each.address == "availability_zones.main"])
        (change,) = made.changes
        assert change.before is not None
        listed = room.root.describe_availability_zones()["AvailabilityZones"]
        ids = {zone["ZoneName"]: zone["ZoneId"] for zone in listed}
        assert "use1-az3" in ids.values()
        assert len(change.before["zones"]) == 3
        assert "use1-az3" not in {ids[name] for name in change.before["zones"]}


@pytest.mark.parametrize(
    "cidr", ["8.8.0.0/16", "192.168.0.0/26", "10.0.0.0/8", "192.168.0.1/16", "nonsense", "fd00::/16"]
)
def test_an_unusable_network_is_refused_by_its_field(cidr: str) -> None:
    with pytest.raises(InputError) as refused:
        carve(cidr)
    assert refused.value.field == "vpc_cidr"


def test_the_parts_of_a_network_do_not_overlap_and_are_the_same_for_two_zones_and_three() -> None:
    def ranges(zones: int) -> dict[str, str]:
        found = network(dataclasses.replace(ANSWERS, zones=zones))
        return {each.address: each.desired.cidr for each in found if each.address.startswith("subnet")}

    two, three = ranges(2), ranges(3)
    assert two.items() <= three.items()
    assert len(set(three.values())) == 6
