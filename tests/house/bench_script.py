"""The same objects by `ekswiz apply` and by AWS CLI commands one by one: the script that `ekswiz export bash` writes.

Both are whole processes against the same world, each from an empty account, without any latency added; the script's
guards are part of it. Without the AWS CLI it says so and measures nothing.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

sys.path[:0] = [str(Path(__file__).parents[1])]

from rehearsal.script_world import ACCOUNT, World, aws_cli, world_up  # noqa: E402 - the line above makes it importable

RUNS = 3
NOTHING = "Nothing to do."


def measured(world: World, make: Callable[[], CompletedProcess[str]]) -> float:
    """Seconds until everything is made; it is all removed again afterwards."""
    began = time.monotonic()
    done = make()
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    assert NOTHING in world.ekswiz("--sim", "plan").stdout
    assert world.ekswiz("--sim", "destroy", "--yes").returncode == 0
    return seconds


def main() -> int:
    """Measure and print."""
    aws = aws_cli()
    if aws is None:
        print("ekswiz beside the AWS CLI: not run: the AWS CLI is not installed (or name it with EKSWIZ_AWS_CLI)")
        return 0
    with tempfile.TemporaryDirectory() as folder, world_up(Path(folder), aws) as world:
        world.export()
        ways = {
            "ekswiz apply": lambda: world.ekswiz("--sim", "apply", "--yes"),
            "AWS CLI, one by one": lambda: world.script("--yes", "--account", ACCOUNT),
        }
        found = {name: statistics.median(measured(world, way) for _ in range(RUNS)) for name, way in ways.items()}
    figures = {name: round(seconds, 2) for name, seconds in found.items()}
    ratio = round(found["ekswiz apply"] / found["AWS CLI, one by one"], 3)
    print(json.dumps({"seconds, median": figures, "ekswiz / AWS CLI": ratio}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
