"""Bounded, explained retries. The only place that waits before a call is made again."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import TypeVar

from ekswiz.errors import Stopped, Transient
from ekswiz.target import Clock, Flag

T = TypeVar("T")
FIRST_WAIT = 0.5
LONGEST_WAIT = 10.0
LONGEST_OF_ALL = 30.0
"""Seconds between two looks at what takes long (AWS's own waiters look at a cluster as often)."""
SHARE = 60
"""What may take ten minutes or more is looked at about so many times."""
DOUBLINGS = 8
"""Enough to reach the longest wait; more would overflow in a long wait of many short ones."""


class Never:
    """A flag that is never set, for reads that nobody stops."""

    def is_set(self) -> bool:
        """Never."""
        return False

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - the Flag's signature
        """Never."""
        return False


NEVER = Never()


def patiently(call: Callable[[], T], clock: Clock, stop: Flag, say: Callable[[str], None]) -> T:
    """The result of `call`, made again while it raises `Transient`, at most for the seconds that the error allows.

    Each kind of error has its own time: that an object came late takes nothing from what is done with it next.
    Waits grow from 0.5 s to 10 s (30 s for what may take half an hour), with jitter; `say` announces each.

    Raises:
        Transient: The time was not enough.
        Stopped: `stop` was set during a wait.
    """
    attempt = 0
    first: dict[tuple[str, ...], float] = {}
    while True:
        tried = clock.now().timestamp()
        try:
            return call()
        except Transient as error:
            # By when the attempt began: one that took long itself is no reason not to look once more.
            waited = max(0.0, tried - first.setdefault(_kind(error), clock.now().timestamp()))
            if waited >= error.within:
                raise
            pause = _pause(attempt, error.within - waited, error.within)
            say(f"{error.detail} Trying again ({waited:.0f} of at most {error.within:.0f} s).")
        if clock.wait(pause, stop):
            raise Stopped("the stop came while waiting to try again.")
        attempt += 1


def _kind(error: Transient) -> tuple[str, ...]:
    """What is waited for, without the names and numbers in it: of AWS's answers the call and the code."""
    return tuple(re.split(r": | \(", error.detail)[:2])


def _pause(attempt: int, left: float, within: float) -> float:
    longest = min(LONGEST_OF_ALL, max(LONGEST_WAIT, within / SHARE))
    ceiling = min(longest, FIRST_WAIT * 2.0 ** min(attempt, DOUBLINGS))
    return min(left, ceiling * (0.5 + random.random() / 2))  # noqa: S311 - jitter, not a secret
