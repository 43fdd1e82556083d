"""One run per stack at a time: a lock file that says who holds it. Never taken over silently."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ekswiz.errors import JournalError, Locked, remedy_of


@contextmanager
def lock(path: Path, *, take_over: bool = False) -> Iterator[None]:
    """Hold the lock file `path` while the block runs.

    `take_over` replaces the lock of a run that died; the lock of a run that lives on this host is never replaced.

    Raises:
        Locked: Another run holds it; the message says which process on which host since when.
        JournalError: The folder cannot be written.
    """
    with _explained(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mine = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "key": uuid.uuid4().hex,
    }
    with _explained(path), _guard(path):
        if take_over and path.exists():
            _discard(path)
        _claim(path, mine)
    try:
        yield
    finally:
        with _guard(path):
            if _read(path).get("key") == mine["key"]:
                path.unlink(missing_ok=True)


def held(path: Path) -> Locked | None:
    """Who holds the lock, with what to do about it; None if nobody does."""
    return _held(path) if path.exists() else None


def _claim(path: Path, mine: dict[str, Any]) -> None:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise _held(path) from None
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        json.dump(mine, stream)
        stream.flush()
        os.fsync(stream.fileno())


def _discard(path: Path) -> None:
    """Remove a lock whose run is not known to live."""
    if _lives(_read(path)):
        raise _held(path)
    path.unlink(missing_ok=True)


def _held(path: Path) -> Locked:
    holder = _read(path)
    who = f"process {holder.get('pid', '?')} on {holder.get('host', '?')} since {holder.get('started', '?')}"
    if holder.get("host") == socket.gethostname() and not _lives(holder):
        return Locked(f"{who} held this stack and no longer runs.", "Go on where it stopped with --take-over.")
    if _lives(holder):
        return Locked(f"{who} holds this stack ({path}).", "Wait until it is done, or stop it with Ctrl-C.")
    return Locked(f"{who} holds this stack.", "If that run is dead, take over with --take-over.")


def _lives(holder: dict[str, Any]) -> bool:
    """Whether the holder is a process that runs on this host."""
    if holder.get("host") != socket.gethostname() or not isinstance(holder.get("pid"), int):
        return False
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(path: Path) -> dict[str, Any]:
    """Who holds the lock; empty where the file is gone or not ours to read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JournalError(
            f"{path}: {error.strerror or error}.", remedy_of(error, "Make the folder writable.")
        ) from error


@contextmanager
def _guard(path: Path) -> Iterator[None]:
    """Serialise claims and releases, so that two take-overs cannot both win. The kernel drops it when we die."""
    file = os.open(path.with_name(f"{path.name}.guard"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
