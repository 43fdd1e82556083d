"""What docker says about itself: `version` and `info`. There is no engine, and it says so."""

from __future__ import annotations

import json
import os

from ekswiz_sim.images.machine import host_platform
from ekswiz_sim.runner.tools.docker_format import render
from ekswiz_sim.runner.tools.docker_options import RELEASE, Command, Given

VERSION = Command("version", "version [OPTIONS]", {"format": "value"}, {"f": "format"}, most=0)
INFO = Command("info", "info [OPTIONS]", {"format": "value"}, {"f": "format"}, most=0)
BUILDX_VERSION = Command("buildx version", "buildx version", most=0)


def version(given: Given) -> None:
    """Client and server; there is no engine, and it says so."""
    part = {"Version": RELEASE, "ApiVersion": "1.47", "Os": "linux", "Arch": host_platform().partition("/")[2]}
    data = {"Client": part, "Server": {**part, "Platform": {"Name": "ekswiz (no Docker Engine)"}}}
    if given.one("format"):
        _print(json.dumps(data) if given.one("format") == "json" else render(given.one("format"), data))
        return
    for name in data:
        title = "Client:" if name == "Client" else "\nServer: ekswiz's daemonless builder (no Docker Engine)"
        _print(
            f"{title}\n Version:           {RELEASE}\n API version:       1.47\n OS/Arch:           {host_platform()}"
        )


def info(given: Given) -> None:
    """`docker info`: what a script may ask of it."""
    data = {
        "ServerVersion": RELEASE,
        "Name": "ekswiz",
        "OperatingSystem": "ekswiz (no Docker Engine)",
        "OSType": "linux",
        "Architecture": os.uname().machine,
        "Driver": "daemonless",
        "Containers": 0,
    }
    if given.one("format"):
        _print(json.dumps(data) if given.one("format") == "json" else render(given.one("format"), data))
    else:
        _print("\n".join(f" {name}: {value}" for name, value in data.items()))


def buildx_version(_given: Given) -> None:
    """`docker buildx version`."""
    _print("github.com/docker/buildx v0.20.1 ekswiz-daemonless")


def _print(text: str) -> None:
    print(text)  # noqa: T201 - the command's output
