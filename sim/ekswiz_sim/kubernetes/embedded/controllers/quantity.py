"""Kubernetes quantities: `250m`, `64Mi`, `1e3`, `2`."""

from __future__ import annotations

import re
from decimal import Decimal

_PATTERN = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkMGTPE]|[KMGTPE]i)?", re.ASCII)
_UNITS = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1), "k": Decimal(10**3),
    "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12), "P": Decimal(10**15), "E": Decimal(10**18),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40), "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}  # fmt: skip


def amount(text: str | int) -> Decimal:
    """A quantity as a number.

    Raises:
        ValueError: It is none.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    match = _PATTERN.fullmatch(str(text))
    if match is None:
        raise ValueError(f"quantities must match the regular expression of Kubernetes: {text!r}")
    return Decimal(match[1]) * _UNITS[match[2] or ""]
