"""Where traffic of subnets goes that leaves the network: a route table, its default route, and its subnets.

Other routes, and subnets that are not this stack's, are left alone. Sources: EC2 API, CreateRouteTable (idempotent by
ClientToken), CreateRoute, ReplaceRoute, AssociateRouteTable, ReplaceRouteTableAssociation, DeleteRouteTable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, tell
from ekswiz.errors import Conflict
from ekswiz.plan import Action, Ref, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.ec2 import ROUTE_TABLE, SUBNET, find, known, listed, ours, retag, scopes, specification
from ekswiz.resources.ec2_shell import ec2, identify, listing, lookup, retagging, tagging
from ekswiz.resources.nat_gateway import require_gateway
from ekswiz.resources.shell import lines
from ekswiz.resources.tags import owner
from ekswiz.target import Target

ANYWHERE = "0.0.0.0/0"
PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("ec2:DescribeRouteTables", "ec2:DescribeSubnets"),
    "create": (
        "ec2:CreateRouteTable", "ec2:CreateTags", "ec2:CreateRoute", "ec2:AssociateRouteTable",
        "ec2:DescribeNatGateways",
    ),
    "update": (
        "ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:AssociateRouteTable", "ec2:ReplaceRouteTableAssociation",
        "ec2:DisassociateRouteTable", "ec2:CreateTags", "ec2:DescribeNatGateways",
    ),
    "delete": ("ec2:DisassociateRouteTable", "ec2:DeleteRouteTable"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RouteTableAttributes:
    """`default` is the id of the gateway that everything else goes to; empty without a default route.

    `subnets` are ids of this stack's subnets.
    """

    vpc: str | Ref
    default: str | Ref
    subnets: frozenset[str | Ref]
    tags: Mapping[str, str]


@dataclass(slots=True)
class RouteTable:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: RouteTableAttributes
    stack: str
    needs: tuple[str, ...]
    why: str
    scopes: Mapping[str, str]
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"vpc"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[RouteTableAttributes] | None:
        """The route table that bears our tags."""
        found = find(target, ROUTE_TABLE, self.stack, self.address)
        if found is None:
            return None
        own = {each["SubnetId"] for each in listed(target, SUBNET, self.stack)}
        attributes = RouteTableAttributes(
            vpc=found["VpcId"],
            default=_default(found),
            subnets=frozenset(own.intersection(_associations(found))),
            tags=ours(found, self.desired.tags),
        )
        identifier = found["RouteTableId"]
        return Live(attributes, {"id": identifier}, identifier, owner(found["Tags"]))

    def create(
        self, target: Target, desired: RouteTableAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[RouteTableAttributes]:
        """Create it with its tags, then give it its route and its subnets."""
        if find(target, ROUTE_TABLE, self.stack, self.address) is not None:
            raise Conflict(f"{self.address} exists already.", "Plan again.")
        made = tell(
            target, "ec2", "create_route_table",
            VpcId=known(desired.vpc), ClientToken=token,
            TagSpecifications=specification(ROUTE_TABLE, tags, desired.tags),
        )["RouteTable"]["RouteTableId"]  # fmt: skip
        empty = RouteTableAttributes(desired.vpc, "", frozenset(), desired.tags)
        return self.update(target, Live(empty, {"id": made}, made, self.stack), desired)

    def update(
        self, target: Target, live: Live[RouteTableAttributes], desired: RouteTableAttributes
    ) -> Live[RouteTableAttributes]:
        """Bring the default route, the subnets and the tags to what is desired."""
        identifier, before = live.unique_id, live.attributes
        if before.default != desired.default:
            _lead(target, identifier, known(before.default), known(desired.default))
        _associate(target, identifier, _ids(desired.subnets - before.subnets))
        _disassociate(target, identifier, _ids(before.subnets - desired.subnets))
        retag(target, identifier, before.tags, desired.tags)
        return Live(desired, live.outputs, identifier, live.owner)

    def delete(self, target: Target, live: Live[RouteTableAttributes]) -> None:
        """Take its subnets off it, whosever they are, and delete it."""
        _disassociate(target, live.unique_id, None)
        with suppress(Absent):
            tell(target, "ec2", "delete_route_table", RouteTableId=live.unique_id)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        here = lookup(self.stack, self.address)
        gateway = {self._option(): identify(self.stack, self.desired.default)}
        route = ("--destination-cidr-block", ANYWHERE)
        joined = [
            ec2("associate-route-table", route_table_id=here, subnet_id=identify(self.stack, subnet))
            for subnet in sorted(self.desired.subnets, key=str)
        ]
        if action in (Action.CREATE, Action.REPLACE):
            tags = tagging(ROUTE_TABLE, self.stack, self.address, self.desired.tags)
            create = ec2("create-route-table", *tags, vpc_id=identify(self.stack, self.desired.vpc))
            return lines(create, ec2("create-route", *route, route_table_id=here, **gateway), *joined)
        if action is Action.UPDATE:
            replace = ec2("replace-route", *route, route_table_id=here, **gateway)
            return lines(replace, *joined, retagging(self.stack, self.address, self.desired.tags))
        if action is Action.DELETE:
            return lines(*self._leave(), ec2("delete-route-table", route_table_id=here))
        return listing(ROUTE_TABLE, self.stack, self.address)

    def risks(self, live: Live[RouteTableAttributes] | None) -> tuple[Risk, ...]:
        """Another default route sends traffic of running nodes elsewhere."""
        if live is None or not live.attributes.default or live.attributes.default == self.desired.default:
            return ()
        if isinstance(self.desired.default, Ref):
            return ()
        return (
            Risk("route-moves", f"{self.address} sends everything to another gateway than {live.attributes.default}."),
        )

    def farewell(self, target: Target, live: Live[RouteTableAttributes]) -> Farewell:
        """Nothing is lost with it."""
        del target, live
        return Farewell()

    def _option(self) -> str:
        default = self.desired.default
        name = default.address if isinstance(default, Ref) else default
        return "nat_gateway_id" if name.startswith("nat") else "gateway_id"

    def _leave(self) -> list[str]:
        """Command lines that take every subnet off the table."""
        query = "RouteTables[0].Associations[?!Main].RouteTableAssociationId"
        ids = f"$({listing(ROUTE_TABLE, self.stack, self.address)} --query '{query}' --output text)"
        return [f'for id in {ids}; do aws ec2 disassociate-route-table --association-id "$id"; done']


def public_routes(answers: Answers, subnets: Sequence[str], tags: Mapping[str, str]) -> RouteTable:
    """The public subnets' routes: to the internet gateway."""
    why = "Public subnets reach the internet, and are reached, through the internet gateway."
    return _table(answers, ("public", "internet_gateway.main"), subnets, tags, why)


