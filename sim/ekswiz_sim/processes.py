"""Local processes that cannot outlive us: workflow steps and the containers of pods.

Every child leads a session and process group of its own, so that it can be stopped with all that it started and a
Ctrl-C in the terminal reaches us alone. Two things end it if we are killed: Linux's parent-death signal (through
`setpriv`, where there is one) for the child itself, and a watchdog shell that holds a pipe to us and kills every
group that is still registered when the pipe closes. Nothing runs between fork and exec, so threads are no danger.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import IO, Any

POLL = 0.01
"""Seconds between looks at a group that was told to end."""

_WATCHDOG = """
groups=' '
while read -r verb group; do
  case $verb in
    add) groups="$groups$group " ;;
    del) case $groups in *" $group "*) groups="${groups%% $group *} ${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -KILL "-$group"; done
"""


class Watchdog:
    """A shell that kills the registered process groups when its owner is gone, however it went."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shell: subprocess.Popen[bytes] | None = None
        self._groups: set[int] = set()

    def add(self, group: int) -> None:
        """Register a process group; starts the shell on first use."""
        with self._lock:
            self._groups.add(group)
            self._tell(f"add {group}\n")

    def forget(self, group: int) -> None:
        """Take a group off the list: nobody is left in it."""
        with self._lock:
            self._groups.discard(group)
            self._tell(f"del {group}\n")

    def close(self) -> None:
        """End the shell; what is still registered is killed."""
        with self._lock:
            if self._shell is not None:
                self._shell.communicate()
                self._shell = None
            self._groups.clear()

    def _tell(self, line: str) -> None:
        try:
            self._write(line)
        except OSError:  # somebody killed the shell: a new one learns all that the old one knew
            self._drop()
            self._write("".join(f"add {group}\n" for group in self._groups))

    def _drop(self) -> None:
        if self._shell is not None and self._shell.stdin is not None:
            self._shell.stdin.close()
            self._shell.wait()
        self._shell = None

    def _write(self, text: str) -> None:
        if self._shell is None:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _WATCHDOG],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
                start_new_session=True,
                bufsize=0,
            )
        assert self._shell.stdin is not None
        self._shell.stdin.write(text.encode())


@cache
def watchdog() -> Watchdog:
    """The one watchdog of this process; it ends when this process does."""
    made = Watchdog()
    atexit.register(made.close)
    return made


@cache
def _forker() -> ThreadPoolExecutor:
    """The parent-death signal fires when the forking *thread* ends: one thread that lives as long as we do forks."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="forker")


def _after_fork() -> None:
    """A forked child has neither the thread nor the right to speak for its parent's groups."""
    _forker.cache_clear()
    watchdog.cache_clear()


os.register_at_fork(after_in_child=_after_fork)


@cache
def _launcher() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin:/usr/sbin:/sbin")
    if setpriv is None:
        return ()
    probe = subprocess.run([setpriv, "--pdeathsig", "KILL", "true"], capture_output=True, check=False, env={})
    return (setpriv, "--pdeathsig", "KILL", "--") if probe.returncode == 0 else ()


class Process:
    """A running child and its process group (whose id is the child's)."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
        self.pid = popen.pid
        self.stdin: IO[bytes] | None = popen.stdin
        self.stdout: IO[bytes] | None = popen.stdout
        self._ended = threading.Lock()
        self._forgotten = False

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._popen.poll()

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code; None if it still runs after `timeout` seconds."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def signal_group(self, number: signal.Signals) -> bool:
        """Send a signal to the whole group; False if nobody is left in it."""
        if self._forgotten:  # the id may be somebody else's by now
            return False
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
            return False
        return True

    def group_alive(self) -> bool:
        """Whether any process of the group is left."""
        self.poll()
        if self._forgotten:
            return False
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def kill_group(self, grace: float = 0.0, *, first: Sequence[tuple[signal.Signals, float]] = ()) -> int:
        """End the group: each of `first` with its seconds of patience, SIGTERM with `grace`, at last SIGKILL.

        Returns the child's exit code. Safe to call twice and from several threads.
        """
        steps = [*first, *([(signal.SIGTERM, grace)] if grace > 0 else [])]
        for number, patience in steps:
            if not self._tell_and_wait(number, patience):
                break
        self.signal_group(signal.SIGKILL)
        code = self._popen.wait()
        self.forget()
        return code

    def _tell_and_wait(self, number: signal.Signals, patience: float) -> bool:
        """Whether anybody is left after a signal and `patience` seconds."""
        if not self.signal_group(number):
            return False
        end = time.monotonic() + patience
        while self.group_alive():
            if time.monotonic() >= end:
                return True
            time.sleep(POLL)
        return False

    def close(self) -> None:
        """Close our ends of its pipes."""
        for pipe in (self.stdin, self.stdout):
            if pipe is not None:
                pipe.close()

    def forget(self) -> None:
        """Take the group off the watchdog's list. Call it once nobody is left in the group."""
        with self._ended:
            if not self._forgotten:
                self._forgotten = True
                watchdog().forget(self.pid)


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | str,
    stdin: int | IO[Any] = subprocess.DEVNULL,
    stdout: int | IO[Any] = subprocess.PIPE,
    stderr: int | IO[Any] = subprocess.STDOUT,
) -> Process:
    """Start `argv` as the leader of a new session, with exactly this environment.

    The command is looked up in `env["PATH"]`, never in ours. Ends with us in every case, SIGKILL included.

    Raises:
        FileNotFoundError: No such command, or no such working directory.
        PermissionError: The command is not executable.
    """
    command = _resolve(argv[0], env, cwd)
    full = [*_launcher(), command, *argv[1:]]

    def fork() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            full, env=dict(env), cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
        )

    popen = _forker().submit(fork).result()
    watchdog().add(popen.pid)
    return Process(popen)


def _resolve(command: str, env: Mapping[str, str], cwd: Path | str) -> str:
    if not Path(cwd).is_dir():
        raise FileNotFoundError(2, "No such working directory", str(cwd))
    if "/" in command:
        path = Path(cwd, command)
        if not path.is_file():
            raise FileNotFoundError(2, "No such file or directory", command)
        if not os.access(path, os.X_OK):
            raise PermissionError(13, "Permission denied", command)
        return str(path)
    found = shutil.which(command, path=env.get("PATH", os.defpath))
    if found is None:
        raise FileNotFoundError(2, "No such command in PATH", command)
    return found
