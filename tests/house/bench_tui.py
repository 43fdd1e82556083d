"""What the wizard costs: processor time to the first paint and of `--help`, the time from a key to the screen, memory.

Everything is measured from outside, through a pseudo-terminal, as a user would: nothing of the wizard is imported here.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil
from bench import tree_memory

T = TypeVar("T")
SIZE = (24, 80)
PATIENCE = 120.0
BETWEEN_KEYS = 0.12
"""Seconds between two measured keys."""
KEY_RUNS = 3
"""Runs whose keys are measured; one has too few for a percentile."""
LOOK_BACK = 40_000
"""Bytes of the output that are searched for a text."""
ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78])")
NOT_OURS = ("AWS_", "EKSWIZ_", "TEXTUAL", "PYTHONDONTWRITEBYTECODE")
"""Variables that the wizard is measured without; a user's Python keeps the bytecode of what it has imported."""
FIRST_PAINT = "Nothing changes until you type the account number"
GOALS = {
    "first paint (CPU s)": 0.75,
    "--help (CPU s)": 0.1,
    "key, rehearsal p95 (ms)": 50.0,
    "key, apply p95 (ms)": 50.0,
    "memory, start (MB)": 120.0,
    "memory, rehearsal (MB)": 500.0,
}


@dataclass
class Screen:
    """The wizard at the other end of a pseudo-terminal."""

    process: subprocess.Popen[bytes]
    master: int
    seen: bytearray = field(default_factory=bytearray)

    def press(self, keys: bytes) -> int:
        """Press keys; where in the output their effect can begin."""
        self.read(0.0)
        at = len(self.seen)
        os.write(self.master, keys)
        return at

    def read(self, seconds: float) -> bool:
        """Take what has come within this time."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            self.seen += os.read(self.master, 65536)
        except OSError:
            return False
        return True

    def text(self, since: int = 0) -> str:
        """What was drawn since then (of that the last part), without the codes that say where and how."""
        return ESCAPES.sub(b"", bytes(self.seen[max(since, len(self.seen) - LOOK_BACK) :])).decode(errors="replace")

    def wait(self, *texts: str, since: int = 0) -> float:
        """Wait until one of these is drawn; the seconds that took."""
        started = time.monotonic()
        while not any(text in self.text(since) for text in texts):
            if time.monotonic() - started > PATIENCE:
                sys.exit(f"never drawn: {texts}\n{self.text(since)[-2000:]}")
            self.read(0.005)
        return time.monotonic() - started


@contextmanager
def wizard(command: Sequence[str], folder: Path) -> Iterator[Screen]:
    """Start a program in a terminal of its own, with a home of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    path = os.pathsep.join(str(Path(__file__).resolve().parents[2] / name) for name in ("wizard", "sim", "tests"))
    environ = {
        **kept,
        "PYTHONPATH": path,
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "TERM": "xterm-256color",
    }
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environ, start_new_session=True
    )
    os.close(slave)
    screen = Screen(process, master)
    try:
        yield screen
    finally:
        if process.poll() is None:
            os.write(master, b"\x11")
            deadline = time.monotonic() + PATIENCE
            while process.poll() is None and time.monotonic() < deadline:
                screen.read(0.05)
        process.kill()
        process.wait()
        os.close(master)


def first_paint(folder: Path) -> tuple[float, float]:
    """Processor seconds until the start screen is there, and the memory then (MB)."""
    with wizard([sys.executable, "-m", "ekswiz.main"], folder) as screen:
        screen.wait(FIRST_PAINT)
        used = psutil.Process(screen.process.pid).cpu_times()
        return used.user + used.system, tree_memory(screen.process.pid)


