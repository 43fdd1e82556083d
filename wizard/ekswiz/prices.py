"""The price table that ships with ekswiz, as one region sees it. What it does not have is unknown, never guessed."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ekswiz.quotes import NODE, NONE, Quotes


class Unknown(Exception):
    """A price that the table does not have."""


class Prices:
    """The table, as one region sees it, and before it what AWS itself quoted. `quoted`: whether a quote was used."""

    def __init__(self, table: Mapping[str, Any], region: str, quotes: Quotes = NONE) -> None:
        self._table = table
        self._region = region
        self._quotes = quotes
        self.quoted = False
        self.hours = Decimal(table["hours_per_month"])
        self.as_of = str(table["as_of"])

    def of(self, name: str) -> Decimal:
        """A price that is the same everywhere, or this region's.

        Raises:
            Unknown: The table has none.
        """
        quote = self._quote(name)
        if quote is not None:
            return quote
        everywhere = self._table["everywhere"]
        local = self._table["region"].get(self._region, {})
        if name in everywhere:
            return Decimal(everywhere[name])
        if name in local:
            return Decimal(local[name])
        raise Unknown(f"the price table of {self.as_of} has no {name} for {self._region}")

    def node(self, type_: str) -> Decimal:
        """An instance type's price an hour.

        Raises:
            Unknown: The table does not have it in this region.
        """
        quote = self._quote(f"{NODE}{type_}")
        if quote is not None:
            return quote
        local = self._table["region"].get(self._region, {}).get("node_hour", {})
        if type_ not in local:
            raise Unknown(f"the price table of {self.as_of} has no {type_} in {self._region}")
        return Decimal(local[type_])

    def assumed(self, name: str) -> Decimal:
        """How much of something a month is supposed to use."""
        return Decimal(self._table["assumptions"][name])

    def source(self, name: str) -> str:
        """Where a price stands."""
        if self.quoted:
            return f"AWS Price List API, {self._quotes.published}"
        return str(self._table["sources"][name])

    def _quote(self, name: str) -> Decimal | None:
        quote = self._quotes.prices.get(name)
        self.quoted = self.quoted or quote is not None
        return quote


class Wanted(Prices):
    """Knows every price (it is 1), and notes in `names` which were looked up: what there is to ask AWS for."""

    def __init__(self, table: Mapping[str, Any], region: str) -> None:
        super().__init__(table, region)
        self.names: list[str] = []

    def of(self, name: str) -> Decimal:
        """Note a name."""
        self.names.append(name)
        return Decimal(1)

    def node(self, type_: str) -> Decimal:
        """Note an instance type."""
        return self.of(f"{NODE}{type_}")


@functools.cache
def table() -> Mapping[str, Any]:
    """The price table that ships with ekswiz."""
    import tomllib  # `ekswiz --help` asks for no price
    from importlib import resources

    text = resources.files("ekswiz").joinpath("data/prices.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
