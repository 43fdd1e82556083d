"""What only BuildKit builds, and handing it to docker's own command where there is one with buildx.

The SDK speaks to the engine's classic builder. BuildKit needs docker's client beside the engine: it is used if the
machine has it, with the step's own configuration, and named if it has not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ekswiz_sim.images.dockerfile import Dockerfile
from ekswiz_sim.runner.tools import engine
from ekswiz_sim.runner.tools.docker_options import Given, Stop

if TYPE_CHECKING:
    from ekswiz_sim.runner.tools.engine_build import Order

_FLAGS = {
    "RUN": frozenset({"mount", "network", "security"}),
    "COPY": frozenset({"link", "chmod", "parents", "exclude"}),
    "ADD": frozenset({"link", "chmod", "checksum", "keep-git-dir", "exclude"}),
}
"""Flags of instructions that the classic builder refuses."""
_OPTIONS = ("secret", "ssh")


def needed(parsed: Dockerfile, given: Given) -> str:
    """What asks for BuildKit, in words; empty if nothing does."""
    for option in _OPTIONS:
        if given.one(option):
            return f"--{option}"
    for one in parsed.instructions:
        flags = _FLAGS.get(one.name, frozenset()) & one.flags.keys()
        if flags:
            return f"{parsed.name}:{one.line}: {one.name} --{min(flags)}"
        if one.heredocs:
            return f"{parsed.name}:{one.line}: a here-document"
    return ""


def build(order: Order, reason: str) -> str:
    """Build with `docker buildx build`; the image's id.

    Raises:
        Stop: There is no docker command with buildx on this machine, or the build fails.
    """
    docker = _docker()
    if docker is None:
        text = f"ERROR: failed to build: {reason} needs BuildKit. Refer to https://docs.docker.com/go/buildkit/"
        raise Stop(f"{text}\nekswiz: install docker's command with buildx (docker-buildx-plugin); it was not found.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "id")
        done = subprocess.run([docker, *_words(order, file)], env=_environment(), check=False)
        if done.returncode != 0 or not file.exists():
            raise Stop(f"ERROR: failed to build: docker buildx ended with {done.returncode}", done.returncode or 1)
        return file.read_text(encoding="utf-8").strip()


def _words(order: Order, identity: Path) -> list[str]:
    given = order.given
    words = ["buildx", "build", "--load", "--progress=plain", "--provenance=false", f"--iidfile={identity}"]
    words += [f"--file={order.dockerfile}"]
    words += [f"--build-arg={name}={value}" for name, value in order.arguments.items()]
    words += [f"--label={name}={value}" for name, value in order.labels.items()]
    for name in ("target", "platform", "network"):
        words += [f"--{name}={given.one(name)}"] if given.one(name) else []
    for name in _OPTIONS:
        words += [f"--{name}={value}" for value in given.all(name)]
    words += [f"--{name}" for name in ("pull", "no-cache", "quiet") if given.on(name)]
    return [*words, str(order.context)]


def _environment() -> dict[str, str]:
    return {**os.environ, "DOCKER_HOST": os.environ[engine.VARIABLE], "BUILDX_BUILDER": "default"}


def _docker() -> str | None:
    """The command of docker itself, which lies behind this twin on PATH, if it has buildx."""
    twin = Path(sys.argv[0]).parent
    folders = [one for one in os.environ.get("PATH", "").split(":") if one and not _is_twin(Path(one))]
    found = shutil.which("docker", path=":".join(folders)) if folders else None
    if found is None or Path(found).parent == twin:
        return None
    probe = subprocess.run([found, "buildx", "version"], capture_output=True, check=False, env=_environment())
    return found if probe.returncode == 0 else None


def _is_twin(folder: Path) -> bool:
    """Whether the folder's docker is a script that starts this module."""
    try:
        return b"ekswiz_sim.runner.tools" in (folder / "docker").read_bytes()[:512]
    except OSError:
        return False
