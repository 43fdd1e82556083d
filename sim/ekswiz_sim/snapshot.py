"""Snapshots: every object of the world as plain JSON, and what differs between two of them.

Few fields are left out: those that the world itself changes without anybody's doing. The list is reviewed
(docs/snapshot.md) and holds at most ten.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

EXCLUDED = frozenset({"resourceVersion", "managedFields", "lastHeartbeatTime", "lastUsed"})
"""Member names that are left out at every depth."""


def files(folder: Path) -> dict[str, Any]:
    """Every file, link and folder below `folder` by its path, except git's own; nothing if it is not there."""
    found: dict[str, Any] = {}
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - {".git"})
        for path in (Path(here, name) for name in (*folders, *sorted(names))):
            found[path.relative_to(folder).as_posix()] = _file(path)
    return found


def _file(path: Path) -> dict[str, Any]:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return {"link": str(path.readlink())}
    mode = oct(stat.S_IMODE(status.st_mode))
    if not stat.S_ISREG(status.st_mode):
        return {"mode": mode}
    return {"mode": mode, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def normal(value: Any) -> Any:
    """A JSON value without the excluded members."""
    if isinstance(value, Mapping):
        return {str(key): normal(item) for key, item in value.items() if key not in EXCLUDED}
    if isinstance(value, list | tuple):
        return [normal(item) for item in value]
    return value


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """One line for each object that appeared, went or changed."""
    return list(_compare(normal(before), normal(after), ""))


def _compare(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            here = f"{path}/{key}"
            if key not in after:
                yield f"- {here}: {_short(before[key])}"
            elif key not in before:
                yield f"+ {here}: {_short(after[key])}"
            else:
                yield from _compare(before[key], after[key], here)
    elif before != after:
        yield f"~ {path}: {_short(before)} -> {_short(after)}"


def _short(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= 120 else text[:117] + "..."  # noqa: PLR2004 - a line of a terminal
