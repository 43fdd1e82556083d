from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import ekswiz
from ekswiz import cost
from ekswiz.blueprint import blueprint
from ekswiz.plan import Action, Change, Plan, Ref
from unit.engine.fakes import ANSWERS

HOURS = 730


def change(kind: str, after: Any = None, before: Any = None, action: Action = Action.CREATE, **more: Any) -> Change:
    values = {"needs": (), "adopted": False, "why": "", "cli": "", "permissions": (), **more}
    return Change(f"{kind}.x", action, before, after if after is not None or action is Action.DELETE else {}, **values)


def line(made: Change, region: str = "us-east-1") -> cost.CostLine:
    return cost.of(Plan(1, "s", "1" * 12, region, "", (made,)))[0]


NODES = {"instance_type": "t3.medium", "least": 2, "most": 6, "disk": 20, "capacity": "ON_DEMAND"}


@pytest.mark.parametrize(
    ("kind", "after", "region", "monthly"),
    [
        ("eks_cluster", {"support": "STANDARD"}, "us-east-1", "73.00"),
        ("eks_cluster", {"support": "EXTENDED"}, "sa-east-1", "438.00"),
        ("nodegroup", NODES, "us-east-1", "63.94"),  # 2 x 0.0416 x 730 + 2 x 20 x 0.08
        ("nodegroup", {**NODES, "least": 3}, "eu-central-1", "110.83"),  # 3 x 0.048 x 730 + 3 x 20 x 0.0952
        ("nat_gateway", {}, "eu-west-1", "35.52"),  # 0.048 x 730 + 10 x 0.048
        ("elastic_ip", {}, "ap-south-1", "3.65"),
        ("ecr_repository", {}, "us-east-1", "0.10"),
        ("load_balancer", {"load_balancer_class": "", "scheme": "internal"}, "us-east-1", "18.25"),
        ("load_balancer", {"load_balancer_class": "eks.amazonaws.com/nlb", "scheme": "internet-facing"}, "us-east-1",
         "28.11"),  # (0.0225 + 0.006 + 2 x 0.005) x 730, half a cent to even
    ],
)  # fmt: skip
def test_known_prices_make_a_month_of_730_hours(kind: str, after: Any, region: str, monthly: str) -> None:
    found = line(change(kind, after), region)

    assert found.figure == monthly or abs(Decimal(found.figure) - Decimal(monthly)) <= Decimal("0.01")
    assert found.source.startswith("https://aws.amazon.com/")
    assert found.why


def test_what_use_is_supposed_is_said() -> None:
    assert line(change("nat_gateway")).assumes == "10 GB a month through the NAT gateway"
    assert line(change("nodegroup", NODES)).assumes == "2 t3.medium always on, of at most 6"
    assert line(change("ecr_repository")).assumes == "1 GB of images"


@pytest.mark.parametrize(
    ("kind", "after", "region", "says"),
    [
        ("nodegroup", {**NODES, "instance_type": "x9.mega"}, "us-east-1", "no x9.mega in us-east-1"),
        ("nodegroup", NODES, "af-south-1", "af-south-1"),
        ("nodegroup", {**NODES, "capacity": "SPOT"}, "us-east-1", "changes by the hour"),
        ("nat_gateway", {}, "af-south-1", "no nat_hour for af-south-1"),
        ("load_balancer", {"load_balancer_class": Ref("a.b", "c")}, "us-east-1", "not known before it is made"),
        ("quantum_gateway", {}, "us-east-1", "no price is known for the type quantum_gateway"),
    ],
)
def test_what_nobody_knows_is_unknown_and_never_zero_or_blank(kind: str, after: Any, region: str, says: str) -> None:
    found = line(change(kind, after), region)

    assert (found.figure, found.monthly, found.kind) == ("unknown", None, "unknown")
    assert says in found.why
    assert found.to_json()["monthly"] == "unknown"
    assert cost.total([found]) == (Decimal(0), (f"{kind}.x",))
    assert cost.to_json([found])["known_monthly"] == "unknown"
    assert cost.sentence([found]).startswith(f"cost: unknown ({kind}.x)")


def test_auto_mode_is_at_least_its_control_plane_and_its_nodes_are_unknown() -> None:
    found = line(change("eks_cluster", {"auto_node_role": "arn"}))

    assert found.figure == "at least 73.00"
    assert "12 % more" in found.open
    assert cost.sentence([found]).startswith("cost: at least $73.00 a month, unknown for eks_cluster.x")


def test_what_aws_does_not_bill_is_free_and_not_zero() -> None:
    found = line(change("iam_role"))

    assert (found.figure, found.monthly) == ("free", None)


def test_an_adopted_object_costs_what_it_did() -> None:
    assert line(change("eks_cluster", {}, {}, Action.KEEP, adopted=True)).figure == "not ours"


def test_a_deletion_saves_what_the_object_cost() -> None:
    lines = [line(change("elastic_ip", None, {}, Action.DELETE))]

    assert lines[0].figure == "0.00"
    assert cost.change_of(lines) == Decimal("-3.65")


def test_a_deletion_of_what_nobody_can_price_is_unknown() -> None:
    assert line(change("nodegroup", None, {**NODES, "instance_type": "x9"}, Action.DELETE)).figure == "unknown"


def test_an_update_says_by_how_much_the_month_changes() -> None:
    lines = [line(change("nodegroup", {**NODES, "least": 4}, NODES, Action.UPDATE))]

    assert cost.change_of(lines) == 2 * (Decimal("0.0416") * HOURS + 20 * Decimal("0.08"))


def test_the_whole_names_hours_date_and_assumptions() -> None:
    lines = [line(change("elastic_ip")), line(change("ecr_repository")), line(change("iam_role"))]

    assert cost.sentence(lines) == "cost: about $3.75 a month (730 h, list prices of 2026-01-19; 1 GB of images)"


def test_every_type_of_the_blueprint_is_priced_free_or_knowingly_unknown() -> None:
    kinds = {resource.address.partition(".")[0] for resource in blueprint(ANSWERS)}
    kinds |= {path.stem for path in (Path(ekswiz.__file__).parent / "resources").glob("*.py")} & {
        "vpc", "subnet", "internet_gateway", "elastic_ip", "nat_gateway", "route_table", "service_role", "nodegroup",
        "addon", "access_mode", "access_policy", "operator_access", "load_balancer", "load_balancing", "legacy_access",
    }  # fmt: skip
    assert kinds - cost.FREE - set(cost.PARTS) == set()


def test_the_table_is_dated_and_every_price_is_a_positive_decimal_with_a_source() -> None:
    table = tomllib.loads((Path(ekswiz.__file__).parent / "data/prices.toml").read_text())
    assert dt.date.fromisoformat(table["as_of"]) <= dt.datetime.now(dt.UTC).date()
    prices = dict(table["everywhere"])
    for region in table["region"].values():
        nodes = region.pop("node_hour")
        assert "t3.medium" in nodes
        assert len(nodes) > 10
        prices |= region | nodes
        assert all(0 < Decimal(price) < 10 for price in [*region.values(), *nodes.values()])
    assert all(0 < Decimal(price) < 10 for price in prices.values())
    assert all(url.startswith("https://aws.amazon.com/") for url in table["sources"].values())
