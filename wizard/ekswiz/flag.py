"""A stop flag that a signal handler may set, whatever the thread it interrupts is doing.

`threading.Event` is none: its `set` takes a lock that the interrupted thread may hold, and both wait for ever.
`SimpleQueue.put` is made for this.
"""

from __future__ import annotations

import queue


class StopFlag:
    """Set once, from anywhere; any number of threads may wait for it."""

    def __init__(self) -> None:
        self._set = False
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()

    def is_set(self) -> bool:
        """Whether to stop."""
        return self._set

    def set(self) -> None:
        """Stop."""
        self._set = True
        self._bell.put(None)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds for the stop; True if it came."""
        try:
            self._bell.get(timeout=timeout)
        except queue.Empty:
            return self._set
        self._bell.put(None)  # for the next one who waits
        return True
