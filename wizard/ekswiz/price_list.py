"""Today's prices by the AWS Price List API, for the plan at hand. Asked when the user wants it, never needed.

It wants `pricing:GetProducts` and a call for each price, which is why a plan does not do it by itself. An answer is
taken only if it is one price: none, or several, keep the table's.

Source: AWS Price List API, GetProducts.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, InvalidOperation
from typing import Any

from ekswiz.clients.aws_errors import pages
from ekswiz.errors import EkswizError
from ekswiz.quotes import NODE, Quotes
from ekswiz.target import Target

ACTION = "pricing:GetProducts"
_PREFIX = r"(?:[A-Z]{2,4}\d?-)?"
"""A region's, before a usage type."""
_AT_ONCE = 8


def ask(names: Iterable[str], target: Target) -> Quotes:
    """AWS's prices of these names in the target's region. Never raises for what AWS answers: `why_not` says it.

    Args:
        names: Of the table; `node:TYPE` is an instance type.
        target: Its partition's price list is asked; only `aws` has one in US dollars.
    """
    if target.kind == "sim":
        return Quotes(why_not="A simulated account has no price list.")
    if target.partition != "aws":
        return Quotes(why_not=f"AWS has no price list in US dollars for the partition {target.partition}.")
    wanted = [name for name in sorted(set(names)) if name.partition(":")[0] in _questions()]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(zip(wanted, pool.map(lambda name: _quoted(name, target), wanted), strict=True))
    return _together(answers)


def _together(answers: Mapping[str, tuple[Decimal, str] | str]) -> Quotes:
    found = {name: answer for name, answer in answers.items() if not isinstance(answer, str)}
    reasons = dict.fromkeys(answer for answer in answers.values() if isinstance(answer, str))
    days = sorted(day for _, day in found.values() if day)
    return Quotes({name: price for name, (price, _) in found.items()}, days[0] if days else "", " ".join(reasons))


def _quoted(name: str, target: Target) -> tuple[Decimal, str] | str:
    """The price and the day of its list, or why there is none."""
    try:
        products = list(_products(name, target))
    except EkswizError as error:
        return f"AWS's price list was not to be asked ({': '.join(error.detail.split(': ')[:2])})."
    prices = {price for product in products for price in _on_demand(product)}
    if len(prices) != 1:
        return f"AWS's price list has {'no' if not prices else 'more than one'} price for {name.removeprefix(NODE)}."
    return prices.pop(), min(str(product.get("publicationDate", ""))[:10] for product in products)


def _products(name: str, target: Target) -> Iterator[Mapping[str, Any]]:
    kind, _, instance = name.partition(":")
    question = _questions()[kind]
    usage = re.compile(_PREFIX + re.escape(question["usage"].format(instance=instance)))
    wanted = {"regionCode": target.region, **question.get("filters", {})}
    filters = [
        {"Type": "TERM_MATCH", "Field": field, "Value": value.format(instance=instance)}
        for field, value in wanted.items()
    ]
    found = pages(target, "pricing", "get_products", "PriceList", ServiceCode=question["service"], Filters=filters)
    for product in map(_read, found):
        if usage.fullmatch(str(product.get("product", {}).get("attributes", {}).get("usagetype", ""))):
            yield product


def _read(text: str) -> Mapping[str, Any]:
    """One product; nothing where it is not as documented."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _on_demand(product: Mapping[str, Any]) -> Iterator[Decimal]:
    """What the first paid unit costs."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        paid = sorted(_tiers(term.get("priceDimensions", {}).values()))
        yield from (price for _, price in paid[:1])


def _tiers(dimensions: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Decimal, Decimal]]:
    """(first unit, price of one) of each tier that costs something."""
    for each in dimensions:
        try:
            first, price = Decimal(each.get("beginRange", "0")), Decimal(each["pricePerUnit"]["USD"])
        except (KeyError, InvalidOperation):
            continue
        if price > 0:
            yield first, price.normalize()


@functools.cache
def _questions() -> Mapping[str, Any]:
    """How each price is asked for, by its name in the table."""
    import tomllib  # `ekswiz --help` asks for no price
    from importlib import resources

    return tomllib.loads(resources.files("ekswiz").joinpath("data/price_list.toml").read_text(encoding="utf-8"))
