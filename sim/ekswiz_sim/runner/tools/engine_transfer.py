"""`docker push` and `docker pull` by the engine, with the login of the step's own configuration."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from ekswiz_sim.containers.engine import EngineError, guarded
from ekswiz_sim.images.client import RegistryError
from ekswiz_sim.images.reference import Reference
from ekswiz_sim.runner.tools import docker_transfer, engine
from ekswiz_sim.runner.tools.docker_login import credentials
from ekswiz_sim.runner.tools.docker_names import reference
from ekswiz_sim.runner.tools.docker_options import Given, Stop

ABSENT = 404
PUSH, PULL = docker_transfer.PUSH, docker_transfer.PULL


def push(given: Given) -> None:
    """Push one tag, or all tags of a repository.

    Raises:
        Stop: There is no such image, or the registry refuses; in docker's words.
    """
    wanted = reference(given.arguments[0])
    if wanted.digest:
        raise Stop("cannot push a digest reference")
    client = engine.client()
    tags = _tags(client, wanted) if given.on("all-tags") else [wanted]
    if not tags:
        raise Stop(f"An image does not exist locally with the tag: {wanted.repository}")
    for tag in tags:
        push_one(client, tag, quiet=given.on("quiet"))
    if given.on("quiet"):
        sys.stdout.write(f"{wanted}\n")


def push_one(client: Any, tag: Reference, *, quiet: bool) -> str:
    """Push an image under one tag; its digest at the registry.

    Raises:
        Stop: The registry refuses; in docker's words.
    """
    if os.environ.get(engine.RELAYED):
        return _relay(client, tag, quiet=quiet)
    try:
        lines = guarded(
            lambda: client.push(tag.repository, tag=tag.tag, stream=True, decode=True, auth_config=_login(tag.host))
        )
        facts = guarded(lambda: engine.report(lines, quiet=quiet))
    except EngineError as error:
        raise Stop(str(error)) from error
    return str(facts.get("Digest", ""))


def _relay(client: Any, tag: Reference, *, quiet: bool) -> str:
    from ekswiz_sim.containers import relay  # for an engine in a virtual machine only

    def say(line: str) -> None:
        sys.stdout.write("" if quiet else f"{line}\n")

    try:
        notes = Path(os.environ[engine.RELAYED])
        return guarded(lambda: relay.push(client, tag, credentials(tag.host), say, notes))
    except EngineError as error:
        if error.status == ABSENT:
            text = f"An image does not exist locally with the tag: {tag.repository}"
            raise Stop(f"The push refers to repository [{tag.repository}]\n{text}") from error
        raise Stop(str(error)) from error
    except RegistryError as error:
        raise Stop(str(error)) from error


def pull(given: Given) -> None:
    """Pull an image.

    Raises:
        Stop: The registry refuses; in docker's words.
    """
    wanted = reference(given.arguments[0])
    client = engine.client()
    options = {"platform": given.one("platform") or None, "auth_config": _login(wanted.host)}
    try:
        lines = guarded(lambda: client.pull(wanted.repository, tag=wanted.target, stream=True, decode=True, **options))
        guarded(lambda: engine.report(lines, quiet=given.on("quiet")))
    except EngineError as error:
        raise Stop(f"Error response from daemon: {error}") from error
    sys.stdout.write(f"{wanted}\n")


def _login(host: str) -> dict[str, str]:
    """For the engine; without a login an empty one, so that nobody looks for it elsewhere."""
    found = credentials(host)
    return {"username": found[0], "password": found[1], "serveraddress": host} if found else {}


def _tags(client: Any, wanted: Reference) -> list[Reference]:
    found = guarded(lambda: client.images(wanted.repository))
    return [reference(str(tag)) for one in found for tag in one.get("RepoTags") or ()]
