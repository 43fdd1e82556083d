"""Ctrl-C, SIGTERM and SIGHUP as a stop flag: what is in flight finishes, nothing else starts."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ekswiz.errors import Exit
from ekswiz.flag import StopFlag

CODES = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}
if hasattr(signal, "SIGHUP"):
    CODES[signal.SIGHUP] = Exit.TERMINATED
STDERR = 2
FIRST = b"Stopping: what is in flight finishes, nothing else starts.\n"
AGAIN = b"Still stopping: what is in flight is finishing.\n"


class Stop(StopFlag):
    """A stop flag that remembers which signal set it."""

    def __init__(self) -> None:
        super().__init__()
        self.exit_code: Exit | None = None

    def caught(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: the first stops, later ones explain."""
        first = not self.is_set()
        if first:
            self.exit_code = CODES[signal.Signals(number)]
            self.set()
        # Not through sys.stderr: the signal may have come in the middle of a write to it.
        with contextlib.suppress(OSError):
            os.write(STDERR, FIRST if first else AGAIN)


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """A `Stop` that signals set while the block runs; the handlers before it are put back.

    A SIGHUP that was ignored from the start stays ignored: that is what nohup is for.
    """
    stop = Stop()
    numbers = [number for number in CODES if number is signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop.caught) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
