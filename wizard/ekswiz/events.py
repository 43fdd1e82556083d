"""All that a front end ever sees of work in progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

EventType = Literal["started", "progress", "log", "applied", "failed", "skipped", "stopped", "stage", "cell"]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `at` is seconds since the epoch. `address` is a change's address, a stage's id for "stage", "row/column" for
    "cell". `seconds` is a duration where one is known. `data` holds JSON values only.
    """

    type: EventType
    at: float
    address: str
    seconds: float = 0.0
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
