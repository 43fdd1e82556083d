"""Takes away a cluster that a world noted: when the world ends, or for one that was killed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ekswiz.errors import RehearsalError
from ekswiz_sim.kubernetes.kind.command import Kind, find


def facts(kind: Kind, name: str) -> dict[str, str]:
    """What a note says of a cluster."""
    return {"name": name, "engine": kind.engine}


def settle(home: Path, noted: Mapping[str, Any]) -> list[str]:
    """Delete the cluster, whole or half made; what is left, in words."""
    name, path = str(noted["name"]), find("kind")
    if path is None:
        return [f"kind cluster {name}: the kind command is gone from PATH"]
    try:
        Kind(path, str(noted["engine"]), home / "kind").delete(name)
    except RehearsalError as error:
        return [f"kind cluster {name}: {error.detail}"]
    return []
