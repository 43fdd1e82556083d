"""EC2: moto behind the guards, and what moto lacks.

Moto knows a NAT gateway that is there at once and never goes, filters none by tag, and takes no notice of idempotency
tokens. Here a gateway comes up and goes down by the world's clock, holds its address and its subnet till it is gone,
and a create call that is sent again with its token makes nothing new.
Sources: EC2 API reference; EC2 developer guide, "Ensuring idempotency".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz_sim.aws.ec2_guards import Ec2Guards
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.clock import SimClock, Timer
from ekswiz_sim.gate.wire import Reply
from ekswiz_sim.seams import Principal, ServiceError

Params = Mapping[str, Any]
COMES_UP, GOES_DOWN = 110.0, 60.0
"""Seconds of status time that a NAT gateway takes, about."""
TOKEN = "ClientToken"  # noqa: S105 - a parameter's name
NOBODY = "nat-00000000000000000"
"""An id that no gateway has: what a filter that nothing passes becomes."""
_FILTER = re.compile(r"Filter\.([0-9]+)\.Name")


@dataclass(frozen=True, slots=True)
class _Next:
    """What a NAT gateway becomes when the time has come."""

    state: str
    timer: Timer | None

    def due(self) -> bool:
        return self.timer is None or self.timer.done()


@dataclass(frozen=True, slots=True)
class _Made:
    """The answer to a create call with a token, and what was asked."""

    asked: Mapping[str, str]
    reply: Reply


class Ec2:
    """Answers EC2's calls for one account, after they were judged."""

    def __init__(self, backend: MotoBackend) -> None:
        self.clock: SimClock | None = None
        self._backend = backend
        self._guards = Ec2Guards(backend)
        self._next: dict[str, _Next] = {}
        self._made: dict[tuple[str, str], _Made] = {}

    def call(self, operation: str, params: Params, form: Mapping[str, str], principal: Principal) -> Reply:
        """Check EC2's guard-rails, then act.

        Raises:
            ServiceError: A guard-rail refuses.
        """
        self._settle()
        before = self._again(operation, form)
        if before is not None:
            return before
        self._guards.check(operation, params)
        if operation == "DescribeNatGateways":
            form = self._by_tags(form)
        reply = self._backend.call("ec2", form, principal.access_key)
        if reply.status >= 400:  # noqa: PLR2004 - HTTP's own border
            return reply
        return self._afterwards(operation, params, form, reply)

    def _again(self, operation: str, form: Mapping[str, str]) -> Reply | None:
        """The earlier answer to a create call that is sent again."""
        made = self._made.get((operation, form.get(TOKEN, "")))
        if made is not None and made.asked != form:
            text = f"The client token '{form[TOKEN]}' was used before with other parameters."
            raise ServiceError("IdempotentParameterMismatch", text)
        return made.reply if made is not None else None

    def _afterwards(self, operation: str, params: Params, form: Mapping[str, str], reply: Reply) -> Reply:
        """What AWS does besides, and what it answers."""
        if operation == "CreateNatGateway":
            reply = self._coming_up(reply)
        elif operation == "DeleteNatGateway":
            self._going_down(str(params["NatGatewayId"]))
        elif operation == "DeleteSubnet":
            self._unroute(str(params["SubnetId"]))
        if form.get(TOKEN):
            self._made[operation, form[TOKEN]] = _Made(dict(form), reply)
        return reply

    def _coming_up(self, reply: Reply) -> Reply:
        found = re.search(rb"<natGatewayId>(nat-[0-9a-f]+)</natGatewayId>", reply.body)
        if found is None:
            return reply
        with self._backend.lock:
            gateway = self._backend.ec2.nat_gateways[found[1].decode()]
            attached = self._guards.has_internet_gateway(gateway.vpc_id)
            gateway.state = "pending"
            self._next[gateway.id] = _Next("available" if attached else "failed", self._timer(COMES_UP))
        body = re.sub(rb"<state>available</state>", b"<state>pending</state>", reply.body)
        return Reply(reply.status, body, reply.content_type, reply.headers)

    def _going_down(self, identifier: str) -> None:
        with self._backend.lock:
            self._backend.ec2.nat_gateways[identifier].state = "deleting"
        self._next[identifier] = _Next("deleted", self._timer(GOES_DOWN))

    def _timer(self, seconds: float) -> Timer | None:
        return self.clock.timer(seconds) if self.clock is not None else None

    def _settle(self) -> None:
        """Give every gateway whose time has come its next state."""
        for identifier, coming in [(key, each) for key, each in self._next.items() if each.due()]:
            del self._next[identifier]
            with self._backend.lock:
                gateway = self._backend.ec2.nat_gateways[identifier]
                gateway.state = coming.state
                if coming.state == "deleted":
                    _let_go(self._backend.ec2, gateway)

    def _unroute(self, subnet: str) -> None:
        """A subnet's association with a route table goes with it."""
        with self._backend.lock:
            for table in self._backend.ec2.route_tables.values():
                for key in [key for key, held in table._associations.items() if held == subnet]:  # noqa: SLF001 - moto has no other way
                    del table._associations[key]  # noqa: SLF001 - as above

    def _by_tags(self, form: Mapping[str, str]) -> Mapping[str, str]:
        """The same question with every filter by tag as a filter by id, which moto knows."""
        numbers = [found[1] for name in form if (found := _FILTER.fullmatch(name)) and form[name].startswith("tag:")]
        if not numbers:
            return form
        with self._backend.lock:
            ids = [key for key in self._backend.ec2.nat_gateways if all(self._passes(key, form, n) for n in numbers)]
        kept = {name: value for name, value in form.items() if name.split(".")[1:2] not in [[n] for n in numbers]}
        first = f"Filter.{numbers[0]}"
        values = {f"{first}.Value.{at}": each for at, each in enumerate(ids or [NOBODY], 1)}
        return {**kept, f"{first}.Name": "nat-gateway-id", **values}

    def _passes(self, identifier: str, form: Mapping[str, str], number: str) -> bool:
        key = form[f"Filter.{number}.Name"].removeprefix("tag:")
        wanted = {value for name, value in form.items() if name.startswith(f"Filter.{number}.Value.")}
        return self._backend.ec2_tags(identifier).get(key) in wanted


def _let_go(ec2: Any, gateway: Any) -> None:
    """A gateway that is gone holds neither its address nor its interface."""
    for address in ec2.addresses:
        if address.eni is not None and address.eni.id == gateway._eni.id:  # noqa: SLF001 - moto shows it nowhere else
            ec2.disassociate_address(address=address.public_ip)
    ec2.enis.pop(gateway._eni.id, None)  # noqa: SLF001 - as above
