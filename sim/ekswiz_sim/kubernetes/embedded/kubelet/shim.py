"""The parent of every container process: a small program that outlives the node by no more than it takes to kill them.

It is run as a script with the standard library alone. It reads commands from a socket and writes answers to a pipe.
When the socket ends, however the other side died, it kills every process that ever came from it. On Linux it is a
child subreaper, so that processes which left their group are found too, and containers die with it by a death signal.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LINUX = sys.platform == "linux"
_LIBC = ctypes.CDLL(None, use_errno=True) if _LINUX else None


def _die_with_parent() -> None:
    """In the child, before exec: a shim that is killed takes its containers along."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Shim:
    """Starts, signals and reaps."""

    def __init__(self, commands: socket.socket, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._ids: dict[int, int] = {}
        self._pids: dict[int, int] = {}
        self._bell, ring = socket.socketpair()
        ring.setblocking(False)
        self._bell.setblocking(False)
        self._ring = ring
        signal.set_wakeup_fd(ring.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # A handler, not SIG_IGN: what is ignored stays ignored in containers, a handler does not.
        signal.signal(signal.SIGINT, lambda *_: None)

    def run(self) -> None:
        """Until the commands end."""
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        with selectors.DefaultSelector() as selector:
            selector.register(self._commands, selectors.EVENT_READ, self._obey)
            selector.register(self._bell, selectors.EVENT_READ, self._reap)
            alive = True
            while alive:
                for key, _ in selector.select():
                    alive = key.data() and alive
        self._end()

    # ---- commands

    def _obey(self) -> bool:
        head, fds, _, _ = socket.recv_fds(self._commands, 4, 1)
        if not head:
            return False
        command = json.loads(self._read(struct.unpack(">I", head + self._read(4 - len(head)))[0]))
        if command["op"] == "start":
            self._start(command, fds[0])
        else:
            self._signal(command)
        return True

    def _read(self, size: int) -> bytes:
        found = b""
        while len(found) < size and (more := self._commands.recv(size - len(found))):
            found += more
        return found

    def _start(self, command: dict[str, Any], output: int) -> None:
        try:
            child = subprocess.Popen(
                command["argv"],
                cwd=command["cwd"],
                env=command["env"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - this program has one thread
            )
        except (OSError, ValueError) as error:
            self._answer(id=command["id"], error=str(getattr(error, "strerror", None) or error))
            return
        finally:
            os.close(output)
        child.returncode = 0  # it is reaped here, not by subprocess
        self._ids[child.pid] = command["id"]
        self._pids[command["id"]] = child.pid
        self._answer(id=command["id"], pid=child.pid)

    def _signal(self, command: dict[str, Any]) -> None:
        pid = self._pids.get(command["id"])
        if pid is not None:
            _kill_group(pid, command["signal"])

    def _answer(self, **members: Any) -> None:
        # The reader may be gone; then the commands end too, and that is handled.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._answers, json.dumps(members).encode() + b"\n")

    # ---- children

    def _reap(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            self._bell.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := self._ended()) is not None:
                number = self._ids.pop(ended[0], None)
                if number is not None:
                    del self._pids[number]
                    self._answer(id=number, exit=os.waitstatus_to_exitcode(ended[1]))
        return True

    def _ended(self) -> tuple[int, int] | None:
        """A child that ended, and its status. With a container's first process the rest of its group goes too."""
        if not hasattr(os, "waitid"):  # macOS before Python 3.13
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid in self._ids:
                _kill_group(pid, signal.SIGKILL)
            return (pid, status) if pid else None
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return None
        if found.si_pid in self._ids:
            # Before it is reaped: until then nobody else can have its number.
            _kill_group(found.si_pid, signal.SIGKILL)
        return os.waitpid(found.si_pid, 0)

    def _end(self) -> None:
        for pid in self._ids:
            _kill_group(pid, signal.SIGKILL)
        while True:
            for pid in _children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def _kill_group(pid: int, number: int) -> None:
    # EPERM is how macOS says that all of a group are zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _children() -> list[int]:
    """Processes that became ours; known on Linux only."""
    try:
        text = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(pid) for pid in text.split()]


if __name__ == "__main__":
    Shim(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])).run()
