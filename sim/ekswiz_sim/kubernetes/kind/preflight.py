"""Whether a kind cluster can run here, looked at before anything starts: each refusal says how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ekswiz.errors import RehearsalError
from ekswiz_sim.containers import preflight
from ekswiz_sim.kubernetes.kind import command

OLDEST = (0, 20, 0)
MEMORY = 3 << 30
"""Bytes that the engine must have: the node alone takes about one."""
INOTIFY = {"max_user_watches": 65536, "max_user_instances": 128}
"""Linux's limits below which nodes fail with "too many open files", and what kind's documentation advises is more.

Source: https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files
"""
ADVISED = {"max_user_watches": 524288, "max_user_instances": 512}
_INOTIFY = Path("/proc/sys/fs/inotify")


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is."""

    kind: str
    version: tuple[int, ...]
    engine: preflight.Facts

    def sentence(self) -> str:
        """For the tier table."""
        return f"kind {'.'.join(str(part) for part in self.version)}, {self.engine.sentence()}"


def check() -> Facts:
    """Look at all of it.

    Raises:
        RehearsalError: Something is missing or too small; names each, with its fix.
    """
    path = command.find("kind")
    if path is None:
        raise RehearsalError("--kubernetes kind needs the kind command, which is not on PATH.", command.INSTALL)
    if command.find("docker") is None:
        detail = "kind needs the docker command, which is not on PATH."
        raise RehearsalError(detail, "Install Docker's command line (https://docs.docker.com/engine/install/).")
    found = command.version(path)
    if found < OLDEST:
        shown = ".".join(str(part) for part in found) or "of an unknown version"
        raise RehearsalError(f"{path} is {shown}, which is too old.", command.INSTALL)
    engine = preflight.check()
    problems = list(_problems(engine))
    if problems:
        raise RehearsalError(" ".join(what for what, _ in problems), " ".join(fix for _, fix in problems))
    return Facts(path, found, engine)


def _problems(engine: preflight.Facts) -> Iterator[tuple[str, str]]:
    """What is too small, and the fix."""
    if engine.memory and engine.memory < MEMORY:
        has, needs = engine.memory / (1 << 30), MEMORY >> 30
        where = "In Docker Desktop: Settings, Resources." if engine.virtual else "Free memory, or use another machine."
        yield f"the container engine has {has:.1f} GiB of memory, kind needs {needs} GiB.", where
    if engine.virtual:
        return  # its limits are its machine's, not this one's
    for name, least in INOTIFY.items():
        has_limit = _limit(name)
        if has_limit is not None and has_limit < least:
            fix = f"sudo sysctl fs.inotify.{name}={ADVISED[name]}"
            yield f"fs.inotify.{name} is {has_limit}, kind needs {least} or more.", fix


def _limit(name: str) -> int | None:
    """None where there is no such limit."""
    try:
        return int((_INOTIFY / name).read_text())
    except (OSError, ValueError):
        return None
