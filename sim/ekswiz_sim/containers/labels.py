"""What marks everything that a world makes at the engine, so that it and nothing else is removed again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORLD = "dev.ekswiz.world"
"""Label whose value is the world's id (the name of its private folder)."""


POD = "dev.ekswiz.pod-uid"


def of(world: str) -> dict[str, str]:
    """The labels of an object of this world."""
    return {WORLD: world}


def of_pod(world: str, pod: Mapping[str, Any], container: str = "") -> dict[str, str]:
    """The labels of a pod's container; without a name those of its holder."""
    meta = pod["metadata"]
    made = {**of(world), POD: str(meta["uid"]), "dev.ekswiz.pod": f"{meta['namespace']}/{meta['name']}"}
    return {**made, **({"dev.ekswiz.container": container} if container else {})}


def only(world: str) -> Mapping[str, list[str]]:
    """The filter that finds a world's objects."""
    return {"label": [f"{WORLD}={world}"]}
