"""Takes away what a world made at the engine: by label, and by the address of its registry.

Works without the world, which may have been killed; doing it twice does nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ekswiz_sim.containers import labels
from ekswiz_sim.containers.engine import EngineError, connect, guarded

ABSENT, BUSY = 404, 409
PATIENCE = 10.0
"""Seconds that something may take that is on its way out."""
TICK = 0.1


def settle(home: Path, facts: Mapping[str, Any]) -> list[str]:
    """Remove a world's containers, networks, volumes and images; what is left, in words.

    An engine that is gone keeps the note: its objects will be there again when it is.
    """
    try:
        client = connect(str(facts["address"]))
    except EngineError as error:
        later = "the next rehearsal removes them once the engine runs"
        return [f"containers of {home.name} at {facts['address']}: {error} ({later})"]
    try:
        return list(_remove_all(client, home.name, str(facts.get("registry", ""))))
    finally:
        client.close()


def _remove_all(client: Any, world: str, registry: str) -> Iterator[str]:
    mine = labels.only(world)
    yield from containers(client, mine)
    networks = [one["Name"] for one in client.networks(filters=mine)]
    yield from _each("network", networks, client.remove_network)
    yield from volumes(client, mine)
    yield from _each("image", _names(client, registry), lambda one: client.remove_image(one, force=True))
    images = [one["Id"] for one in client.images(filters=mine)]
    yield from _each("image", images, lambda one: client.remove_image(one, force=True))


def containers(client: Any, chosen: Mapping[str, list[str]]) -> list[str]:
    """Remove the containers that a filter chooses; those that are left, in words."""
    found = [one["Id"] for one in client.containers(all=True, filters=chosen)]
    return list(_each("container", found, lambda one: client.remove_container(one, v=True, force=True)))


def volumes(client: Any, chosen: Mapping[str, list[str]]) -> list[str]:
    """Remove the volumes that a filter chooses; those that are left, in words."""
    found = [one["Name"] for one in client.volumes(filters=chosen).get("Volumes") or ()]
    return list(_each("volume", found, lambda one: client.remove_volume(one, force=True)))


def _names(client: Any, registry: str) -> list[str]:
    """What images are called after the world's registry, which ends with it: tags and digests."""
    if not registry:
        return []
    images = client.images()
    names = [name for one in images for key in ("RepoTags", "RepoDigests") for name in one.get(key) or ()]
    return [name for name in dict.fromkeys(names) if name.startswith(f"{registry}/")]


def _each(what: str, found: Sequence[str], remove: Callable[[str], object]) -> Iterator[str]:
    for one in found:
        why = _gone(partial(remove, one))
        if why:
            yield f"{what} {one}: {why}"


def _gone(remove: Callable[[], object]) -> str:
    """Remove one thing, again as long as it is on its way out or in use by what is; why it is not gone, if so."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            guarded(remove)
            return ""
        except EngineError as error:
            if error.status == ABSENT:
                return ""
            if error.status != BUSY or time.monotonic() > deadline:
                return str(error)
        time.sleep(TICK)
