"""Events on their way from the thread that works to the screen: in handfuls, never one by one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from ekswiz.events import Event


@dataclass
class Handful:
    """What has arrived and was not taken yet. One thread puts, another takes."""

    _waiting: list[Event] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, event: Event) -> bool:
        """Add one; whether it is the first since they were taken, so that whoever takes has to be told."""
        with self._lock:
            first = not self._waiting
            self._waiting.append(event)
        return first

    def take(self) -> list[Event]:
        """All that has arrived since the last time, in its order."""
        with self._lock:
            taken, self._waiting = self._waiting, []
        return taken
