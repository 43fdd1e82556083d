"""The ledger of decisions: every answer of every door, in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from ekswiz.iam.decision import Decision
from ekswiz_sim.seams import NO_CONTEXT, Door, Record


class Ledger:
    """Keeps decisions; safe from every thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: list[Record] = []

    def keep(  # noqa: PLR0917 - Gatekeeper.record has this order
        self,
        door: Door,
        principal: str,
        action: str,
        resource: str,
        decision: Decision,
        context: Mapping[str, Sequence[str]] = NO_CONTEXT,
    ) -> Decision:
        """Add one decision, and hand it back."""
        with self._lock:
            seq = len(self._kept) + 1
            self._kept.append(Record(seq, self._clock(), door, principal, action, resource, decision, dict(context)))
        return decision

    def since(self, seq: int = 0) -> tuple[Record, ...]:
        """The records after that number."""
        with self._lock:
            return tuple(self._kept[max(seq, 0) :])
