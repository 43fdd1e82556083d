"""From an image's Entrypoint and Cmd and a container's command and args to a program of this machine."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from ekswiz_sim.kubernetes.embedded.kubelet.environment import expand
from ekswiz_sim.kubernetes.embedded.kubelet.filesystem import Files
from ekswiz_sim.kubernetes.embedded.kubelet.interpreter import Interpreter
from ekswiz_sim.kubernetes.embedded.store import Obj

_PYTHON = re.compile(r"python(3(\.\d+)?)?")
_MAGIC = b"#!"


class NotRunnable(Exception):
    """There is no such program; the text is the container runtime's."""


def asked_for(container: Obj, config: Mapping[str, Sequence[str]], variables: Mapping[str, str]) -> list[str]:
    """The arguments that the container asks for, in its own paths; empty if neither it nor its image says."""
    command = [expand(one, variables) for one in container.get("command") or []]
    args = [expand(one, variables) for one in container.get("args") or []]
    if command:
        return command + args
    return [*(config.get("Entrypoint") or []), *(args or config.get("Cmd") or [])]


def resolve(argv: Sequence[str], files: Files, cwd: Path, path: str, python: Interpreter) -> list[str]:
    """The program to run on this machine. `path` is the container's PATH, translated.

    Raises:
        NotRunnable: It is not there or cannot be executed.
    """
    name, rest = argv[0], [files.argument(one) for one in argv[1:]]
    base = name.rpartition("/")[2]
    if not name.startswith("."):
        if _PYTHON.fullmatch(base):
            return [str(python.python), *rest]
        if python.runs(base):
            return [str(python.python), "-m", base, *rest]
    program = _find(name, files, cwd, path)
    return [*_interpreter(program, python), str(program), *rest]


def _find(name: str, files: Files, cwd: Path, path: str) -> Path:
    if "/" not in name:
        for folder in path.split(":"):
            candidate = Path(folder) / name
            if candidate.is_file() and os.access(candidate, os.X_OK):
                return candidate
        raise NotRunnable(f'exec: "{name}": executable file not found in $PATH')
    candidates = [files.inside(name), Path(name)] if name.startswith("/") else [cwd / name]
    found = next((one for one in candidates if one.is_file()), None)
    if found is None:
        raise NotRunnable(f'exec: "{name}": stat {name}: no such file or directory')
    if not os.access(found, os.X_OK):
        raise NotRunnable(f'exec: "{name}": permission denied')
    return found


def _interpreter(program: Path, python: Interpreter) -> list[str]:
    """A script that names a Python of the image runs with the node's; the kernel finds the rest."""
    with program.open("rb") as file:
        first = file.readline(256)
    if not first.startswith(_MAGIC):
        return []
    try:
        words = shlex.split(first[len(_MAGIC) :].decode())
    except ValueError:
        return []
    names = [word.rpartition("/")[2] for word in words if not word.startswith("-")]
    return [str(python.python)] if any(_PYTHON.fullmatch(one) for one in names[:2]) else []
