"""The world's private folder, and the reaper that removes what a killed run left.

A folder names the process that owns it by pid and start time, so that a recycled pid is no alibi.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from ekswiz.errors import RehearsalError
from ekswiz_sim import holdings

PREFIX = "ekswiz-sim-"
OWNER = "owner.json"
GRACE_SECONDS = 60.0


def make() -> Path:
    """A new private folder (0700) for a world of this process; removes orphans first.

    Raises:
        RehearsalError: There is no folder for temporary files, or it cannot be written.
    """
    try:
        reap()
        home = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        (home / OWNER).write_text(json.dumps(owner()))
    except OSError as error:
        detail = f"there is no room for temporary files: {error.strerror or error}."
        raise RehearsalError(detail, "Name a folder that can be written: TMPDIR=/path/to/folder.") from error
    return home


def owner() -> dict[str, float]:
    """This process, told apart from a later one with its pid by its start time (seconds since the epoch)."""
    return {"pid": os.getpid(), "started": psutil.Process().create_time()}


def alive(held: Mapping[str, Any]) -> bool:
    """Whether the process that `owner` described still runs. A zombie does not: its parent only has not asked yet.

    Raises:
        KeyError, TypeError: That is no owner.
    """
    try:
        process = psutil.Process(held["pid"])
        same = abs(process.create_time() - held["started"]) < 1
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def remove(home: Path) -> list[str]:
    """Remove a world's folder; returns what could not be removed."""
    for folder, _, _ in os.walk(home):
        with contextlib.suppress(OSError):  # an unpacked image may hold read-only folders
            Path(folder).chmod(0o700)
    shutil.rmtree(home, ignore_errors=True)
    return [str(home)] if home.exists() else []


def clear(home: Path) -> list[str]:
    """Take away what a world held outside of its folder, then the folder; returns what could not be removed.

    Of a world that still holds something the notes stay: they are how the next one finds it.
    """
    left = holdings.settle(home)
    if not left:
        return remove(home)
    for path in home.iterdir():
        if path.name not in (OWNER, holdings.FOLDER):
            remove(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    return left


def reap(base: Path | None = None) -> list[Path]:
    """Remove the folders of worlds whose process is gone, and what they held elsewhere; returns the folders."""
    found = sorted((base or Path(tempfile.gettempdir())).glob(f"{PREFIX}*"))
    orphans = [home for home in found if _mine(home) and not _alive(home)]
    for home in orphans:
        clear(home)
    return orphans


def _mine(home: Path) -> bool:
    try:
        status = home.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()


def _alive(home: Path) -> bool:
    try:
        return alive(json.loads((home / OWNER).read_text()))
    except (OSError, KeyError, TypeError, ValueError):
        # Without a readable owner it may be a world that is just being made.
        return time.time() - home.lstat().st_mtime < GRACE_SECONDS
