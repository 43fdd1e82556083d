"""Ctrl-C, SIGTERM and SIGHUP as a stop flag: what is in flight finishes, nothing else starts."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ekswiz.errors import Exit

CODES = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}
if hasattr(signal, "SIGHUP"):
    CODES[signal.SIGHUP] = Exit.TERMINATED


class Stop(threading.Event):
    """A stop flag that remembers which signal set it."""

    def __init__(self) -> None:
        super().__init__()
        self.exit_code: Exit | None = None

    def caught(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: the first stops, later ones explain."""
        if self.is_set():
            sys.stderr.write("Still stopping: the step in flight is finishing.\n")
            return
        self.exit_code = CODES[signal.Signals(number)]
        sys.stderr.write("Stopping after the step in flight. Nothing else starts.\n")
        self.set()


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """A `Stop` that signals set while the block runs; the handlers before it are put back."""
    stop = Stop()
    before = {number: signal.signal(number, stop.caught) for number in CODES}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
