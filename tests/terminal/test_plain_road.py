"""The wizard in lines, for real: answers from a pipe, a simulated account, everything made, rehearsed and removed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from terminal.terminal import own_environment

ANSWERS = ("1", "d", "1", "a", "3333", "2", "4", "a", "yes", "yes", "3333", "q")
"""Set up with all defaults, look at a change, apply; rehearse; remove, agreeing to both kinds of loss; quit."""


def test_the_whole_road_from_a_pipe(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ekswiz.main", "--sim", "--plain", "--sample"]

    done = subprocess.run(
        command, input="".join(f"{one}\n" for one in ANSWERS), capture_output=True, text=True, timeout=180, check=False,
        cwd=tmp_path, env=own_environment(tmp_path),
    )  # fmt: skip

    said = done.stdout
    assert (done.returncode, done.stderr) == (0, ""), said
    assert "Step 4 of 4: Target. Where does it run?" in said
    assert "acme/hello-eks can deploy from main." in said
    assert "ok  the roles exist, and their trust is what the plan says" in said
    assert "62 tries by 20 principals, all as intended" in said
    assert "ok  Everything works as intended." in said
    assert "objects removed in" in said
    assert "\x1b" not in said
