"""What front ends are told about a stack's state: what moved, what was in flight, how long a plan may take."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Verb = Literal["apply", "destroy"]
How = Literal["gone", "replaced", "changed", "unreadable", "in flight", "not applied"]
"""What became of an object.

"replaced": another object bears its name. "not applied": the answers ask for something that no apply has made yet.
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """One object that is not as the last apply left it; `lines` say what differs, `address: field then -> now`."""

    address: str
    how: How
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A stack compared with its last apply.

    `since` is when that was (ISO 8601); empty where none is recorded here: then the answers alone are compared with.
    """

    stack: str
    account: str
    region: str
    since: str
    checked: int
    moved: tuple[Moved, ...]

    def to_json(self) -> dict[str, Any]:
        """This status as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that did not come to its end.

    `in_flight` are changes whose outcome nobody wrote down, as `address (action)`; `left` those that never started or
    failed. `began` is in ISO 8601.
    """

    verb: Verb
    began: str
    in_flight: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a plan may take: seconds by the medians of earlier runs, None where nothing is known.

    `unknown` are the kinds of change that this machine has never timed, as `type action`.
    """

    seconds: float | None
    unknown: tuple[str, ...] = ()

    def sentence(self) -> str:
        """`about 40 s`, with what is not in it."""
        if self.seconds is None:
            return f"time: unknown ({_some(self.unknown)} never timed on this machine)"
        about = f"time: about {_rounded(self.seconds)}"
        return f"{about}, and unknown for {_some(self.unknown)}" if self.unknown else about

    def to_json(self) -> dict[str, Any]:
        """This estimate as JSON values; an unknown time is said in words."""
        return {"seconds": "unknown" if self.seconds is None else round(self.seconds, 1), "unknown": list(self.unknown)}


MINUTE = 90
"""Seconds from which minutes are said."""
SOME = 3


def _rounded(seconds: float) -> str:
    if seconds >= MINUTE:
        return f"{round(seconds / 60)} min"
    if seconds > 10:  # noqa: PLR2004 - below, seconds are counted; above, tens say as much
        return f"{round(seconds / 10) * 10} s"
    return f"{max(1, round(seconds))} s"


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SOME} more" if len(names) > SOME else ""
    return ", ".join(names[:SOME]) + more
