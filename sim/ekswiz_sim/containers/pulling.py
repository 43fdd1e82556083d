"""Pulls through the engine, which asks the registry as the node role; the registry judges every request of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz_sim.containers.engine import Engine, EngineError, guarded
from ekswiz_sim.containers.texts import one_line
from ekswiz_sim.images.reference import BadReference, Reference, parse
from ekswiz_sim.seams import PullError, RefusedByGate

_ABSENT = 404


@dataclass(frozen=True, slots=True)
class Found:
    """An image at the engine: its digest at the registry, its id, and its configuration."""

    digest: str
    identity: str
    config: Mapping[str, Any]


class Puller:
    """Pulls for one node. Only the world's own registry gets a login; others are asked without one."""

    def __init__(self, engine: Engine, registry: str, login: Callable[[str], tuple[str, str]]) -> None:
        self._engine = engine
        self._registry = registry
        self._login = login

    async def pull(self, reference: str) -> Found:
        """Pull an image.

        Raises:
            PullError: Not found, denied, not reachable; the engine's text.
        """
        try:
            wanted = parse(reference)
            login = await asyncio.to_thread(self._login, wanted.host) if wanted.host == self._registry else None
            return await self._engine.call(lambda client: _pull(client, wanted, login))
        except RefusedByGate as refused:
            raise PullError(f'failed to pull and unpack image "{reference}": {refused.message}') from refused
        except (EngineError, BadReference) as error:
            raise PullError(f'failed to pull and unpack image "{reference}": {error}') from error


def _pull(client: Any, wanted: Reference, login: tuple[str, str] | None) -> Found:
    if login is None and (known := _known(client, wanted)) is not None:
        return known
    # An empty login, not None: the SDK would look for one in the user's own configuration.
    user, password = login or ("", "")
    auth = {"username": user, "password": password}
    for line in client.pull(wanted.repository, tag=wanted.target, stream=True, decode=True, auth_config=auth):
        if "error" in line:
            raise EngineError(one_line(str(line["error"])))
    return _found(client, wanted)


def _known(client: Any, wanted: Reference) -> Found | None:
    """An image of another registry that the engine has: not asked for again, so it works offline."""
    try:
        return guarded(lambda: _found(client, wanted))
    except EngineError as error:
        if error.status != _ABSENT:
            raise
        return None


def _found(client: Any, wanted: Reference) -> Found:
    name = wanted.familiar if wanted.tag else f"{wanted.repository}@{wanted.digest}"
    found = client.inspect_image(name)
    return Found(wanted.digest or _digest(found, wanted.repository), str(found["Id"]), found.get("Config") or {})


def _digest(found: Mapping[str, Any], repository: str) -> str:
    digests = (str(one).partition("@") for one in found.get("RepoDigests") or ())
    return next((digest for name, _, digest in digests if name == repository), str(found["Id"]))
