"""Where the container engine is: DOCKER_HOST, docker's current context, or a socket in a usual place.

This is the only tier that honours DOCKER_HOST. An engine on another machine is refused: the registry and the pods of a
rehearsal are on this machine's loopback.
Source: https://docs.docker.com/engine/reference/commandline/cli/#environment-variables
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ekswiz.errors import RehearsalError
from ekswiz_sim.images.reference import on_loopback

USUAL = "/var/run/docker.sock"
_OWN = (".docker/run/docker.sock", ".docker/desktop/docker.sock", ".colima/default/docker.sock", ".rd/docker.sock")
"""Below a user's home: Docker Desktop on macOS and on Linux, Colima, Rancher Desktop."""
INSTALL = (
    "Install Docker Engine (https://docs.docker.com/engine/install/) and start it, or rehearse without containers."
)


def find(environ: Mapping[str, str] = os.environ) -> str:
    """The engine's address, `unix://…` or `tcp://…`.

    Raises:
        RehearsalError: There is none, or it is on another machine; says how to get one.
    """
    said = environ.get("DOCKER_HOST", "").strip()
    if said:
        return _local(said, "DOCKER_HOST")
    context = _context(environ)
    if context:
        return _local(context, "docker's current context")
    for path in _sockets(environ):
        if path.is_socket():
            return f"unix://{path}"
    raise RehearsalError("no container engine was found: there is no socket of one.", INSTALL)


def _sockets(environ: Mapping[str, str]) -> Iterator[Path]:
    yield Path(USUAL)
    if environ.get("XDG_RUNTIME_DIR"):
        yield Path(environ["XDG_RUNTIME_DIR"], "docker.sock")
    if environ.get("HOME"):
        yield from (Path(environ["HOME"], part) for part in _OWN)


def _context(environ: Mapping[str, str]) -> str:
    """The address of docker's current context; empty for the default one, or where there is no such file.

    Raises:
        RehearsalError: DOCKER_CONTEXT names one that docker does not know; docker itself refuses it, too.
    """
    from docker.context import ContextAPI  # heavy, and of an extra
    from docker.errors import DockerException

    if not environ.get("HOME"):
        return ""
    named = environ.get("DOCKER_CONTEXT", "")
    try:
        found = ContextAPI.get_context(named or None)
    except (DockerException, OSError, ValueError):
        return ""
    if found is None and named:
        detail = f"DOCKER_CONTEXT names {named!a}, a context that docker does not know."
        raise RehearsalError(detail, "Name one of: docker context ls.")
    return "" if found is None or found.name == "default" else str(found.Host or "")


def _local(address: str, where: str) -> str:
    scheme, _, rest = address.partition("://")
    if scheme == "unix" and rest:
        return address
    if scheme in ("tcp", "http") and on_loopback(urlsplit(f"//{rest}").netloc):
        return f"tcp://{rest}"
    if scheme in ("tcp", "http", "https", "ssh"):
        detail = f"the engine of {where} ({address}) is on another machine; a rehearsal stays on this one."
        raise RehearsalError(detail, "Name an engine of this machine, e.g. DOCKER_HOST=unix:///var/run/docker.sock.")
    detail = f"{where} names {address!a}, which is no address of an engine that can be used here."
    raise RehearsalError(detail, "Name a socket, e.g. DOCKER_HOST=unix:///var/run/docker.sock.")
