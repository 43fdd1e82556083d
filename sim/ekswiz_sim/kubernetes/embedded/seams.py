"""Between the API server (requests) and what runs behind it (controllers, kubelet)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from ekswiz_sim.kubernetes.embedded.store import Obj


@dataclass(frozen=True, slots=True)
class User:
    """Who a request is from, as the front established it. `extra` is what an authenticator adds, by key."""

    name: str
    groups: tuple[str, ...]
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Query of `GET pods/NAME/log`; None means not asked for."""

    container: str | None = None
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_seconds: int | None = None
    limit_bytes: int | None = None


class Node(Protocol):
    """The kubelet, as the API server needs it."""

    def logs(self, pod: Obj, options: LogOptions) -> AsyncIterator[bytes]:
        """Log chunks of one container; raises LookupError with Kubernetes' text where there is none yet."""
        ...

    def pod_address(self, pod: Obj, port: str) -> tuple[str, int]:
        """Host and port for `pods/NAME:PORT/proxy` (number or name); raises LookupError if it is not running."""
        ...


class Network(Protocol):
    """Addresses of Services."""

    def allocate(self, service: Obj) -> Obj:
        """The Service with clusterIP(s) and node ports filled in; called before it is stored, again on update."""
        ...

    def service_address(self, service: Obj, port: str) -> tuple[str, int]:
        """Host and port of a ready endpoint for `services/NAME:PORT/proxy`; raises LookupError without one."""
        ...