def help_text(folder: Path) -> float:
    """Processor seconds of `ekswiz --help`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    command = [sys.executable, "-m", "ekswiz.main", "--help"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder, env=environ)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def in_rehearsal(folder: Path) -> tuple[list[float], float]:
    """Seconds from a key to its effect while a rehearsal runs, and the peak of the memory (MB)."""
    with wizard([sys.executable, "-m", "ekswiz.main", "--sim", "--sample"], folder) as screen:
        screen.wait("Rehearse on this machine")
        at = screen.press(b"\x1b[H\x1b[B\r")
        screen.wait("Rehearsing", since=at)
        screen.wait("build job", since=at)
        return _keys(
            screen, at, ("Everything works", "FAIL"), ((b"\x1b[B", "deploy job / "), (b"\x1b[A", "build job / "))
        )


def in_apply(folder: Path) -> tuple[list[float], float]:
    """Seconds from a key to its effect while a long apply runs, and the peak of the memory (MB)."""
    script = Path(__file__).with_name("long_apply.py")
    with wizard([sys.executable, str(script)], folder) as screen:
        at = 0
        screen.wait("Applying", since=at)
        return _keys(screen, at, ("changes made", "Proof"), ((b"l", None), (b"l", "-- log, l hides it")))


Press = tuple[bytes, str | None]


def _keys(screen: Screen, since: int, ends: Sequence[str], presses: Sequence[Press]) -> tuple[list[float], float]:
    """Press keys by turns until it ends. A key without a text only prepares the next one, and is not measured."""
    found, peak, number = [], 0.0, 0
    while not any(end in screen.text(since) for end in ends):
        key, effect = presses[number % len(presses)]
        number += 1
        at = screen.press(key)
        if any(end in screen.text(since) for end in ends):  # it came between the look at the screen and the key
            break
        if effect is not None:
            seconds = screen.wait(effect, *ends, since=at)
            found += [] if any(end in screen.text(at) for end in ends) else [seconds]
        peak = max(peak, tree_memory(screen.process.pid))
        until = time.monotonic() + BETWEEN_KEYS
        while time.monotonic() < until:
            screen.read(0.01)
    return found, peak


def p95(values: Sequence[float]) -> float:
    """The value that 95 in 100 do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def main(arguments: Sequence[str]) -> int:
    """Print what was measured beside its goal; never fails, since goals depend on the machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=5)
    runs = parser.parse_args(arguments).runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _repeat(1, lambda: first_paint(folder))  # warms the file cache
        paints = _repeat(runs, lambda: first_paint(folder))
        helps = _repeat(runs, lambda: help_text(folder))
        rehearsal, peak = _keys_of(in_rehearsal, folder)
        applied, _ = _keys_of(in_apply, folder)
    figures = {
        "first paint (CPU s)": statistics.median(cpu for cpu, _ in paints),
        "--help (CPU s)": statistics.median(helps),
        "key, rehearsal p95 (ms)": p95(rehearsal) * 1000,
        "key, apply p95 (ms)": p95(applied) * 1000,
        "memory, start (MB)": statistics.median(memory for _, memory in paints),
        "memory, rehearsal (MB)": peak,
    }
    print(f"wizard: medians of {runs} runs, {len(rehearsal)} and {len(applied)} keys, {os.cpu_count()} processors")
    for what, value in figures.items():
        print(f"{what:<26}{value:9.2f}   goal {GOALS[what]:g}{'' if value <= GOALS[what] else '   OVER'}")
    for what, values in (("rehearsal", rehearsal), ("apply", applied)):
        print(f"key in {what}: median {statistics.median(values) * 1000:.0f} ms, most {max(values) * 1000:.0f} ms")
    return 0


def _keys_of(run: Callable[[Path], tuple[list[float], float]], folder: Path) -> tuple[list[float], float]:
    """The keys of some runs, each with a home of its own, and the most memory of all."""
    found, peaks = [], []
    for _ in range(KEY_RUNS):
        with tempfile.TemporaryDirectory(dir=folder) as home:
            seconds, peak = run(Path(home))
        found += seconds
        peaks.append(peak)
    return found, max(peaks)


def _repeat(runs: int, measure: Callable[[], T]) -> list[T]:
    return [measure() for _ in range(runs)]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
