"""Eventual consistency on demand: for some seconds after a write, reads still answer what was true before it.

IAM, EC2 and (for principals) EKS see a change in one place earlier than in another. Here the lag is as long as a test
says, and it is the worst one: every read of a changed object is stale for the whole time, and whoever refers to an
object that was made a moment ago is told, in AWS's words, that there is none.

Sources: IAM User Guide, "Changes that I make are not always immediately visible"; EC2 API Reference, "Eventual
consistency"; the texts are those that the Terraform AWS provider retries.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ekswiz_sim.gate.wire import Reply
from ekswiz_sim.seams import ServiceError

LAGGING = frozenset({"iam", "ec2", "eks"})
READS = re.compile(r"(?:Get|List|Describe)[A-Z]")
_EC2_ID = re.compile(r"\b(vpc|subnet|igw|nat|rtb|eipalloc|sg)-[0-9a-f]{8,17}\b")
_EC2_KINDS: Mapping[str, str] = {
    "vpc": "Vpc", "subnet": "Subnet", "igw": "InternetGateway", "nat": "NatGateway", "rtb": "RouteTable",
    "eipalloc": "Address", "sg": "Group",
}  # fmt: skip
_EC2_CODES: Mapping[str, str] = {
    "vpc": "InvalidVpcID.NotFound", "subnet": "InvalidSubnetID.NotFound", "igw": "InvalidInternetGatewayID.NotFound",
    "nat": "NatGatewayNotFound", "rtb": "InvalidRouteTableID.NotFound", "eipalloc": "InvalidAllocationID.NotFound",
    "sg": "InvalidGroup.NotFound",
}  # fmt: skip
_ROLE_NAME = "RoleName"
Params = Mapping[str, Any]


@dataclass(slots=True)
class _Seen:
    """A fresh answer to a read, and when it was given."""

    reply: Reply
    at: float


@dataclass(slots=True)
class Staleness:
    """How far reads lag behind writes. Off (`seconds` 0) until a test says otherwise."""

    seconds: float = 0.0
    now: Callable[[], float] = lambda: 0.0
    stale: int = 0
    """How many answers were stale."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _written: dict[str, float] = field(default_factory=dict)
    _made: dict[str, float] = field(default_factory=dict)

    def lag(self, seconds: float, now: Callable[[], float]) -> None:
        """From now on reads lag by so many seconds of this clock."""
        with self._lock:
            self.seconds, self.now = seconds, now

    def around(
        self, service: str, operation: str, params: Params, arns: Sequence[str], effect: Callable[[], Reply]
    ) -> Reply:
        """The answer of a call that was judged: the service's, or an older one.

        Raises:
            ServiceError: The call refers to an object that is not seen everywhere yet.
        """
        if not self.seconds or service not in LAGGING:
            return effect()
        things = list(_things(service, operation, arns))
        if READS.match(operation):
            return self._read(
                f"{service} {operation} {json.dumps(params, sort_keys=True, default=str)}", things, effect
            )
        self._must_be_settled(operation, params)
        reply = effect()
        if reply.status < 400:  # noqa: PLR2004 - HTTP's own border
            self._wrote(operation, things, reply)
        return reply

    def _read(self, key: str, things: Sequence[str], effect: Callable[[], Reply]) -> Reply:
        with self._lock:
            now, seen = self.now(), self._seen.get(key)
            changed = max((self._written.get(thing, float("-inf")) for thing in things), default=float("-inf"))
            if seen is not None and seen.at <= changed and now - changed < self.seconds:
                self.stale += 1
                return seen.reply
        try:
            reply = effect()
        except ServiceError:
            with self._lock:
                self._seen.pop(key, None)
            raise
        with self._lock:
            self._seen[key] = _Seen(reply, self.now())
        return reply

    def _wrote(self, operation: str, things: Sequence[str], reply: Reply) -> None:
        with self._lock:
            now = self.now()
            self._written |= dict.fromkeys(things, now)
            if operation.startswith(("Create", "Allocate")):
                # An answer also names what is there already: a subnet's its VPC.
                named = (found[0] for found in _EC2_ID.finditer(reply.body.decode("utf-8", "replace")))
                self._made |= dict.fromkeys(things, now) | {name: now for name in named if name not in self._made}

    def _must_be_settled(self, operation: str, params: Params) -> None:
        """Refuse what names an object that is too new."""
        text = json.dumps(params, default=str)
        with self._lock:
            now = self.now()
            new = [thing for thing, at in self._made.items() if now - at < self.seconds]
        for thing in new:
            refusal = _refusal(operation, thing, params, text)
            if refusal is not None:
                self.stale += 1
                raise refusal


def _things(service: str, operation: str, arns: Sequence[str]) -> Iterator[str]:
    """What a call reads or changes, as far as staleness goes: ARNs; EC2's describes have none, so its kinds."""
    if service != "ec2":
        yield from arns
        return
    for prefix, kind in _EC2_KINDS.items():
        if kind in operation or operation in ("CreateTags", "DeleteTags"):
            yield f"ec2:{prefix}"


def _refusal(operation: str, thing: str, params: Params, text: str) -> ServiceError | None:
    if ":oidc-provider/" in thing and operation in ("CreateRole", "UpdateAssumeRolePolicy") and thing in text:
        return ServiceError("MalformedPolicyDocument", f'Invalid principal in policy: "Federated":"{thing}"')
    if ":role/" in thing:
        return _role_refusal(operation, thing, params)
    found = _EC2_ID.fullmatch(thing)
    if found and thing in text:
        return ServiceError(_EC2_CODES[found[1]], f"The {found[1]} ID '{thing}' does not exist")
    return None


def _role_refusal(operation: str, arn: str, params: Params) -> ServiceError | None:
    if params.get(_ROLE_NAME) == arn.rpartition("/")[2] and operation != "CreateRole":
        return ServiceError("NoSuchEntity", f"The role with name {params[_ROLE_NAME]} cannot be found.", 404)
    if operation == "CreateAccessEntry" and params.get("principalArn") == arn:
        text = "The specified principalArn is invalid: invalid principal."
        return ServiceError("InvalidParameterException", text)
    if arn in (params.get("roleArn"), params.get("nodeRole")):
        text = (
            f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not correct"
        )
        return ServiceError("InvalidParameterException", text)
    return None
