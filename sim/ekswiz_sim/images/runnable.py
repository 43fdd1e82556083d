"""Whether a local process can be a container, said before it is started.

A container of this tier is a process of this host's Python in the unpacked image. So its command must be Python's (or a
server that runs on it), it may name paths of the image only below its working directory, and what pip would have
installed must be installed here.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ekswiz_sim.images.assembly import CANNOT_RUN, REQUIRES

Config = Mapping[str, Any]
PYTHON = re.compile(r"(?:/usr/(?:local/)?bin/)?python(?:3(?:\.\d+)?)?", re.ASCII)
SERVERS = {
    "uvicorn": "uvicorn",
    "gunicorn": "gunicorn",
    "hypercorn": "hypercorn",
    "fastapi": "fastapi",
    "flask": "flask",
}
"""Commands that are Python modules: name on the command line, module to run."""
SHELLS = frozenset({"sh", "/bin/sh", "bash", "/bin/bash", "/usr/bin/bash"})
REMEDY = "use --images docker to run it"


def argv(config: Config, command: Sequence[str] | None = None, args: Sequence[str] | None = None) -> list[str]:
    """What a container runs: the image's Entrypoint and Cmd under a pod's `command` and `args`.

    Source: https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
    """
    if command:
        return [*command, *(args or ())]
    entrypoint, default = config.get("Entrypoint") or (), config.get("Cmd") or ()
    return [*entrypoint, *(args or default)]


def runnable(config: Config, words: Sequence[str] | None = None) -> tuple[bool, str]:
    """Whether this tier can run a container, and if not, why.

    Args:
        config: The OCI config's `config` object.
        words: The command line, where a pod gives its own; by default the image's.
    """
    labels = config.get("Labels") or {}
    reason = (
        str(labels.get(CANNOT_RUN, ""))
        or _command(list(argv(config) if words is None else words), str(config.get("WorkingDir") or "/"))
        or _missing(labels.get(REQUIRES))
    )
    return (False, f"{reason}: {REMEDY}") if reason else (True, "")


def _command(line: list[str], workdir: str) -> str:
    if not line:
        return "neither CMD nor ENTRYPOINT says what to run (the base image's are not known)"
    if line[0] in SHELLS:
        return _shell(line)
    name = line[0].removeprefix("/usr/local/bin/").removeprefix("/usr/bin/")
    if not PYTHON.fullmatch(line[0]) and name not in SERVERS:
        return f"its command '{line[0]}' is not Python"
    if name in SERVERS and importlib.util.find_spec(SERVERS[name]) is None:
        return f"its command '{name}' is not installed in this Python"
    if len(line) == 1 and PYTHON.fullmatch(line[0]):
        return "its command is Python without a program"
    module = line[2] if len(line) > 2 and line[1] == "-m" else ""  # noqa: PLR2004 - python -m MODULE
    if module in SERVERS.values() and importlib.util.find_spec(module) is None:
        return f"its module '{module}' is not installed in this Python"
    return _foreign(line[1:], workdir)


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
    if words and not (words[0] in SERVERS or re.fullmatch(r"python(?:3(?:\.\d+)?)?", words[0])):
        return f"its command '{words[0]}' is not Python"
    return _command(words, "") if words else "its shell command is empty"


def _foreign(words: list[str], workdir: str) -> str:
    for word in words:
        path = word.partition("=")[2] if word.startswith("-") and "=" in word else word
        if path.startswith("/") and path != "/dev/null" and not _under(path, workdir):
            if words[words.index(word) - 1] in {"--root-path", "--url-prefix"}:
                continue
            return f"its command names '{path}', a path of another root outside of WORKDIR {workdir or '/'}"
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
