"""The only clock of the screens, so that a test can hold it."""

from __future__ import annotations

import time


def steady() -> float:
    """Seconds from an unknown start, never going back: for durations."""
    return time.monotonic()


def wall() -> float:
    """Seconds since the epoch: for times of day."""
    return time.time()


def of_day(at: float) -> str:
    """A time of day in the user's zone: `14:03:59`."""
    return time.strftime("%H:%M:%S", time.localtime(at))
