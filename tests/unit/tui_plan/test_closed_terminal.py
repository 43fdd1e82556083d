"""Somebody closes the terminal, or ends the process, while a change is in flight."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from terminal.device import pair
from unit.tui_plan.plans import full_plan

ORDER = [each.address for each in full_plan().pending]
DEADLINE = 40.0
HERE = Path(__file__)


class Terminal:
    """A program in a terminal of its own, and somebody who reads what it draws until the window is closed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ours, theirs = pair()
        termios.tcsetwinsize(theirs, (24, 80))
        path = os.pathsep.join(str(HERE.parents[n] / name) for n, name in ((3, "wizard"), (3, "sim"), (2, "")))
        self.process = subprocess.Popen(
            [sys.executable, str(HERE.with_name("closed_terminal.py")), str(folder)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": path, "TERM": "xterm-256color", "HOME": str(folder)},
        )
        os.close(theirs)
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while not self._closing.is_set():
                if select.select([self._ours], [], [], 0.05)[0]:
                    os.read(self._ours, 65536)
        os.close(self._ours)

    def close(self) -> None:
        """Close the window: the kernel tells the program by SIGHUP."""
        self._closing.set()
        self._reader.join()

    def events(self) -> list[str]:
        file = self.folder / "events"
        return file.read_text().splitlines() if file.exists() else []


def until(seen: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE
    while not seen():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)  # another process


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    if opened.process.poll() is None:
        opened.process.kill()
    opened.process.wait()
    opened.close()


def close(terminal: Terminal) -> None:
    terminal.close()


def terminate(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize(("how", "code"), [(close, 143), (terminate, 143)], ids=["closed", "terminated"])
def test_the_change_in_flight_ends_and_nothing_more_starts(
    terminal: Terminal, how: Callable[[Terminal], None], code: int
) -> None:
    until(lambda: terminal.events() == [f"started {ORDER[0]}"])
    how(terminal)
    until((terminal.folder / "stopping").exists)
    assert terminal.process.poll() is None  # the change in flight is waited for
    (terminal.folder / "go").touch()
    assert terminal.process.wait(DEADLINE) == code
    assert terminal.events() == [
        f"started {ORDER[0]}", f"applied {ORDER[0]}", *(f"stopped {address}" for address in ORDER[1:])
    ]  # fmt: skip
