"""The guide's own choice is one answers file: it loads, it validates, and it plans against the simulator."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from ekswiz import answers_file, cost
from ekswiz.operator_policy import operator_policy
from ekswiz.plan import Action
from ekswiz.session import Session
from ekswiz_sim.world import World

FILE = Path(__file__).resolve().parents[2] / "docs/guide-answers.toml"


def test_the_file_says_what_the_guide_chose() -> None:
    answers = answers_file.load(FILE)

    assert (answers.stack, answers.region, answers.create_cluster) == ("fastapi-demo", "us-east-1", True)
    assert (answers.node_type, answers.node_min, answers.node_max) == ("t3.medium", 2, 6)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_it_plans_against_the_simulator(tmp_path: Path) -> None:
    answers = answers_file.load(FILE)
    world = World.start(answers, operator_policy(answers))
    try:
        plan = Session(answers, state_dir=tmp_path / "state").plan(world.target(tmp_path))
    finally:
        world.close()
        gc.collect()

    made = {change.address: change.action for change in plan.changes}
    assert made["eks_cluster.main"] is Action.CREATE
    assert made["nodegroup.main"] is Action.CREATE
    assert Action.UNKNOWN not in made.values()
    lines = {line.address: line.figure for line in cost.of(plan)}
    assert (lines["eks_cluster.main"], lines["nodegroup.main"]) == ("73.00", "63.94")
    assert (lines["nat_gateway.main"], lines["elastic_ip.nat"]) == ("33.30", "3.65")
    assert cost.total(cost.of(plan))[1] == ()
