from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekswiz_sim.kubernetes.embedded.controllers import rolling, templates
from ekswiz_sim.kubernetes.embedded.controllers.objects import selects
from ekswiz_sim.kubernetes.embedded.controllers.quantity import amount

SIZES = st.one_of(st.integers(0, 4), st.sampled_from(["0%", "25%", "50%", "100%"]))


def deployment(replicas: int, surge: int | str, unavailable: int | str) -> dict[str, Any]:
    rolling_update = {"maxSurge": surge, "maxUnavailable": unavailable}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling_update}
    return {"metadata": {"name": "web"}, "spec": {"replicas": replicas, "strategy": strategy}}


def replica_set(name: str, wanted: int, available: int) -> dict[str, Any]:
    meta = {"name": name, "creationTimestamp": name}
    return {"metadata": meta, "spec": {"replicas": wanted}, "status": {"availableReplicas": available}}


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (4, "25%", "25%", (1, 1)),
        (2, "25%", "25%", (1, 0)),
        (10, "30%", "30%", (3, 3)),
        (3, 0, 0, (0, 1)),
        (1, 1, 5, (1, 1)),
        (0, "25%", "25%", (0, 0)),
    ],
)
def test_bounds(replicas: int, surge: int | str, unavailable: int | str, expected: tuple[int, int]) -> None:
    assert rolling.bounds(deployment(replicas, surge, unavailable)) == expected


@given(st.integers(1, 9), SIZES, SIZES)
@settings(max_examples=60, deadline=None)
def test_a_rollout_ends_and_keeps_its_bounds(replicas: int, surge: int | str, unavailable: int | str) -> None:
    """Every pod that is asked for becomes available one step later."""
    one = deployment(replicas, surge, unavailable)
    more, less = rolling.bounds(one)
    new, old = replica_set("b", 0, 0), replica_set("a", replicas, replicas)
    for _ in range(60):
        grown = rolling.new_size(one, [old, new], rolling.wanted(new))
        if grown != rolling.wanted(new):
            new = replica_set("b", grown, rolling.available(new))
        else:
            size = rolling.old_sizes(one, new, [old])["a"]
            old = replica_set("a", size, min(size, rolling.available(old)))
        assert rolling.wanted(new) + rolling.wanted(old) <= replicas + more
        assert rolling.available(new) + rolling.available(old) >= replicas - less
        if (rolling.wanted(new), rolling.wanted(old)) == (replicas, 0):
            return
        new = replica_set("b", rolling.wanted(new), rolling.wanted(new))
    pytest.fail("the rollout stands still")


def test_a_broken_new_version_takes_no_more_than_it_may() -> None:
    one = deployment(4, "25%", "25%")
    new, old = replica_set("b", 1, 0), replica_set("a", 4, 4)
    sizes = rolling.old_sizes(one, new, [old])
    assert sizes == {"a": 3}
    old = replica_set("a", 3, 3)
    assert rolling.new_size(one, [old, new], 1) == 2
    assert rolling.old_sizes(one, replica_set("b", 2, 0), [old]) == {"a": 3}


@given(st.integers(0, 12), st.lists(st.integers(1, 6), min_size=2, max_size=4))
@settings(max_examples=60, deadline=None)
def test_proportional_scaling_gives_out_all_and_no_more(replicas: int, sizes: list[int]) -> None:
    one = deployment(replicas, 1, 0)
    sets = [replica_set(str(index), size, size) for index, size in enumerate(sizes)]

    made = rolling.proportional(one, sets)

    assert all(size >= 0 for size in made.values())
    assert sum(made.values()) == replicas + rolling.surge(one)


def test_templates_are_the_same_whatever_their_hash() -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}
    made = templates.labelled(template, templates.hash_of(template))

    assert templates.same(made, template)
    assert templates.hash_of(made) == templates.hash_of(template)
    assert templates.hash_of(template, 1) != templates.hash_of(template)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"key": "a", "operator": "In", "values": ["1"]}, True),
        ({"key": "a", "operator": "NotIn", "values": ["1"]}, False),
        ({"key": "b", "operator": "NotIn", "values": ["1"]}, True),
        ({"key": "a", "operator": "Exists"}, True),
        ({"key": "b", "operator": "DoesNotExist"}, True),
        ({"key": "a", "operator": "Sometimes"}, False),
    ],
)
def test_selectors(expression: dict[str, Any], expected: bool) -> None:
    assert selects({"matchExpressions": [expression]}, {"a": "1"}) is expected


@pytest.mark.parametrize(
    ("text", "number"), [("250m", 0.25), ("64Mi", 64 * 2**20), ("1e3", 1000), ("2", 2), ("5k", 5000)]
)
def test_quantities(text: str, number: float) -> None:
    assert float(amount(text)) == number


def test_what_is_no_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="quantities must match"):
        amount("many")
