"""The printed operator policy suffices, and nothing of it is superfluous: every action is taken away once."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from contract.permission_rounds import Rounds, named, needed, phase_of
from ekswiz.operator_policy import operator_policy
from ekswiz_sim.world import World
from unit.engine.fakes import ANSWERS

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

EVERY = sorted(needed(ANSWERS), key=lambda action: (phase_of(action, ANSWERS) != "read", action))


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    world = World.start(ANSWERS, operator_policy(ANSWERS))
    try:
        yield Rounds.in_world(world, ANSWERS, tmp_path_factory.mktemp("rounds"))
    finally:
        world.close()
        gc.collect()


def test_every_action_that_is_needed_is_printed_and_nothing_else() -> None:
    printed = {action for statement in operator_policy(ANSWERS)["Statement"] for action in statement["Action"]}
    assert printed == set(EVERY)


def test_applying_and_destroying_with_exactly_the_printed_policy_succeeds(rounds: Rounds) -> None:
    rounds.bring(applied=True)
    rounds.bring(applied=False)


@pytest.mark.parametrize("action", EVERY)
def test_without_one_action_it_is_named(rounds: Rounds, action: str) -> None:
    said = rounds.without(action)
    named(action, said)
