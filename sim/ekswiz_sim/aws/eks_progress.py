"""Things under way: how long each takes, and the updates that EKS makes one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ekswiz_sim.clock import Timer

SECONDS: Mapping[str, float] = {
    "cluster": 660.0,
    "cluster deletion": 480.0,
    "nodegroup": 180.0,
    "nodegroup deletion": 240.0,
    "addon": 40.0,
    "addon deletion": 20.0,
    "EndpointAccessUpdate": 150.0,
    "LoggingUpdate": 90.0,
    "AccessConfigUpdate": 120.0,
    "UpgradePolicyUpdate": 10.0,
    "DeletionProtectionUpdate": 5.0,
    "AutoModeUpdate": 300.0,
    "VpcConfigUpdate": 150.0,
    "VersionUpdate": 600.0,
    "ConfigUpdate": 30.0,
    "AddonUpdate": 30.0,
}
"""How long each thing takes at AWS, about, in seconds of status time."""


class Delay(Protocol):
    """What a status waits for."""

    def look(self) -> bool:
        """Note a look; True when the time has come."""
        ...


@dataclass(slots=True)
class Polls:
    """A delay without a clock: how many more looks a status takes to become the next one."""

    left: int

    def look(self) -> bool:
        """Count a look; True when there were enough."""
        self.left -= 1
        return self.left < 0


@dataclass(frozen=True, slots=True)
class Passing:
    """A delay by a clock; looks do not shorten it."""

    timer: Timer

    def look(self) -> bool:
        """Whether the time has come."""
        return self.timer.done()


@dataclass(slots=True)
class Update:
    """A change of a cluster's configuration; `apply` takes effect when it is done."""

    id: str
    type: str
    params: list[dict[str, str]]
    created: float
    delay: Delay
    apply: Callable[[], None]
    status: str = "InProgress"

    def look(self) -> None:
        """Count a look at an update under way."""
        if self.status == "InProgress" and self.delay.look():
            self.status = "Successful"
            self.apply()

    def described(self) -> dict[str, Any]:
        """The members of EKS's Update."""
        return {
            "id": self.id,
            "status": self.status,
            "type": self.type,
            "params": self.params,
            "createdAt": self.created,
            "errors": [],
        }


class Holder(Protocol):
    """What updates happen to: a cluster, a node group, an add-on."""

    status: str
    updates: dict[str, Update]


def running(holder: Holder) -> Update | None:
    """The update under way; EKS allows one."""
    return next((each for each in holder.updates.values() if each.status == "InProgress"), None)


def settle(holder: Holder) -> None:
    """Look at the update under way, and give its holder the status that follows."""
    update = running(holder)
    if update is not None:
        update.look()
        holder.status = "UPDATING" if update.status == "InProgress" else "ACTIVE"
