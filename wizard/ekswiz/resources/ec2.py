"""What EC2's types have in common: AWS makes up their ids, so they are found by their tags and made with them.

The surprising thing: most of EC2's create calls have no idempotency token, so making one object twice is one lost reply
away. Every create looks first, and where an earlier call may have had its effect it goes on looking for a while.
Sources: EC2 API reference; "Ensuring idempotency" in the EC2 developer guide; eventual consistency, ibid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import ask, outcome_unknown, pages, tell
from ekswiz.errors import Conflict, TargetError, Transient
from ekswiz.plan import Ref
from ekswiz.resource import Verb
from ekswiz.resources.tags import ADDRESS, STACK, pairs
from ekswiz.target import Target

TAKEN = "InvalidSubnet.Conflict"
"""EC2's code for a range that another subnet has."""
SEEN_WITHIN = 30.0
"""Seconds in which a new EC2 object shows in listings."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How EC2 speaks of one kind of object."""

    resource_type: str
    """In a tag specification, e.g. `route-table`."""
    describe: str
    """The client's method that lists."""
    key: str
    """The list in its answer."""
    id: str
    """The member that holds the id."""
    filters: str = "Filters"
    paged: bool = True


VPC = Kind("vpc", "describe_vpcs", "Vpcs", "VpcId")
INTERNET_GATEWAY = Kind("internet-gateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId")
SUBNET = Kind("subnet", "describe_subnets", "Subnets", "SubnetId")
ELASTIC_IP = Kind("elastic-ip", "describe_addresses", "Addresses", "AllocationId", paged=False)
NAT_GATEWAY = Kind("natgateway", "describe_nat_gateways", "NatGateways", "NatGatewayId", filters="Filter")
ROUTE_TABLE = Kind("route-table", "describe_route_tables", "RouteTables", "RouteTableId")
KINDS: Mapping[str, Kind] = {
    "vpc": VPC,
    "internet_gateway": INTERNET_GATEWAY,
    "subnet": SUBNET,
    "elastic_ip": ELASTIC_IP,
    "nat_gateway": NAT_GATEWAY,
    "route_table": ROUTE_TABLE,
}
"""By the type in an address."""


MAKES: Mapping[str, str] = {
    "ec2:CreateVpc": "vpc",
    "ec2:CreateSubnet": "subnet",
    "ec2:CreateInternetGateway": "internet-gateway",
    "ec2:AllocateAddress": "elastic-ip",
    "ec2:CreateNatGateway": "natgateway",
    "ec2:CreateRouteTable": "route-table",
}
"""Action -> the type of what it makes, as an ARN has it."""


@dataclass(slots=True)
class Attempt:
    """A create call whose object does not show in reads yet.

    `at` is when it was sent, by this run or by a dead one; None if there is no such call. `made` is its answer, if that
    came.
    """

    at: float | None = None
    made: Mapping[str, Any] | None = None

    def over(self) -> None:
        """The object is complete."""
        self.at = self.made = None


def listed(target: Target, kind: Kind, stack: str) -> list[Mapping[str, Any]]:
    """Every object of this kind that bears the stack's tag.

    One question for all objects of a kind, so that a plan's reads can share its answer.

    Raises:
        Unreadable: The call was denied.
        Transient, TargetError: As for `ask`.
    """
    only: dict[str, Any] = {kind.filters: [{"Name": f"tag:{STACK}", "Values": [stack]}]}
    if kind.paged:
        return list(pages(target, "ec2", kind.describe, kind.key, **only))
    return list((ask(target, "ec2", kind.describe, **only) or {}).get(kind.key, ()))


def find(
    target: Target,
    kind: Kind,
    stack: str,
    address: str,
    among: Callable[[Mapping[str, Any]], bool] = lambda _: True,
) -> Mapping[str, Any] | None:
    """The stack's object of this address; None if there is none. `among` leaves out what is on its way out.

    Raises:
        TargetError: Two objects bear the same tags; which is the right one is not ours to guess.
        Unreadable, Transient: As for `listed`.
    """
    found = [each for each in listed(target, kind, stack) if tags_of(each).get(ADDRESS) == address and among(each)]
    if len(found) > 1:
        ids = ", ".join(sorted(str(each[kind.id]) for each in found))
        raise TargetError(
            f"{address} exists {len(found)} times: {ids} all bear the tags of stack {stack!r}.",
            f"Look which is in use; delete the other, or remove its {STACK} tag.",
        )
    return found[0] if found else None


def create_once(
    target: Target,
    attempt: Attempt,
    look: Callable[[], object | None],
    address: str,
    call: Callable[[], Mapping[str, Any]],
) -> Mapping[str, Any]:
    """Make an object whose create call has no idempotency token, at most once. The answer of `call`.

    What follows the call may have to wait until the object is seen, and begins here again: then reads may still not
    show what this run knows to be there, for as long as they like.

    Raises:
        Conflict: It is there already.
        Transient: It may have been made a moment ago, or the call is expected to work a little later.
        TargetError: As for `tell`.
    """
    if look() is not None:
        raise Conflict(f"{address} exists already.", "Plan again.")
    if attempt.made is not None:
        return attempt.made
    now = target.clock.now().timestamp()
    if attempt.at is not None and now - attempt.at < SEEN_WITHIN:
        raise Transient(f"{address} may have been made a moment ago; looking for it.", within=2 * SEEN_WITHIN)
    again, attempt.at = attempt.at is not None, now
    try:
        attempt.made = call()
    except TargetError as error:
        if again and TAKEN in error.detail:  # by the one that was made before, which reads do not show yet
            raise Transient(f"{address} may have been made before; looking for it.", within=2 * SEEN_WITHIN) from error
        if not (isinstance(error, Transient) and outcome_unknown(error)):
            attempt.at = None
        raise
    return attempt.made


def tags_of(found: Mapping[str, Any]) -> dict[str, str]:
    """An object's tags."""
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}


def ours(found: Mapping[str, Any], desired: Mapping[str, str]) -> dict[str, str]:
    """Those of an object's tags that we set; others are not ours to look at."""
    return {key: value for key, value in sorted(tags_of(found).items()) if key in desired}


def specification(kind: Kind, *tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Tags for a create call."""
    together = {key: value for part in tags for key, value in part.items()}
    return [{"ResourceType": kind.resource_type, "Tags": pairs(together)}]


def retag(target: Target, identifier: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Set the tags that differ.

    Raises:
        TargetError: As for `tell`.
    """
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    if changed:
        tell(target, "ec2", "create_tags", Resources=[identifier], Tags=pairs(changed))


def scopes(answers: Answers, permissions: Mapping[Verb, Iterable[str]]) -> dict[str, str]:
    """Where EC2 asks for each action: listings on everything, what is made on its type, all else on any object.

    Its condition keys narrow the last two down to this stack: see `operator_network`.
    """
    actions = dict.fromkeys(action for verb in permissions.values() for action in verb)
    return {action: scope(answers, action) for action in actions}


def scope(answers: Answers, action: str) -> str:
    """The ARN, or pattern, that EC2 asks for this action on."""
    if action.startswith("ec2:Describe"):
        return "*"
    return f"arn:{answers.partition}:ec2:{answers.region}:{answers.account}:{MAKES.get(action, '*')}/*"


def known(value: str | Ref) -> str:
    """A value that the engine has resolved.

    Raises:
        TargetError: It has not; a Ref has no place in a call.
    """
    if isinstance(value, Ref):
        raise TargetError(f"{value.output} of {value.address} is not known.", "Plan again.")
    return value
