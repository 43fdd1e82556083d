"""Faults on demand: what AWS and the network sometimes do, once per asked count.

A fault is for tests of the client's patience. It changes nothing in the judging of the requests it lets through.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "throttle",
    "500",
    "503",
    "timeout-before",
    "lost-reply-after-effect",
    "reset",
    "ExpiredToken",
    "AccessDenied",
    "skew",
]
KINDS: frozenset[str] = frozenset(get_args(Kind))


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one call. `timeout-before` never answers; `reset` and a lost reply close the connection."""

    service: str
    operation: str
    kind: Kind


class Faults:
    """The faults that wait for their call. `*` stands for any service or operation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self.taken: list[Fault] = []

    def add(self, service: str, operation: str, kind: Kind, count: int = 1) -> None:
        """Let the next `count` calls of that operation meet this fault.

        Raises:
            ValueError: There is no such kind.
        """
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}; there are {', '.join(sorted(KINDS))}")
        with self._lock:
            self._waiting.extend([Fault(service, operation, kind)] * count)

    def clear(self) -> None:
        """Forget every fault that still waits."""
        with self._lock:
            self._waiting.clear()

    def take(self, service: str, operation: str) -> Kind | None:
        """The fault for this call, which is thereby used up; None if it goes well."""
        with self._lock:
            for fault in self._waiting:
                if fault.service in {"*", service} and fault.operation in {"*", operation}:
                    self._waiting.remove(fault)
                    self.taken.append(Fault(service, operation, fault.kind))
                    return fault.kind
        return None
