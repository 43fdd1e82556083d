"""Retries with growing pauses, in the words of configure-aws-credentials."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from ekswiz_sim.runner.actions.inputs import ActionFailed
from ekswiz_sim.seams import ActionCall

T = TypeVar("T")

BASE = 0.05
"""Seconds that the first pause takes at most; each next one may take twice as long."""
LONGEST = 0.25
"""Seconds that a pause takes at most here: the real action may wait 100 s for what a rehearsal's IAM knows at once."""
CANCELED = "The operation was canceled."
_SLICE = 0.02


def with_retries(call: ActionCall, attempts: int, label: str, work: Callable[[], T]) -> T:
    """Try `work` up to `attempts` times. Every failure is tried again, as the real action does: a denial, too.

    Raises:
        ActionFailed: The last try's failure, or the run was stopped.
    """
    for attempt in range(1, attempts + 1):
        try:
            return work()
        except ActionFailed as error:
            pause = min(random.random() * BASE * 2 ** (attempt - 1), LONGEST)  # noqa: S311 - a pause is no secret
            call.log(
                f"Retry {label}: attempt {attempt} of {attempts} failed: {error}. Retrying after {int(pause * 1000)}ms."
            )
            _wait(call, pause)
            if attempt == attempts:
                call.log(f"Retry {label}: reached max retries ({attempts}); giving up.")
                raise
    raise ActionFailed(CANCELED)


def _wait(call: ActionCall, seconds: float) -> None:
    until = time.monotonic() + seconds
    never = threading.Event()
    while not call.stop():
        left = until - time.monotonic()
        if left <= 0:
            return
        never.wait(min(left, _SLICE))
    raise ActionFailed(CANCELED)
