"""Target: where calls go. The seam between AWS and a rehearsal.

Everything that differs between the two worlds is in one value; nothing below `main.py` asks which world it is in.
Clients are made lazily, so that importing this room costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol


class Flag(Protocol):
    """Something that says "stop", such as `threading.Event`."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds for the stop; True if it came."""
        ...


class Clock(Protocol):
    """Time for statuses and back-off only: signing, tokens and TLS use real time."""

    def now(self) -> datetime:
        """The time of this world, with a timezone."""
        ...

    def wait(self, seconds: float, stop: Flag) -> bool:
        """Wait `seconds`; True if `stop` was set meanwhile."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where a plan is made and applied.

    `kind` is for display and safety checks only. `aws(service)` is a cached, thread-safe boto3 client.
    `kubernetes(cluster)` is a `kubernetes.client.ApiClient`, and raises `NotYet` while the cluster does not exist.
    `github()` is the GitHub API of this world. `checkout` is where repository files go: a staged copy in a rehearsal.
    """

    kind: Literal["aws", "sim"]
    partition: str
    account: str
    region: str
    aws: Callable[[str], Any]
    kubernetes: Callable[[str], Any]
    github: Callable[[], Any]
    checkout: Path
    clock: Clock


class RealClock:
    """Real time."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float, stop: Flag) -> bool:
        """Wait `seconds`; True, and at once, if `stop` is set meanwhile."""
        return stop.wait(seconds)
