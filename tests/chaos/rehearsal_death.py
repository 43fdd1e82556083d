"""SIGKILL of a whole rehearsal at random moments: the next start leaves nothing of it.

Each killed rehearsal is followed by the next one, which is the next to be killed; the last one runs to its end. What a
rehearsal holds when it dies (its processes wherever they have gone, its ports, its folders) has to be gone as soon as
the next one has a world of its own.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from chaos.figures import Figures
from ekswiz.answers import Answers
from ekswiz_sim.home import PREFIX

FULL = 20
EMBEDDED = ("--sim", "--headless", "--sample")
PATIENCE = 60.0
"""Seconds until the next rehearsal has its world, on a busy machine."""
TICK = 0.05
HURRIED = 0.7
"""Of the first one's time: the later ones find files in the cache."""


Running = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Held:
    """What a rehearsal held when it died."""

    processes: tuple[psutil.Process, ...]
    ports: frozenset[int]
    folders: tuple[Path, ...]


class Place:
    """Where rehearsals run that know of no other: folders for temporary files and a home of their own."""

    def __init__(self, root: Path, arguments: Sequence[str]) -> None:
        self.temporary, self.home = root / "tmp", root / "home"
        self.temporary.mkdir()
        self.home.mkdir()
        self._arguments = arguments

    def start(self) -> Running:
        environment = {"HOME": str(self.home), "TMPDIR": str(self.temporary), "PATH": os.environ["PATH"]}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        command = [sys.executable, "-W", "ignore", "-m", "ekswiz.main", *self._arguments]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, env=environment, cwd=self.home, stdin=quiet, stdout=quiet, stderr=quiet)

    def folders(self) -> tuple[Path, ...]:
        return tuple(sorted(self.temporary.glob(f"{PREFIX}*")))

    def strangers(self, running: Sequence[psutil.Process]) -> list[psutil.Process]:
        """Processes that were started from here and are none of `running`."""
        return [one for one in psutil.process_iter() if one not in running and self._names_us(one)]

    def _names_us(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            said = [*process.cmdline(), process.cwd(), process.environ().get("TMPDIR", "")]
        except psutil.Error:
            return False
        return any(str(self.temporary) in one for one in said)


def family(running: Running) -> tuple[psutil.Process, ...]:
    """It and all below it, as far as they live."""
    try:
        process = psutil.Process(running.pid)
        return (process, *process.children(recursive=True))
    except psutil.Error:
        return ()


def listening(processes: Sequence[psutil.Process]) -> frozenset[int]:
    found = set()
    for process in processes:
        try:
            places = process.net_connections("tcp")
        except psutil.Error:
            continue
        found |= {one.laddr.port for one in places if one.status == psutil.CONN_LISTEN}
    return frozenset(found)


def kill(place: Place, victim: Running) -> Held:
    """What it held at the end."""
    processes = family(victim)
    held = Held((*processes, *place.strangers(processes)), listening(processes), place.folders())
    victim.kill()  # nothing happens if it came to its end in the last moment
    victim.wait()
    return held


def left(place: Place, held: Held, running: Running | None) -> list[str]:
    """What is still there, in words; `running` is the rehearsal that came after it."""
    own = family(running) if running is not None else ()
    found = [f"process {one.pid} {one.name()}" for one in held.processes if one not in own and _lives(one)]
    found += [f"process {one.pid} of nobody" for one in place.strangers(own)] if not found else []
    found += [f"folder {folder.name}" for folder in held.folders if folder.exists()]
    others = [one for one in held.processes if one not in own]
    return found + [f"port {port}" for port in sorted(held.ports & listening(others))]


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def until(done: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(TICK)
    return True


def _has_world(place: Place, process: Running, before: Sequence[Path]) -> bool:
    """Whether it has a folder of its own, so that it has looked for what others left; or has ended."""
    mine = [one for one in place.folders() if one not in before and (one / "owner.json").exists()]
    return bool(mine) or process.poll() is not None


def sweep(
    answers: Answers,
    size: int | None,
    seed: int,
    shard: tuple[int, int] = (0, 1),
    name: str = "",
    *,
    arguments: Sequence[str] = EMBEDDED,
) -> Figures:
    """`size` rehearsals that die, each at its own moment, and one that lives."""
    chance = random.Random(f"{seed} {shard}")
    count = len(range(shard[0], FULL if size is None else size, shard[1]))
    figures = Figures(f"SIGKILL of a whole rehearsal{name}", "the next start leaves nothing of it", seed)
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as root:
        place = Place(Path(root), arguments)
        seconds = _undisturbed(place, figures)
        running = place.start()
        try:
            for number in range(count):
                moment = HURRIED * seconds * (number + chance.random()) / count
                with figures.case(f"killed after {moment:.1f} of {seconds:.1f} s"):
                    running = _die(place, running, moment, figures)
            with figures.case("the last one"):
                assert running.wait(PATIENCE + 10 * seconds) == 0
                _nothing(place)
        finally:
            running.kill()
            running.wait()
    return figures


def _undisturbed(place: Place, figures: Figures) -> float:
    """How long a rehearsal takes here; it leaves nothing either."""
    began = time.monotonic()
    running = place.start()
    with figures.case("undisturbed"):
        assert running.wait() == 0, running.returncode
        _nothing(place)
    return time.monotonic() - began


def _nothing(place: Place) -> None:
    assert not place.strangers(()), place.strangers(())
    assert not list(place.temporary.iterdir()), list(place.temporary.iterdir())


def _die(place: Place, running: Running, moment: float, figures: Figures) -> Running:
    """Kill at a moment of its life, and start the next, which finds what was left."""
    if until(lambda: running.poll() is not None, moment):
        figures.add("ended before")
    held = kill(place, running)
    figures.add("processes", len(held.processes))
    figures.add("ports", len(held.ports))
    figures.add("folders", len(held.folders))
    following = place.start()
    try:
        assert until(lambda: _has_world(place, following, held.folders), PATIENCE), "the next one has no world"
        assert until(lambda: not left(place, held, following), PATIENCE), left(place, held, following)
    except BaseException:
        following.kill()
        raise
    return following
