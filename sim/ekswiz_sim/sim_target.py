"""The Target of a rehearsal: clients with explicit keys that refuse every address but loopback."""

from __future__ import annotations

import ipaddress
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ekswiz.clients.github_client import GitHubClient
from ekswiz.clients.github_sign_in import SignIn
from ekswiz.clients.kube_client import kubernetes_clients
from ekswiz.errors import RehearsalError
from ekswiz.target import Clock, Flag, Target
from ekswiz_sim.aws import sessions


@dataclass(frozen=True, slots=True)
class Doorway:
    """Where a world is, as far as a target needs it."""

    partition: str
    account: str
    region: str
    aws_url: str
    github_url: str
    github_token: str = field(default="", repr=False)


class WorldClock:
    """The clock of a target in another process than its world: real time, in short waits, since statuses run fast."""

    LONGEST = 0.2

    def now(self) -> datetime:
        """The real time, in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float, stop: Flag) -> bool:
        """Wait at most `LONGEST` seconds; True if the stop came."""
        return stop.wait(min(seconds, self.LONGEST))


def clients(doorway: Doorway, keys: Mapping[str, str] | None) -> Callable[[str], Any]:
    """A cached factory of botocore clients for the world; unsigned ones without keys. Thread-safe."""
    from botocore import UNSIGNED
    from botocore.config import Config

    session = sessions.session(keys, doorway.region)
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=5,
        read_timeout=30,
        proxies={},
        **({} if keys else {"signature_version": UNSIGNED}),
    )
    made: dict[str, Any] = {}
    lock = threading.Lock()

    def client(service: str) -> Any:
        with lock:
            if service not in made:
                made[service] = session.create_client(service, endpoint_url=doorway.aws_url, config=config)
                made[service].meta.events.register("before-send", _only_loopback)
            return made[service]

    return client


def make_target(doorway: Doorway, keys: Mapping[str, str], checkout: Path, clock: Clock | None = None) -> Target:
    """A Target of this world for the principal that holds these keys; `clock` is the world's, where it is at hand."""
    aws = clients(doorway, keys)
    github = GitHubClient(doorway.github_url, lambda: SignIn(doorway.github_token, "of the simulated account"))
    kubernetes = kubernetes_clients(aws("eks"), keys, doorway.region, sts_url=doorway.aws_url)
    return Target(
        kind="sim",
        partition=doorway.partition,
        account=doorway.account,
        region=doorway.region,
        aws=aws,
        kubernetes=kubernetes,
        github=lambda: github,
        checkout=checkout,
        clock=clock or WorldClock(),
    )


def _only_loopback(request: Any, **_: Any) -> None:
    host = urllib.parse.urlsplit(request.url).hostname or ""
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = host == "localhost"
    if not inside:
        raise RehearsalError(f"a rehearsal may not call {host}.", "This is a mistake in ekswiz; please report it.")
