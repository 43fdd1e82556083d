"""Prices that AWS itself quoted: values. They go before the table that ships with ekswiz."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

NODE = "node:"
"""Before an instance type, in the name of its price."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """What the AWS Price List API said.

    Attributes:
        prices: US dollars by the table's names; an instance type's price an hour is `node:TYPE`.
        published: The day of the oldest list that was used, e.g. "2026-11-20"; "" if there is none.
        why_not: Why some or all are missing, in a sentence; "" if nothing is.
    """

    prices: Mapping[str, Decimal] = field(default_factory=dict)
    published: str = ""
    why_not: str = ""


NONE = Quotes()
