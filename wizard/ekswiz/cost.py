"""What a plan costs a month, by a dated table of list prices. What the table does not know is said to be unknown.

The surprising thing: money is `Decimal` and leaves as text, so that no figure is ever a rounding error, a 0 or a blank
that means "unknown".
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from ekswiz.plan import Action, Change, Json, Plan, Ref
from ekswiz.prices import Prices, Unknown, Wanted, table
from ekswiz.quotes import NONE, Quotes

Kind = Literal["priced", "free", "unknown", "not ours"]
"""priced: `monthly` is known. free: AWS does not bill it. not ours: it existed before and its cost does not change."""
CENT = Decimal("0.01")
FREE = frozenset({
    "oidc_provider", "iam_role", "service_role", "access_entry", "access_policy", "access_mode", "operator_access",
    "legacy_access", "namespace", "deployer_rbac", "repository_file", "vpc", "internet_gateway", "subnet",
    "route_table", "addon", "load_balancing", "availability_zones", "github_repository", "github_branch",
    "github_subject", "github_environment", "github_variables", "github_pull_request",
})  # fmt: skip
"""Types that AWS, Kubernetes, GitHub or a checkout hold without a charge. Any other type without a price is unknown."""


@dataclass(frozen=True, slots=True)
class CostLine:
    """What one object costs a month, in US dollars, once its change is made.

    `before` and `monthly` are None where nobody knows (kind "unknown") or nothing is billed. `why` says how it is made
    up, `open` what nobody can know beforehand, `assumes` what use it supposes, `source` where the prices stand.
    """

    address: str
    kind: Kind
    before: Decimal | None
    monthly: Decimal | None
    why: str
    open: str = ""
    assumes: str = ""
    source: str = ""

    @property
    def figure(self) -> str:
        """The month's cost in words: `73.00`, `at least 73.00`, `free`, `unknown`, `not ours`; never empty."""
        if self.monthly is None:
            return self.kind
        return f"{'at least ' if self.open else ''}{self.monthly.quantize(CENT)}"

    def to_json(self) -> dict[str, str]:
        """This line as JSON values; unknown is a word, not a number."""
        return {
            "address": self.address,
            "monthly": self.figure,
            "why": self.why,
            "open": self.open,
            "assumes": self.assumes,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Part:
    """A share of an object's cost: an amount a month (None where nobody can know it) and how it is made up.

    `price` names its source in the table, `assumes` says what use it supposes.
    """

    amount: Decimal | None
    why: str
    price: str
    assumes: str = ""


def of(plan: Plan, quotes: Quotes = NONE) -> tuple[CostLine, ...]:
    """What each object of the plan costs a month after it, in the plan's order; by AWS's own prices where quoted."""
    return tuple(_line(change, Prices(table(), plan.region, quotes)) for change in plan.changes)


def wanted(plan: Plan) -> tuple[str, ...]:
    """The names of the prices that this plan's costs are made of."""
    prices = Wanted(table(), plan.region)
    for change in plan.changes:
        with contextlib.suppress(Unknown):
            _parts(change.address.partition(".")[0], change.after or change.before or {}, prices)
    return tuple(dict.fromkeys(prices.names))


def total(lines: Sequence[CostLine]) -> tuple[Decimal, tuple[str, ...]]:
    """The known sum a month of this stack after the plan, and the addresses whose cost nobody knows."""
    known = sum((line.monthly for line in lines if line.monthly is not None), Decimal(0))
    return known, tuple(line.address for line in lines if line.kind == "unknown" or line.open)


def change_of(lines: Sequence[CostLine]) -> Decimal:
    """By how much the plan changes the known sum a month."""
    zero = Decimal(0)
    return sum(((line.monthly or zero) - (line.before or zero) for line in lines), zero)


def sentence(lines: Sequence[CostLine], quotes: Quotes = NONE) -> str:
    """The whole in one line, with what is not in it, what it assumes and the date of the prices."""
    known, unknown = total(lines)
    assumed = "; ".join(dict.fromkeys(line.assumes for line in lines if line.assumes))
    if unknown and not known:
        text = f"cost: unknown ({', '.join(unknown)})"
    else:
        text = f"cost: about ${known.quantize(CENT)} a month"
        text = f"cost: at least ${known.quantize(CENT)} a month, unknown for {', '.join(unknown)}" if unknown else text
    hours = table()["hours_per_month"]
    by = f"list prices of {table()['as_of']}"
    if quotes.prices:
        by = f"AWS's price list of {quotes.published}" + (f", what it lacks by {by}" if quotes.why_not else "")
    notes = f"{hours} h, {by}" + (f"; {assumed}" if assumed else "")
    return f"{text} ({notes})"


def to_json(lines: Sequence[CostLine]) -> dict[str, Any]:
    """Lines and sums as JSON values, with the table's date and its assumptions."""
    known, unknown = total(lines)
    return {
        "currency": "USD",
        "as_of": table()["as_of"],
        "hours_per_month": table()["hours_per_month"],
        "known_monthly": str(known.quantize(CENT)) if known or not unknown else "unknown",
        "change_monthly": "unknown" if unknown else str(change_of(lines).quantize(CENT)),
        "unknown": list(unknown),
        "lines": [line.to_json() for line in lines],
    }


def _line(change: Change, prices: Prices) -> CostLine:
    address, kind = change.address, change.address.partition(".")[0]
    if kind in FREE:
        return CostLine(address, "free", None, None, "AWS does not bill it.", source=prices.source("free"))
    if change.action is Action.DELETE:
        return _gone(change, prices)
    if change.adopted and change.action is Action.KEEP:
        return CostLine(address, "not ours", None, None, "It existed before; its cost does not change.")
    try:
        parts = _parts(kind, change.after or change.before or {}, prices)
    except Unknown as unknown:
        return CostLine(address, "unknown", None, None, f"Unknown: {unknown}.")
    return CostLine(
        address,
        "priced",
        _amount(kind, change.before, prices),
        _sum(parts),
        why=" + ".join(part.why for part in parts if part.amount is not None),
        open=", ".join(part.why for part in parts if part.amount is None),
        assumes=", ".join(part.assumes for part in parts if part.assumes),
        source=prices.source(parts[0].price),
    )


def _gone(change: Change, prices: Prices) -> CostLine:
    before = _amount(change.address.partition(".")[0], change.before, prices)
    if before is None:
        return CostLine(change.address, "unknown", None, None, "Unknown: what it costs until it is deleted.")
    return CostLine(change.address, "priced", before, Decimal(0), "It is deleted.")


def _amount(kind: str, attributes: Json | None, prices: Prices) -> Decimal | None:
    if attributes is None:
        return None
    try:
        return _sum(_parts(kind, attributes, prices))
    except Unknown:
        return None


def _sum(parts: Sequence[Part]) -> Decimal:
    return sum((part.amount for part in parts if part.amount is not None), Decimal(0))


def _parts(kind: str, attributes: Json, prices: Prices) -> list[Part]:
    made = PARTS.get(kind)
    if made is None:
        raise Unknown(f"no price is known for the type {kind}")
    return made(attributes, prices)


def _said(attributes: Json, name: str) -> Any:
    """An attribute that is there and known."""
    value = attributes.get(name)
    if value is None or isinstance(value, Ref):
        raise Unknown(f"its {name} is not known before it is made")
    return value


def _cluster(attributes: Json, prices: Prices) -> list[Part]:
    extended = str(attributes.get("support", "STANDARD")).upper() == "EXTENDED"
    price = prices.of("control_plane_extended_hour" if extended else "control_plane_hour")
    why = f"control plane {price}/h{' (extended support)' if extended else ''}"
    parts = [Part(price * prices.hours, why, "control_plane")]
    if attributes.get("auto_node_role"):
        share = prices.of("auto_mode_share") * 100
        why = f"unknown: the nodes, which Auto Mode chooses by the pods, at their price and {share.normalize()} % more"
        parts.append(Part(None, why, "auto_mode"))
    return parts


def _nodes(attributes: Json, prices: Prices) -> list[Part]:
    """The nodes that always run; more of them cost more."""
    type_, count = str(_said(attributes, "instance_type")), Decimal(str(_said(attributes, "least")))
    if attributes.get("capacity", "ON_DEMAND") != "ON_DEMAND":
        raise Unknown(f"the price of {attributes['capacity']} capacity changes by the hour")
    disk, hour, gb = Decimal(str(_said(attributes, "disk"))), prices.node(type_), prices.of("disk_gp3_gb_month")
    most = attributes.get("most", count)
    assumes = f"{count} {type_} always on" + (f", of at most {most}" if most != count else "")
    return [
        Part(count * hour * prices.hours, f"{count} x {type_} {hour}/h", "node", assumes),
        Part(count * disk * gb, f"{count} x {disk} GB gp3 {gb}/GB", "disk"),
    ]


def _nat(attributes: Json, prices: Prices) -> list[Part]:
    del attributes
    used, hour, gb = prices.assumed("nat_gb"), prices.of("nat_hour"), prices.of("nat_gb")
    assumes = f"{used} GB a month through the NAT gateway"
    return [
        Part(hour * prices.hours, f"NAT gateway {hour}/h", "nat"),
        Part(used * gb, f"{used} GB {gb}/GB", "nat", assumes),
    ]


def _address(attributes: Json, prices: Prices) -> list[Part]:
    del attributes
    hour = prices.of("address_hour")
    return [Part(hour * prices.hours, f"public IPv4 address {hour}/h", "address")]


def _images(attributes: Json, prices: Prices) -> list[Part]:
    del attributes
    used, gb = prices.assumed("image_gb"), prices.of("image_gb_month")
    return [Part(used * gb, f"{used} GB of images {gb}/GB", "images", f"{used} GB of images")]


def _balancer(attributes: Json, prices: Prices) -> list[Part]:
    """A network load balancer, or what Kubernetes' own AWS code makes: a classic one."""
    kind = "network" if str(_said(attributes, "load_balancer_class")) else "classic"
    hour, used = prices.of(f"balancer_{kind}_hour"), prices.assumed("balancer_units")
    parts = [Part(hour * prices.hours, f"{kind} load balancer {hour}/h", "balancer")]
    if kind == "network":
        unit = prices.of("balancer_network_unit_hour")
        assumes = f"{used} capacity unit of the load balancer"
        parts.append(Part(used * unit * prices.hours, f"{used} unit {unit}/h", "balancer", assumes))
    if attributes.get("scheme") == "internet-facing":
        count, each = prices.assumed("balancer_addresses"), prices.of("address_hour")
        why = f"{count} public IPv4 addresses {each}/h"
        parts.append(Part(count * each * prices.hours, why, "address", f"{count} zones of the load balancer"))
    return parts


PARTS: Mapping[str, Callable[[Json, Prices], list[Part]]] = {
    "eks_cluster": _cluster,
    "nodegroup": _nodes,
    "nat_gateway": _nat,
    "elastic_ip": _address,
    "ecr_repository": _images,
    "load_balancer": _balancer,
}
