"""The file (0600) in the user's state folder that says where the world is that outlives a command.

The world's own process writes it before it answers anybody and removes it at its end; a file whose process is gone
counts for nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs

from ekswiz.errors import RehearsalError
from ekswiz_sim import home

STATE_VARIABLE = "EKSWIZ_STATE_DIR"


def path() -> Path:
    """Where the file is, if there is one."""
    state = os.environ.get(STATE_VARIABLE)
    return (Path(state).absolute() if state else platformdirs.user_state_path("ekswiz")) / "world.json"


def read() -> dict[str, Any] | None:
    """Facts of the world that is up; None if none is."""
    try:
        facts = dict(json.loads(path().read_text(encoding="utf-8")))
        return facts if home.alive(facts) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(file: Path, facts: Mapping[str, Any]) -> None:
    """Write it whole or not at all.

    Raises:
        RehearsalError: The folder cannot be written.
    """
    scratch = file.with_name(f".{file.name}.new")
    try:
        scratch.unlink(missing_ok=True)
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(facts, stream)
        scratch.replace(file)
    except OSError as error:
        raise _unwritable(file.parent, error) from error


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Nobody else starts or ends a world meanwhile; waits for who does.

    Raises:
        RehearsalError: The folder cannot be written.
    """
    folder = path().parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)  # the folder itself: a lock file would stay behind
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _unwritable(folder: Path, error: OSError) -> RehearsalError:
    detail = f"the state folder {folder} cannot be written: {error.strerror}."
    return RehearsalError(detail, f"Name another one: {STATE_VARIABLE}=/path/to/folder.")
