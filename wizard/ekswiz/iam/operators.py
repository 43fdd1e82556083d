"""Condition operators: what one policy value and one request value say about each other.

`compare` answers True, False, or None where the request's value cannot be read as the operator's type.
Negated operators compare like their positive twin; conditions.py negates the answer over all values.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from ekswiz.iam.matching import ARN_COLONS, Boundaries, matches
from ekswiz.iam.truth import Truth
from ekswiz.iam.variables import Run, literal

Family = Literal["string", "numeric", "date", "bool", "binary", "ip", "arn"]
Compare = Callable[[Sequence[Run], str], Truth]
TAKES_VARIABLES: frozenset[Family] = frozenset({"string", "arn"})

NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})")
EPOCH = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
CIDR = re.compile(r"[0-9A-Fa-f.:]{2,45}(?:/[0-9]{1,3})?")
ISO = re.compile(
    r"(?P<month>[0-9]{4}-[0-9]{2})"
    r"(?:(?P<day>-[0-9]{2})(?:[Tt](?P<time>[0-9]{2}:[0-9]{2})(?:(?P<second>:[0-9]{2})(?P<fraction>\.[0-9]{1,9})?)?"
    r"(?P<zone>[Zz]|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3]):?(?P<minutes>[0-5][0-9]))?)?)?"
)
START = datetime(1970, 1, 1)  # noqa: DTZ001 - both ends are in UTC; a zone would only limit the years


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator without its prefix and suffix."""

    name: str
    family: Family
    compare: Compare
    negated: bool = False


def number(text: str) -> Decimal | None:
    """An integer or decimal; None if the text is none."""
    return Decimal(text) if NUMBER.fullmatch(text) else None


def moment(text: str) -> Decimal | None:
    """Epoch seconds of an ISO 8601 date, with or without time (UTC unless it says otherwise), or of epoch time itself.

    Source: W3C, "Date and Time Formats", from YYYY-MM on; a year alone cannot be told from epoch time.
    """
    if EPOCH.fullmatch(text):
        return Decimal(text)
    found = ISO.fullmatch(text)
    if found is None:
        return None
    try:
        written = f"{found['month']}{found['day'] or '-01'}T{found['time'] or '00:00'}{found['second'] or ':00'}"
        since = datetime.fromisoformat(written) - START
    except ValueError:
        return None
    seconds = since.days * 86_400 + since.seconds - _east_of_utc(found)
    return Decimal(seconds) + Decimal(found["fraction"] or 0)


def truth(text: str) -> bool | None:
    """True or false in any case; None for anything else."""
    return {"true": True, "false": False}.get(text.lower())


def octets(text: str) -> bytes | None:
    """The bytes of standard base64; None if the text is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """An address or CIDR range (RFC 4632); None if the text is neither."""
    if not CIDR.fullmatch(text):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


READERS: dict[Family, Callable[[str], object | None]] = {
    "numeric": number,
    "date": moment,
    "bool": truth,
    "binary": octets,
    "ip": network,
}
"""How the typed families read a value of a policy; None is no such value."""


def _east_of_utc(found: re.Match[str]) -> int:
    """Seconds by which the zone's clock is ahead."""
    if not found["sign"]:
        return 0
    seconds = int(found["hours"]) * 3_600 + int(found["minutes"]) * 60
    return -seconds if found["sign"] == "-" else seconds


def _equals(expected: Sequence[Run], got: str) -> Truth:
    return literal(expected) == got


def _equals_in_any_case(expected: Sequence[Run], got: str) -> Truth:
    return literal(expected).lower() == got.lower()


def _like(expected: Sequence[Run], got: str) -> Truth:
    return matches(expected, got)


def _arn(expected: Sequence[Run], got: str) -> Truth:
    pattern = literal(expected)
    if not pattern.startswith("arn:") or pattern.count(":") < ARN_COLONS:
        return None  # also "*" alone: the documentation speaks of six components
    return matches(expected, got, Boundaries.ARN)


def _typed(read: Callable[[str], Any], test: Callable[[Any, Any], bool]) -> Compare:
    def compare(expected: Sequence[Run], got: str) -> Truth:
        right, left = read(literal(expected)), read(got)
        return None if left is None or right is None else test(left, right)

    return compare


def _inside(expected: Sequence[Run], got: str) -> Truth:
    scope, address = network(literal(expected)), None if "/" in got else network(got)
    if scope is None or address is None:
        return None
    return address.network_address in scope


def _ordered(prefix: str, family: Family, read: Callable[[str], Any]) -> list[Operator]:
    def one(name: str, test: Callable[[Any, Any], bool], *, negated: bool = False) -> Operator:
        return Operator(prefix + name, family, _typed(read, test), negated)

    return [
        one("Equals", operator.eq),
        one("NotEquals", operator.eq, negated=True),
        one("LessThan", operator.lt),
        one("LessThanEquals", operator.le),
        one("GreaterThan", operator.gt),
        one("GreaterThanEquals", operator.ge),
    ]


OPERATORS: dict[str, Operator] = {
    each.name: each
    for each in [
        Operator("StringEquals", "string", _equals),
        Operator("StringNotEquals", "string", _equals, negated=True),
        Operator("StringEqualsIgnoreCase", "string", _equals_in_any_case),
        Operator("StringNotEqualsIgnoreCase", "string", _equals_in_any_case, negated=True),
        Operator("StringLike", "string", _like),
        Operator("StringNotLike", "string", _like, negated=True),
        *_ordered("Numeric", "numeric", number),
        *_ordered("Date", "date", moment),
        Operator("Bool", "bool", _typed(truth, operator.eq)),
        Operator("BinaryEquals", "binary", _typed(octets, operator.eq)),
        Operator("IpAddress", "ip", _inside),
        Operator("NotIpAddress", "ip", _inside, negated=True),
        Operator("ArnEquals", "arn", _arn),
        Operator("ArnLike", "arn", _arn),
        Operator("ArnNotEquals", "arn", _arn, negated=True),
        Operator("ArnNotLike", "arn", _arn, negated=True),
    ]
}
