"""The printed operator policy suffices, and nothing of it is superfluous: every action is taken away once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chaos.death import clean
from chaos.lab import Lab
from contract.permission_rounds import Rounds, named, needed, phase_of
from ekswiz.iam.parts import parts
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


def test_a_whole_life_of_the_longest_names_under_a_policy_in_parts() -> None:
    longest = replace(
        ANSWERS,
        account="555566667777",
        create_cluster=True,
        cluster="c" * 100,
        stack="s" * 40,
        ecr_repository="e" * 256,
        namespace="n" * 63,
    )
    policy = operator_policy(longest)
    assert len(parts(policy)) > 1
    with Lab(longest, policy=policy) as lab:
        clean(lab, "apply")
        assert lab.session().plan(lab.target()).pending == ()
        clean(lab, "destroy")
