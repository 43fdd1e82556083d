"""Make the pictures of the documentation anew, by the very tests that compare them: docs/pictures/*.svg and *.txt."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = "tests/unit/tui_snapshots/test_every_screen.py"


def main(arguments: list[str]) -> int:
    """Run the tests with the permission to write; what has changed is git's to tell."""
    environ = {**os.environ, "EKSWIZ_SNAPSHOTS": "update"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS, *arguments]
    code = subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode
    print(f"{len(list((ROOT / 'docs' / 'pictures').glob('*.svg')))} pictures in docs/pictures")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
