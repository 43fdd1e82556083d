from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ekswiz.errors import InputError
from ekswiz.tiers import Tiers, Wish, choose
from ekswiz_sim.containers import settle, tier
from unit.registry.room import running

pytest.importorskip("docker", reason="the docker SDK (pip install 'ekswiz[full]') is not installed")


def test_whether_the_engine_reaches_the_registry_is_tried(facts: Any, tmp_path: Path) -> None:
    assert not tier.reached(facts, "127.0.0.1:9")
    with running(tmp_path) as room:
        assert tier.reached(facts, room.host)


def test_the_table_names_the_engine_and_the_base(facts: Any) -> None:
    rows = {row["part"]: row for row in tier.rows(Tiers(images="docker", base_image="mine:1"))}

    assert list(rows) == ["images", "pods"]
    assert rows["images"]["why"] == facts.sentence()
    assert rows["images"]["real"].endswith("FROM is mine:1")
    assert [row["part"] for row in tier.rows(Tiers(images="docker", cluster="kind"))] == ["images"]


def test_a_base_image_is_for_docker_alone() -> None:
    assert choose(Wish(images="docker", base_image="mine:1")).base_image == "mine:1"
    assert choose(Wish(full=True, base_image="mine:1")).base_image == "mine:1"
    with pytest.raises(InputError, match="--base-image: only Docker takes a base image"):
        choose(Wish(base_image="mine:1"))


def test_steps_hear_of_the_engine_the_world_and_the_base(facts: Any) -> None:
    home = Path("/tmp/ekswiz-sim-x")

    assert tier.step_environment(Tiers(images="docker", base_image="mine:1"), home) == {
        "EKSWIZ_ENGINE": facts.address,
        "EKSWIZ_WORLD": "ekswiz-sim-x",
        "EKSWIZ_BASE_IMAGE": "mine:1",
    }


def test_an_engine_that_is_gone_keeps_the_note(tmp_path: Path) -> None:
    left = settle.settle(tmp_path, {"address": f"unix://{tmp_path}/none.sock", "registry": "127.0.0.1:9"})

    later = "the next rehearsal removes them once the engine runs"
    assert left == [
        f"containers of {tmp_path.name} at unix://{tmp_path}/none.sock: no such file or directory ({later})"
    ]


def test_the_embedded_tier_loads_nothing_of_this() -> None:
    program = "import sys, ekswiz_sim.world, ekswiz_sim.entry, ekswiz_sim.alternatives\n"
    program += "print([name for name in sys.modules if name.split('.')[0] == 'docker' or '.containers' in name])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
