"""The real `ekswiz` command in a home, a folder and a temporary folder of its own, and what it leaves there."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

EKSWIZ = Path(sys.executable).with_name("ekswiz")
SAMPLE = ("--sim", "--headless", "--sample")
PATIENCE = 120.0
GONE = 3.0
Listing = Mapping[str, tuple[int, int, int]]


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float = 0.0
    """Wall time, from the signal where there was one."""
    work: float = 0.0
    """Processor time of the command and its children, which a busy machine does not change."""

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass
class Ground:
    """Folders of one command. PATH has no git and no docker; TMPDIR shows what a world leaves."""

    root: Path
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in (self.home, self.cwd, self.tmp):
            folder.mkdir(parents=True)
        (self.home / "precious").write_text("mine")
        (self.cwd / "notes.txt").write_text("mine")
        self.before = self.listing()

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def cwd(self) -> Path:
        return self.root / "cwd"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": str(EKSWIZ.parent),
            "HOME": str(self.home),
            "TMPDIR": str(self.tmp),
            "DOCKER_HOST": "unix:///nonexistent",
            "EKSWIZ_STATE_DIR": str(self.root / "state"),
            **self.extra,
        }

    def listing(self) -> Listing:
        found = {}
        for path in sorted([*self.home.rglob("*"), *self.cwd.rglob("*")]):
            status = path.lstat()
            found[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns)
        return found

    def run(self, *arguments: str, shell: str = "", **environment: str) -> Said:
        """Run `ekswiz` to its end. `shell` is a line for sh, with `ekswiz` as `"$0"` and the arguments as `"$@"`."""
        began, worked = time.monotonic(), _work()
        command = ["/bin/sh", "-c", shell, str(EKSWIZ), *arguments] if shell else [str(EKSWIZ), *arguments]
        done = subprocess.run(
            command,
            cwd=self.cwd,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        out, err = (stream.decode(errors="backslashreplace") for stream in (done.stdout, done.stderr))
        return Said(done.returncode, out, err, time.monotonic() - began, _work() - worked)

    def assert_nothing_left(self) -> None:
        assert list(self.tmp.iterdir()) == []
        assert self.listing() == self.before
        assert [process for process in psutil.process_iter() if self._ours(process)] == []

    def _ours(self, process: psutil.Process) -> bool:
        try:
            words = [process.cwd(), *process.cmdline()]
        except psutil.Error:
            return False
        return any(str(self.tmp) in word for word in words)


class Live:
    """A running `ekswiz`, read line by line, and the processes that it was seen to have."""

    def __init__(self, ground: Ground, arguments: Sequence[str] = SAMPLE) -> None:
        self._ground = ground
        self._process = subprocess.Popen(
            [str(EKSWIZ), *arguments],
            cwd=ground.cwd,
            env=ground.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.lines: list[str] = []
        self.family: set[psutil.Process] = set()
        self.ports: set[int] = set()

    def until(self, wanted: Callable[[str], bool]) -> str:
        """Read standard output up to the line that is wanted."""
        for line in self._read():
            if wanted(line):
                self.look()
                return line
        raise AssertionError("".join(self.lines) + self._process.communicate()[1])

    def _read(self) -> Iterator[str]:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            self.lines.append(line)
            yield line

    def look(self) -> None:
        """Remember the processes and listening ports of the whole tree."""
        me = psutil.Process(self._process.pid)
        self.family |= {me, *me.children(recursive=True)}
        for process in self.family:
            try:
                listening = [one for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
            except psutil.Error:
                continue
            assert all(one.laddr.ip.startswith("127.") or one.laddr.ip == "::1" for one in listening), listening
            self.ports |= {one.laddr.port for one in listening}

    def wait_for_home(self) -> None:
        """Until the world's folder is there: its parts are starting."""
        _until(lambda: any(self._ground.tmp.iterdir()))

    def until_family(self, size: int) -> None:
        """Until so many processes were seen: the pods are running."""
        _until(lambda: (self.look(), len(self.family) >= size)[1])

    def send(self, number: signal.Signals) -> None:
        os.kill(self._process.pid, number)

    def end(self) -> Said:
        began = time.monotonic()
        out, err = self._process.communicate(timeout=PATIENCE)
        return Said(self._process.returncode, "".join(self.lines) + out, err, time.monotonic() - began)

    def assert_gone(self) -> None:
        """Every process that was seen is gone, within moments."""
        until_gone(self.family)


def until_gone(family: Iterable[psutil.Process], seconds: float = GONE) -> None:
    """Wait until none of these processes lives. A zombie does not: there may be nobody who asks for its end."""
    end = time.monotonic() + seconds
    while alive := [process for process in family if _lives(process)]:
        assert time.monotonic() < end, alive
        time.sleep(0.02)


def busy(seconds: float) -> float:
    """What `seconds` of an idle machine may be here and now."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _work() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end
        time.sleep(0.01)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
