"""A real terminal: tmux on a socket of its own. Keys go in, the screen comes out as text."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

TMUX = shutil.which("tmux")
PATIENCE = 45.0
"""Seconds to wait for something on the screen, on a machine that has much else to do."""
LOOK = 0.05
MODES = "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_cursor_flag}"
"""What a program may leave switched: alternate screen, cursor, mouse reports, application keys."""


@dataclass(frozen=True)
class Terminal:
    """One window of a tmux server."""

    socket: str

    def screen(self) -> str:
        """What is on it now, a line per row."""
        return self._tmux("capture-pane", "-p", "-t", "0")

    def everything(self) -> str:
        """What is on it, and what has scrolled out of it."""
        return self._tmux("capture-pane", "-p", "-S", "-2000", "-t", "0")

    def modes(self) -> str:
        """Its switches, see `MODES`."""
        return self._tmux("display-message", "-p", "-t", "0", MODES).strip()

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names; a text is typed letter by letter."""
        self._tmux("send-keys", "-t", "0", *keys)

    def program(self, name: str) -> int:
        """The id of a process that runs in the window, by a word of its command line."""
        shell = psutil.Process(int(self._tmux("display-message", "-p", "-t", "0", "#{pane_pid}")))
        return next(one.pid for one in shell.children(recursive=True) if name in one.cmdline())

    def close(self) -> None:
        """Close the window under the program's feet: its terminal is gone, and it gets a SIGHUP."""
        self._tmux("kill-session")

    def record(self, file: Path) -> None:
        """From now on, write every byte that the program sends to its terminal into a file."""
        self._tmux("pipe-pane", "-t", "0", "-o", f"cat > {shlex.quote(str(file))}")

    def resize(self, width: int, height: int) -> None:
        """Make the window another size."""
        self._tmux("resize-window", "-t", "0", "-x", str(width), "-y", str(height))

    def wait(self, *texts: str, seconds: float = PATIENCE) -> str:
        """Wait until all these texts are on the screen."""
        return self.until(lambda seen: all(text in seen for text in texts), f"{texts!r}", seconds)

    def until(self, holds: Callable[[str], object], what: str, seconds: float = PATIENCE) -> str:
        """Wait until the screen is as it should be."""
        deadline = time.monotonic() + seconds
        while not holds(seen := self.screen()):
            assert time.monotonic() < deadline, f"never seen: {what}. The screen:\n{seen}"
            time.sleep(LOOK)
        return seen

    def _tmux(self, *arguments: str) -> str:
        command = [str(TMUX), "-L", self.socket, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


@contextmanager
def terminal(
    script: str, folder: Path, *, size: tuple[int, int] = (80, 24), environ: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """A window that runs a shell script in `folder`, with that as its home, and then waits."""
    socket = f"ekswiz-test-{os.getpid()}-{time.monotonic_ns()}"
    held = {**own_environment(folder), **(environ or {})}
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in held.items())
    command = f"env -i {exports} bash --norc -c {shlex.quote(script + '; echo waits; exec sleep 600')}"
    server = [str(TMUX), "-L", socket, "-f", "/dev/null"]
    options = ["-x", str(size[0]), "-y", str(size[1]), "-c", str(folder)]
    subprocess.run(
        [*server, "new-session", "-d", *options, command],
        check=True, timeout=20, env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    try:
        yield Terminal(socket)
    finally:
        subprocess.run([str(TMUX), "-L", socket, "kill-server"], check=False, capture_output=True, timeout=20)


def own_environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's but where programs are; a home and a state folder of the test's own."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "LANG": "C.UTF-8",
        "TERM": "tmux-256color",
        "COLORTERM": "truecolor",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith(("/wizard", "/sim"))),
    }
