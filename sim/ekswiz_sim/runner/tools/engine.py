"""The docker command of the Docker tier: the same command line, carried out by a container engine.

Everything that it makes carries the world's label, and only what does is shown or removed: the engine may hold images
of its owner. Credentials come from the step's own configuration, never from the home of whoever rehearses.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ekswiz_sim.containers import labels
from ekswiz_sim.containers.engine import EngineError, connect
from ekswiz_sim.runner.tools.docker_options import Stop

VARIABLE = "EKSWIZ_ENGINE"
"""The environment variable with the engine's address."""
WORLD, RELAYED = "EKSWIZ_WORLD", "EKSWIZ_RELAY"
COMMANDS = {
    "login": ("engine_login", "LOGIN", "login"),
    "build": ("engine_build", "BUILD", "run"),
    "buildx build": ("engine_build", "BUILDX", "run"),
    "push": ("engine_transfer", "PUSH", "push"),
    "pull": ("engine_transfer", "PULL", "pull"),
    "tag": ("engine_images", "TAG", "tag"),
    "inspect": ("engine_images", "INSPECT", "inspect"),
    "images": ("engine_images", "IMAGES", "images"),
    "rmi": ("engine_images", "REMOVE", "remove"),
    "version": ("engine_about", "VERSION", "version"),
    "info": ("engine_about", "INFO", "info"),
}
COMMANDS |= {
    **{f"image {name}": COMMANDS[name] for name in ("build", "push", "pull", "tag", "inspect")},
    "image ls": COMMANDS["images"],
    "image rm": COMMANDS["rmi"],
    "builder build": COMMANDS["build"],
    "buildx b": COMMANDS["buildx build"],
}
"""Command -> module, its options, its function: those that an engine carries out differently."""
_EVERY = 5.0
"""Seconds between two lines on how far a layer is."""
_MOVING = ("Downloading", "Extracting", "Pushing", "Preparing", "Waiting", "Verifying Checksum", "Pulling fs layer")


def client() -> Any:
    """A client of the engine that the environment names.

    Raises:
        Stop: Nobody answers there.
    """
    address = os.environ.get(VARIABLE, "")
    try:
        return connect(address, patience=None)
    except EngineError as error:
        text = f"Cannot connect to the Docker daemon at {address}. Is the docker daemon running?"
        raise Stop(text) from error


def world() -> str:
    """The world's id."""
    return os.environ.get(WORLD, "")


def marks() -> dict[str, str]:
    """The labels of what is made."""
    return labels.of(world())


def report(lines: Iterable[Mapping[str, Any]], *, quiet: bool = False) -> dict[str, Any]:
    """Print what the engine says while it works; the facts that it gives besides.

    Raises:
        EngineError: It says that it failed; in its words.
    """
    facts: dict[str, Any] = {}
    last = 0.0
    for line in lines:
        if "error" in line:
            raise EngineError(str(line["error"]))
        facts |= line.get("aux") or {}
        moving = line.get("status") in _MOVING
        if quiet or (moving and (not line.get("progress") or time.monotonic() - last < _EVERY)):
            continue
        last = time.monotonic() if moving else last
        _say(line)
    return facts


def _say(line: Mapping[str, Any]) -> None:
    text = str(line.get("stream") or line.get("status") or "").rstrip()
    if text:
        before = f"{line['id']}: " if line.get("id") and "status" in line else ""
        after = f" {line['progress']}" if line.get("progress") else ""
        sys.stdout.write(f"{before}{text}{after}\n")
        sys.stdout.flush()
