"""Snapshots: every object of the world as plain JSON, and what differs between two of them.

Little is left out, and no member of any object that others could change. The list is reviewed (docs/snapshot.md) and
holds at most ten.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

EXCLUDED = (
    "RoleLastUsed", "lastRecordedPullTime", "updates", "default VPC", "deleted NAT gateways", ".git",
    "modification times", "closed pull requests",
)  # fmt: skip
"""What no snapshot holds; the parts leave it out where they picture themselves."""
UNSEEN = frozenset({".git"})


def files(folder: Path) -> dict[str, Any]:
    """Every file, link and folder below `folder` by its path, except git's own; nothing if it is not there."""
    found: dict[str, Any] = {}
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - UNSEEN)
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


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """One line for each object that appeared, went or changed."""
    return list(_compare(_plain(before), _plain(after), ""))


def _plain(value: Any) -> Any:
    """As JSON has it, wherever the snapshot came from."""
    return json.loads(json.dumps(value, default=str))


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
