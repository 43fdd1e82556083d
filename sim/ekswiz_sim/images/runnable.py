"""Whether a local process can be a container, said before it is started.

A container of this tier is a process of this host's Python in the unpacked image. So its command must be Python's (or a
server that runs on it), paths that it names must be the image's own and not its base's, and what pip would have
installed must be installed here.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import posixpath
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ekswiz_sim.images.assembly import CANNOT_RUN, REQUIRES

Config = Mapping[str, Any]
PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?", re.ASCII)
SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "fastapi", "flask"})
"""Commands that are Python modules of the same name."""
URL_PATHS = frozenset({"--root-path", "--url-prefix", "--script-name"})
"""Options whose value looks like a path and is part of a URL."""
SHELLS = frozenset({"sh", "/bin/sh", "bash", "/bin/bash", "/usr/bin/bash"})
REMEDY = "it needs a container engine to run"


def argv(config: Config, command: Sequence[str] | None = None, args: Sequence[str] | None = None) -> list[str]:
    """What a container runs: the image's Entrypoint and Cmd under a pod's `command` and `args`.

    Source: https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
    """
    if command:
        return [*command, *(args or ())]
    entrypoint, default = config.get("Entrypoint") or (), config.get("Cmd") or ()
    return [*entrypoint, *(args or default)]


def runnable(
    config: Config, words: Sequence[str] | None = None, present: Callable[[str], bool] | None = None
) -> tuple[bool, str]:
    """Whether this tier can run a container, and if not, why.

    Args:
        config: The OCI config's `config` object.
        words: The command line, where a pod gives its own; by default the image's.
        present: Whether an absolute path is in the container (its image or its mounts). Who does not know that leaves
            it out: then only paths below WORKDIR pass.
    """
    labels, workdir = config.get("Labels") or {}, str(config.get("WorkingDir") or "/")
    there = present or (lambda path: _under(path, workdir))
    reason = (
        str(labels.get(CANNOT_RUN, ""))
        or _command(list(argv(config) if words is None else words), there)
        or _missing(labels.get(REQUIRES))
    )
    return (False, f"{reason}: {REMEDY}") if reason else (True, "")


def _command(line: list[str], there: Callable[[str], bool]) -> str:
    if not line:
        return "neither CMD nor ENTRYPOINT says what to run (the base image's are not known)"
    if line[0] in SHELLS:
        return _shell(line)
    name = line[0].rpartition("/")[2]
    if line[0].startswith(".") or not (PYTHON.fullmatch(name) or name in SERVERS):
        return f"its command '{line[0]}' is not Python"
    if name in SERVERS and importlib.util.find_spec(name) is None:
        return f"its command '{name}' is not installed in this Python"
    if len(line) == 1 and PYTHON.fullmatch(name):
        return "its command is Python without a program"
    module = line[2] if len(line) > 2 and line[1] == "-m" else ""  # noqa: PLR2004 - python -m MODULE
    if module in SERVERS and importlib.util.find_spec(module) is None:
        return f"its module '{module}' is not installed in this Python"
    return _foreign(line[1:], there)


def _shell(line: list[str]) -> str:
    """A shell line passes if all it does is start Python with relative paths; anything more is not looked into."""
    if len(line) != 3 or line[1] != "-c":  # noqa: PLR2004 - sh -c TEXT
        return f"its command '{' '.join(line[:2])}' is a shell script"
    text = line[2]
    if re.search(r"[;&|<>`\n(]", text):
        return "its shell command does more than start one program"
    try:
        words = shlex.split(text)
    except ValueError:
        return "its shell command cannot be read"
    words = words[1:] if words[:1] == ["exec"] else words
    if not words:
        return "its shell command is empty"
    if "/" in words[0]:
        return f"its command '{words[0]}' is a path that a shell of this host would take for its own"
    return _command(words, lambda _path: False)


def _foreign(words: list[str], there: Callable[[str], bool]) -> str:
    before = ""
    for word in words:
        path = word.partition("=")[2] if word.startswith("-") and "=" in word else word
        file = path.startswith("/") and not path.startswith("/dev/") and before not in URL_PATHS
        if file and not there(path):
            return f"its command names '{path}', which is not in the image but may be in its base"
        before = word
    return ""


def _under(path: str, workdir: str) -> bool:
    folder = workdir.rstrip("/")
    return bool(folder) and (posixpath.normpath(path) + "/").startswith(folder + "/")


def _missing(label: object) -> str:
    try:
        names = json.loads(str(label)) if label else []
    except ValueError:
        names = []
    absent = [str(name) for name in names if not _installed(str(name))] if isinstance(names, list) else []
    if not absent:
        return ""
    return f"it needs {', '.join(absent)}, which this Python does not have (pip install it beside ekswiz)"


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
