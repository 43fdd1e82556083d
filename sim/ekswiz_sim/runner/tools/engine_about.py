"""What the engine says about itself: `version` and `info`."""

from __future__ import annotations

import json
import sys
from typing import Any

from ekswiz_sim.containers.engine import guarded
from ekswiz_sim.runner.tools import docker_about, engine
from ekswiz_sim.runner.tools.docker_format import render
from ekswiz_sim.runner.tools.docker_options import RELEASE, Given

VERSION, INFO = docker_about.VERSION, docker_about.INFO


def version(given: Given) -> None:
    """Client and server; the client is this twin."""
    client = engine.client()
    server = guarded(client.version)
    part = {"Version": RELEASE, "ApiVersion": server["ApiVersion"], "Os": server["Os"], "Arch": server["Arch"]}
    if not given.one("format"):
        sys.stdout.write(f"Client: ekswiz's docker\n Version:           {RELEASE}\n\nServer:\n")
        sys.stdout.write(f" Version:           {server['Version']}\n API version:       {server['ApiVersion']}\n")
        sys.stdout.write(f" OS/Arch:           {server['Os']}/{server['Arch']}\n")
        return
    _formatted(given, {"Client": part, "Server": server})


def info(given: Given) -> None:
    """`docker info`."""
    client = engine.client()
    found = guarded(client.info)
    if given.one("format"):
        _formatted(given, found)
        return
    shown = ("ServerVersion", "Name", "OperatingSystem", "OSType", "Architecture", "Driver", "NCPU", "MemTotal")
    sys.stdout.write("\n".join(f" {name}: {found.get(name)}" for name in shown) + "\n")


def _formatted(given: Given, data: dict[str, Any]) -> None:
    text = json.dumps(data) if given.one("format") == "json" else render(given.one("format"), data)
    sys.stdout.write(f"{text}\n")
