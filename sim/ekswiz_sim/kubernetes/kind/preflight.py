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
    found = command.version(path) if path else ()
    engine, missing = _engine()
    problems = [*_commands(path, found), *missing, *(_problems(engine) if engine else ())]
    if problems or path is None or engine is None:
        raise RehearsalError(" ".join(what for what, _ in problems), " ".join(fix for _, fix in problems))
    return Facts(path, found, engine)


def _engine() -> tuple[preflight.Facts | None, list[tuple[str, str]]]:
    """The engine, or what is wrong with it and the fix."""
    try:
        return preflight.check(), []
    except RehearsalError as error:
        return None, [(error.detail, error.remedy)]


def _commands(path: str | None, found: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    """What is missing or too old on PATH, and the fix."""
    if path is None:
        yield "--kubernetes kind needs the kind command, which is not on PATH.", command.INSTALL
    elif found < OLDEST:
        yield f"{path} is {'.'.join(map(str, found)) or 'of an unknown version'}, which is too old.", command.INSTALL
    if command.find("docker") is None:
        install = "Install Docker's command line (https://docs.docker.com/engine/install/)."
        yield "kind needs the docker command, which is not on PATH.", install


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
