"""AWS's price list, asked by a real client of an HTTP server that answers as GetProducts is documented."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from ekswiz import cost, price_list
from ekswiz.clients.aws_clients import clients
from ekswiz.plan import Action, Change, Plan
from ekswiz.prices import table
from ekswiz.quotes import Quotes
from ekswiz.target import RealClock, Target

REGION = "eu-west-3"
"""The table has no prices of it."""
NODES = {"instance_type": "t3.medium", "least": 2, "most": 2, "disk": 20, "capacity": "ON_DEMAND"}


def product(usage: str, *tiers: tuple[str, str], day: str = "2026-11-20", **attributes: str) -> dict[str, Any]:
    """One entry of a price list; `tiers` are (first unit, US dollars)."""
    dimensions = {
        str(number): {"beginRange": first, "unit": "Hrs", "pricePerUnit": {"USD": price}}
        for number, (first, price) in enumerate(tiers)
    }
    return {
        "product": {"attributes": {"usagetype": usage, "regionCode": REGION, **attributes}},
        "terms": {"OnDemand": {"SKU.CODE": {"priceDimensions": dimensions}}},
        "publicationDate": f"{day}T00:00:00Z",
    }


@dataclass
class PriceList:
    """What the server answers, by service code, and what it was asked."""

    products: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    refusal: tuple[int, str] | None = None

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append(body)
        if self.refusal is not None:
            return self.refusal[0], {"__type": self.refusal[1], "message": "no."}
        found = self.products.get(body["ServiceCode"], [])
        texts = [each if isinstance(each, str) else json.dumps(each) for each in found]
        if "NextToken" in body:
            return 200, {"FormatVersion": "aws_v1", "PriceList": texts[1:]}
        more = {"NextToken": "more"} if len(texts) > 1 else {}
        return 200, {"FormatVersion": "aws_v1", "PriceList": texts[:1], **more}


@pytest.fixture
def listed() -> PriceList:
    return PriceList()


@pytest.fixture
def target(listed: PriceList, tmp_path: Path) -> Iterator[Target]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
            status, answer = listed.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        session = boto3.Session(aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="s", region_name=REGION)
        aws = clients(session, REGION, f"http://127.0.0.1:{server.server_port}")
        yield Target("aws", "aws", "1" * 12, REGION, aws, lambda _: None, lambda: None, tmp_path, RealClock())
        server.shutdown()


def plan(*kinds: tuple[str, Any]) -> Plan:
    changes = (Change(f"{kind}.x", Action.CREATE, None, after, (), False, "", "", ()) for kind, after in kinds)
    return Plan(1, "s", "1" * 12, REGION, "", tuple(changes))


def test_what_aws_quotes_makes_the_cost_where_the_table_has_nothing(listed: PriceList, target: Target) -> None:
    made = plan(("nodegroup", NODES))
    assert cost.of(made)[0].kind == "unknown"
    listed.products["AmazonEC2"] = [
        product("EUW3-BoxUsage:t3.medium", ("0", "0.0472000000")),
        product("EUW3-EBS:VolumeUsage.gp3", ("0", "0.0928000000"), day="2026-11-18"),
    ]

    quotes = price_list.ask(cost.wanted(made), target)

    assert quotes == Quotes({"node:t3.medium": Decimal("0.0472"), "disk_gp3_gb_month": Decimal("0.0928")}, "2026-11-18")
    (line,) = cost.of(made, quotes)
    assert line.figure == "72.62"  # 2 x 0.0472 x 730 + 2 x 20 x 0.0928
    assert line.source == "AWS Price List API, 2026-11-18"
    assert "AWS's price list of 2026-11-18" in cost.sentence([line], quotes)


def test_the_region_and_the_type_are_asked_for(listed: PriceList, target: Target) -> None:
    price_list.ask(cost.wanted(plan(("nodegroup", NODES), ("vpc", {}))), target)

    fields = [{each["Field"]: each["Value"] for each in body["Filters"]} for body in listed.asked]
    assert len(fields) == 2
    assert all(each["regionCode"] == REGION for each in fields)
    assert {"t3.medium"} == {each["instanceType"] for each in fields if "instanceType" in each}


@pytest.mark.parametrize(
    "other",
    ["EUW3-RegionalNatGateway-Hours", "EUW3-TS-NatGateway-Hours", "NatGateway-Hours-Provisioned", "natgateway-hours"],
)
def test_a_usage_type_that_only_looks_alike_is_no_answer(listed: PriceList, target: Target, other: str) -> None:
    listed.products["AmazonEC2"] = [product(other, ("0", "9.99")), product("NatGateway-Hours", ("0", "0.05"))]

    assert price_list.ask(["nat_hour"], target).prices == {"nat_hour": Decimal("0.05")}


def test_the_first_paid_tier_counts(listed: PriceList, target: Target) -> None:
    listed.products["AmazonECR"] = [product("EUW3-TimedStorage-ByteHrs", ("50", "0.09"), ("0.5", "0.10"), ("0", "0"))]

    assert price_list.ask(["image_gb_month"], target).prices == {"image_gb_month": Decimal("0.10")}


@pytest.mark.parametrize(
    ("products", "says"),
    [
        ([], "no price for nat_hour"),
        ([product("NatGateway-Hours", ("0", "0.05")), product("NatGateway-Hours", ("0", "0.06"))], "more than one"),
        ([product("NatGateway-Hours", ("0", "much"))], "no price"),
        (["no JSON", "[]"], "no price"),
    ],
)
def test_without_one_clear_answer_the_table_stays(
    listed: PriceList, target: Target, products: list[Any], says: str
) -> None:
    listed.products["AmazonEC2"] = products

    quotes = price_list.ask(["nat_hour"], target)

    assert quotes.prices == {}
    assert says in quotes.why_not


def test_a_denied_call_is_said_once_and_costs_nothing_else(listed: PriceList, target: Target) -> None:
    listed.refusal = (400, "AccessDeniedException")

    quotes = price_list.ask(["nat_hour", "nat_gb", "address_hour"], target)

    assert quotes == Quotes(
        why_not="AWS's price list was not to be asked (pricing:GetProducts: AccessDeniedException)."
    )


def test_where_there_is_no_list_in_dollars_nobody_is_asked(listed: PriceList, target: Target) -> None:
    quotes = price_list.ask(["nat_hour"], replace(target, partition="aws-cn"))

    assert "aws-cn" in quotes.why_not
    assert "simulated" in price_list.ask(["nat_hour"], replace(target, kind="sim")).why_not
    assert listed.asked == []


def test_the_list_is_asked_where_it_is(tmp_path: Path) -> None:
    session = boto3.Session(aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="s", region_name=REGION)

    assert clients(session, REGION, None)("pricing").meta.endpoint_url == "https://api.pricing.us-east-1.amazonaws.com"


def test_every_question_is_a_price_of_the_table() -> None:
    known = {*table()["everywhere"], *(name for region in table()["region"].values() for name in region), "node"}
    assert set(price_list._questions()) <= known
