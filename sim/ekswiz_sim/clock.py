"""The time of a world's statuses: whoever waits for one makes it pass.

A cluster takes eleven minutes here as it does at AWS, but they are over as soon as its maker has waited for them: a
wait moves the time on at once while something is on its way, and is a short real one where nothing is (pods and
namespaces go in real time). Signing, tokens and TLS use real time always.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ekswiz.target import Flag

LONGEST = 0.2
"""Real seconds that a wait takes where nothing of the world is on its way."""
BREATH = 0.001
"""Real seconds that a skipped wait takes, so that other threads get their turn."""
SPEED = 120.0
"""How fast statuses move on by themselves, for clients that wait in real time (kubectl, another process)."""


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that will be done at a moment, in seconds of its clock."""

    clock: SimClock
    due: float

    def done(self) -> bool:
        """Whether the moment has come."""
        return self.clock.passed() >= self.due


class SimClock:
    """`ekswiz.target.Clock`, shared by a world and its Target. Thread-safe.

    Args:
        speed: Seconds of status time in one real second, besides those that are skipped by waiting.
    """

    def __init__(self, speed: float = SPEED) -> None:
        self.speed = speed
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._skipped = 0.0
        self._dues: list[float] = []
        self._alarms: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    def now(self) -> datetime:
        """Real time and what was skipped, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._skipped)

    def passed(self) -> float:
        """Seconds of status time since the world began."""
        return self._skipped + (time.monotonic() - self._began) * self.speed

    def timer(self, seconds: float) -> Timer:
        """A timer that is done in so many seconds of status time."""
        due = self.passed() + seconds
        with self._lock:
            heapq.heappush(self._dues, due)
        return Timer(self, due)

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something when so many seconds from now have passed: how a test lets credentials expire in minute 7.

        It happens in the thread whose wait makes the time pass.
        """
        with self._lock:
            heapq.heappush(self._alarms, (self.passed() + seconds, next(self._count), action))

    def wait(self, seconds: float, stop: Flag) -> bool:
        """Wait `seconds`: at once if something is on its way, else at most `LONGEST` real ones. True if `stop` came."""
        if stop.is_set():
            return True
        if not self._expecting():
            return stop.wait(min(seconds, LONGEST))
        self.advance(seconds)
        return stop.wait(BREATH)

    def advance(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        with self._lock:
            self._skipped += seconds
        self._ring()

    def _expecting(self) -> bool:
        with self._lock:
            while self._dues and self._dues[0] <= self.passed():
                heapq.heappop(self._dues)
            return bool(self._dues)

    def _ring(self) -> None:
        while True:
            with self._lock:
                if not self._alarms or self._alarms[0][0] > self.passed():
                    return
                _, _, action = heapq.heappop(self._alarms)
            action()
