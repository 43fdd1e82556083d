"""What the EKS service remembers, and what its operations share: errors, pages, polls, idempotency.

One lock guards all of it. It is never held while something waits for the world's loop, since the loop asks for access
entries.
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ekswiz_sim.aws.eks_progress import SECONDS, Delay, Passing, Polls, Update
from ekswiz_sim.clock import SimClock
from ekswiz_sim.seams import ClusterEndpoint, ServiceError

Params = Mapping[str, Any]
PAGE = 100
"""The most that a page holds, and its default size."""


@dataclass(slots=True)
class Entry:
    """An access entry. `policies` maps a policy's ARN to EKS's AssociatedAccessPolicy."""

    principal_arn: str
    unique_id: str
    arn: str
    username: str
    groups: list[str]
    type: str
    created: float
    modified: float
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Nodegroup:
    """A managed node group; `shape` are the members of EKS's Nodegroup that do not change."""

    name: str
    arn: str
    created: float
    shape: dict[str, Any]
    delay: Delay
    status: str = "CREATING"
    tags: dict[str, str] = field(default_factory=dict)
    updates: dict[str, Update] = field(default_factory=dict)


@dataclass(slots=True)
class Addon:
    """An add-on; `shape` are the members of EKS's Addon that come from its request."""

    name: str
    arn: str
    created: float
    shape: dict[str, Any]
    delay: Delay
    status: str = "CREATING"
    tags: dict[str, str] = field(default_factory=dict)
    updates: dict[str, Update] = field(default_factory=dict)


@dataclass(slots=True)
class Cluster:
    """A cluster; `shape` are the members of EKS's Cluster that no update changes."""

    name: str
    arn: str
    created: float
    creator: tuple[str, str] | None
    mode: str
    bootstrap: bool
    shape: dict[str, Any]
    vpc: dict[str, Any]
    logging: dict[str, Any]
    upgrade_policy: dict[str, Any]
    deletion_protection: bool
    delay: Delay
    status: str = "CREATING"
    endpoint: ClusterEndpoint | None = None
    tags: dict[str, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    updates: dict[str, Update] = field(default_factory=dict)
    nodegroups: dict[str, Nodegroup] = field(default_factory=dict)
    addons: dict[str, Addon] = field(default_factory=dict)


class State:
    """All clusters of one account and region. Without a clock a status takes `polls` looks."""

    def __init__(
        self,
        account: str,
        region: str,
        partition: str,
        polls: int,
        *,
        now: Callable[[], float] = time.time,
        clock: SimClock | None = None,
    ) -> None:
        self.account = account
        self.region = region
        self.partition = partition
        self.polls = polls
        self.now = now
        self.clock = clock
        self.lock = threading.RLock()
        self.clusters: dict[str, Cluster] = {}
        self._replies: dict[tuple[str, str], tuple[Any, object]] = {}

    @property
    def instant(self) -> bool:
        """Whether statuses take no time at all."""
        return self.clock is None and not self.polls

    def delay(self, what: str) -> Delay:
        """How long something of `SECONDS` takes here, from now on."""
        return Polls(self.polls) if self.clock is None else Passing(self.clock.timer(SECONDS[what]))

    def arn(self, resource: str) -> str:
        """The ARN of a resource such as `cluster/demo`."""
        return f"arn:{self.partition}:eks:{self.region}:{self.account}:{resource}"

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name.

        Raises:
            ServiceError: ResourceNotFoundException.
        """
        found = self.clusters.get(name)
        if found is None:
            raise not_found(f"No cluster found for name: {name}.", clusterName=name)
        return found

    def active(self, name: str) -> Cluster:
        """A cluster that exists and can be worked with.

        Raises:
            ServiceError: It is not there, or being made or deleted.
        """
        cluster = self.cluster(name)
        if cluster.status not in ("ACTIVE", "UPDATING"):
            raise invalid_request(f"Cluster '{name}' is not in ACTIVE status", clusterName=name)
        return cluster

    def replayed(self, operation: str, params: Params) -> object | None:
        """What an earlier request with the same token and parameters made.

        Raises:
            ServiceError: The token was used for something else.
        """
        known = self._replies.get((operation, params.get("clientRequestToken", "")))
        if known is None:
            return None
        if known[0] != dict(params):
            raise invalid_parameter("The clientRequestToken was already used in a request with other parameters.")
        return known[1]

    def keep(self, operation: str, params: Params, made: object) -> None:
        """Remember what a request made, for its repetition."""
        token = params.get("clientRequestToken")
        if token:
            self._replies[operation, token] = (dict(params), made)

    def forget(self, made: object) -> None:
        """What is deleted is not given again to an old token."""
        self._replies = {key: known for key, known in self._replies.items() if known[1] is not made}


def page(items: Sequence[Any], params: Params) -> tuple[list[Any], dict[str, str]]:
    """One page of a list, and the `nextToken` member where there is more.

    Raises:
        ServiceError: maxResults or nextToken is not valid.
    """
    size = params.get("maxResults", PAGE)
    if not isinstance(size, int) or not 1 <= size <= PAGE:
        raise invalid_parameter(f"maxResults needs to be between 1 and {PAGE}")
    start = _offset(params["nextToken"]) if params.get("nextToken") else 0
    end = start + size
    more = {"nextToken": base64.b64encode(f"from:{end}".encode()).decode()} if end < len(items) else {}
    return list(items[start:end]), more


def new_id() -> str:
    """A fresh identifier in EKS's form."""
    return str(uuid.uuid4())


def invalid_parameter(message: str, **members: Any) -> ServiceError:
    """A parameter's value is refused."""
    return ServiceError("InvalidParameterException", message, 400, **members)


def invalid_request(message: str, **members: Any) -> ServiceError:
    """The request does not fit the state of things."""
    return ServiceError("InvalidRequestException", message, 400, **members)


def in_use(message: str, **members: Any) -> ServiceError:
    """Something else holds the resource."""
    return ServiceError("ResourceInUseException", message, 409, **members)


def not_found(message: str, **members: Any) -> ServiceError:
    """There is no such resource."""
    return ServiceError("ResourceNotFoundException", message, 404, **members)


def _offset(token: object) -> int:
    try:
        word, _, number = base64.b64decode(str(token), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        word, number = "", ""
    if word != "from" or not number.isascii() or not number.isdigit() or len(number) > PAGE:
        raise invalid_parameter("Invalid nextToken")
    return int(number)