def private_routes(answers: Answers, subnets: Sequence[str], tags: Mapping[str, str]) -> RouteTable:
    """The private subnets' routes: to the NAT gateway."""
    why = "Private subnets reach the internet through the NAT gateway, and are not reached."
    return _table(answers, ("private", "nat_gateway.main"), subnets, tags, why)


def _table(
    answers: Answers, way: tuple[str, str], subnets: Sequence[str], tags: Mapping[str, str], why: str
) -> RouteTable:
    side, gateway = way
    members = frozenset(Ref(address, "id") for address in subnets)
    return RouteTable(
        address=f"route_table.{side}",
        desired=RouteTableAttributes(Ref("vpc.main", "id"), Ref(gateway, "id"), members, tags),
        stack=answers.stack,
        needs=("vpc.main", gateway, *sorted(subnets)),
        why=why,
        scopes=scopes(answers, PERMISSIONS),
    )


def _default(found: Mapping[str, Any]) -> str:
    """Where the default route leads; empty without one."""
    for route in found.get("Routes", ()):
        if route.get("DestinationCidrBlock") == ANYWHERE:
            return next((str(value) for name, value in sorted(route.items()) if name.endswith("Id") and value), "")
    return ""


def _associations(found: Mapping[str, Any]) -> Iterator[str]:
    yield from (each["SubnetId"] for each in found.get("Associations", ()) if "SubnetId" in each)


def _ids(subnets: frozenset[str | Ref]) -> list[str]:
    return sorted(known(subnet) for subnet in subnets)


def _lead(target: Target, table: str, before: str, gateway: str) -> None:
    """Set the default route, once its gateway is up."""
    member = "NatGatewayId" if gateway.startswith("nat-") else "GatewayId"
    if member == "NatGatewayId":
        require_gateway(target, gateway)
    operation = "replace_route" if before else "create_route"
    tell(target, "ec2", operation, RouteTableId=table, DestinationCidrBlock=ANYWHERE, **{member: gateway})


def _associate(target: Target, table: str, subnets: Sequence[str]) -> None:
    """Put subnets under this table, taking them from another one if they are under that."""
    for subnet in subnets:
        other = _association(target, subnet)
        if other is None:
            tell(target, "ec2", "associate_route_table", RouteTableId=table, SubnetId=subnet)
        else:
            tell(target, "ec2", "replace_route_table_association", RouteTableId=table, AssociationId=other)


def _association(target: Target, subnet: str) -> str | None:
    """The subnet's explicit association with any route table."""
    only = [{"Name": "association.subnet-id", "Values": [subnet]}]
    tables = (ask(target, "ec2", "describe_route_tables", Filters=only) or {}).get("RouteTables", ())
    held = (each for found in tables for each in found.get("Associations", ()) if each.get("SubnetId") == subnet)
    return next((str(each["RouteTableAssociationId"]) for each in held), None)


def _disassociate(target: Target, table: str, subnets: Sequence[str] | None) -> None:
    """Take these subnets off the table; None takes all."""
    if subnets is not None and not subnets:
        return
    answer = ask(target, "ec2", "describe_route_tables", RouteTableIds=[table]) or {}
    for each in (each for found in answer.get("RouteTables", ()) for each in found.get("Associations", ())):
        if not each.get("Main") and (subnets is None or each.get("SubnetId") in subnets):
            with suppress(Absent):
                tell(target, "ec2", "disassociate_route_table", AssociationId=each["RouteTableAssociationId"])
