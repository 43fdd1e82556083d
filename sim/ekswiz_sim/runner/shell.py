"""Scripts of `run:` steps: which shell, the script's file, and the process with its time limits."""

from __future__ import annotations

import shlex
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from ekswiz_sim.processes import Process, spawn
from ekswiz_sim.runner.request import Patience

TICK = 0.05
"""Seconds between looks at the stop flag and the clock."""

_DRAIN = 1.0
_LONGEST = 64 * 1024
_BUILT_IN: Mapping[str, tuple[str, str]] = {
    "": ("bash -e {0}", ".sh"),
    "bash": ("bash --noprofile --norc -e -o pipefail {0}", ".sh"),
    "sh": ("sh -e {0}", ".sh"),
    "python": ("python {0}", ".py"),
}
_FOREIGN = frozenset({"pwsh", "powershell", "cmd"})


class UnknownShell(ValueError):
    """A `shell:` that GitHub refuses, or that no rehearsal runs; the text says which."""


def shell_template(shell: str) -> tuple[str, str]:
    """The command line with `{0}` for the script, and the script's suffix. Empty is GitHub's default.

    Raises:
        UnknownShell: Not a shell that can run here.
    """
    if shell in _BUILT_IN:
        return _BUILT_IN[shell]
    if shell in _FOREIGN:
        raise UnknownShell(f"The shell '{shell}' is not supported: a rehearsal runs bash, sh and python.")
    if "{0}" not in shell:
        raise UnknownShell(
            "Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) or a format string "
            "containing '{0}'"
        )
    try:
        shlex.split(shell)
    except ValueError as error:
        raise UnknownShell(f"The shell '{shell}' cannot be split into words: {error}.") from None
    return shell, ""


def script_command(shell: str, script: str, temp: Path, path: str) -> list[str]:
    """Write the script to a file and give the command that runs it. `path` is the step's PATH.

    Raises:
        UnknownShell: Not a shell that can run here.
    """
    template, suffix = shell_template(shell)
    file = temp / f"{uuid.uuid4()}{suffix}"
    file.write_text(script, encoding="utf-8", errors="surrogateescape", newline="\n")
    words = [word.replace("{0}", str(file)) for word in shlex.split(template)]
    if words[0] == "python" and shutil.which("python", path=path) is None:
        words[0] = "python3"  # GitHub's runners have both names
    return words


@dataclass(frozen=True, slots=True)
class Limits:
    """When a step must end: `deadline` on the monotonic clock with the sentence to say, and the stop flag."""

    deadline: float
    overdue: str
    stopped: Callable[[], bool]
    patience: Patience


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended. `code` is its exit code; `why` says whether it was let run."""

    code: int
    why: Literal["exit", "timeout", "cancelled"]


def run_process(
    argv: list[str],
    env: Mapping[str, str],
    cwd: Path,
    *,
    write: Callable[[str], None],
    limits: Limits,
    keep: Callable[[Process], None],
) -> Ended:
    """Run a command to its end, each line of output to `write`. `keep` gets the process for the job's clean-up.

    A background process that holds the output open does not keep the step from ending, as at GitHub.

    Raises:
        OSError: It cannot be started.
    """
    process = spawn(argv, env=env, cwd=cwd)
    keep(process)
    assert process.stdout is not None
    drained = threading.Event()
    reader = threading.Thread(target=_pump, args=(process.stdout, write, drained), daemon=True)
    reader.start()
    why = _watch(process, drained, limits)
    if why != "exit":
        first = [(signal.SIGINT, limits.patience.interrupt), (signal.SIGTERM, limits.patience.terminate)]
        process.kill_group(first=first)
    code = process.wait()
    drained.wait(_DRAIN)
    return Ended(code if code is not None else -1, why)


def _watch(process: Process, drained: threading.Event, limits: Limits) -> Literal["exit", "timeout", "cancelled"]:
    while process.poll() is None:
        if limits.stopped():
            return "cancelled"
        if time.monotonic() >= limits.deadline:
            return "timeout"
        if drained.wait(TICK):
            process.wait(TICK)
    return "exit"


def _pump(stream: IO[bytes], write: Callable[[str], None], drained: threading.Event) -> None:
    """Lines from a pipe until it closes; overlong ones in pieces, so that memory stays bounded."""
    try:
        while line := stream.readline(_LONGEST):
            write(line.decode("utf-8", errors="replace").rstrip("\r\n"))
    except (OSError, ValueError):  # the pipe was closed under us: the step is over
        pass
    finally:
        drained.set()
        stream.close()
