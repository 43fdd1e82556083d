"""When a container's place is taken by the stand-in, and how that is started.

Only images that the world marks are judged: its own builder skips what no local process could do, and a container
that lacks it would look like a mistake of the user's.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ekswiz_sim.images.runnable import runnable
from ekswiz_sim.kubernetes.embedded.kubelet.filesystem import Files
from ekswiz_sim.kubernetes.embedded.store import Obj

EVENT = "StoodIn"
"""Reason of the event that says so."""
JUDGED = "dev.ekswiz.judged"
"""Label on images whose containers are judged."""
NAME = ".ekswiz-stand-in.py"
VARIABLE = "EKSWIZ_STANDS_IN"
DEFAULT_PORT = 8000
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
Config = Mapping[str, Any]


def judged(config: Config) -> bool:
    """Whether the image's containers are judged at all."""
    return JUDGED in (config.get("Labels") or {})


def reason(config: Config, asked: Sequence[str], files: Files) -> str:
    """Why a local process cannot be this container; empty if it can, or is not judged."""
    if not judged(config):
        return ""
    return runnable(config, asked, lambda path: files.inside(path).exists())[1]


def program(container: Obj, config: Config, files: Files) -> list[str]:
    """Put the stand-in into the container's files; the command that starts it. Raises OSError."""
    shutil.copyfile(Path(__file__).with_name("stand_in.py"), files.inside(NAME))
    return ["python", f"/{NAME}", *map(str, ports(container, config))]


def ports(container: Obj, config: Config) -> list[int]:
    """Every TCP port that somebody may ask the container on: declared by the pod or the image, or named by a probe."""
    declared = [one["containerPort"] for one in container.get("ports") or [] if one.get("protocol", "TCP") == "TCP"]
    exposed = [one.partition("/") for one in config.get("ExposedPorts") or {}]
    handlers = [(container.get(name) or {}).get(kind) or {} for name in PROBES for kind in ("httpGet", "tcpSocket")]
    probed = [one["port"] for one in handlers if isinstance(one.get("port"), int)]
    tcp = [int(port) for port, _, protocol in exposed if protocol in ("", "tcp") and port.isdecimal()]
    return sorted({*declared, *tcp, *probed}) or [DEFAULT_PORT]
