"""Kubernetes versions that EKS offers, with their dates.

Surprising: a version's status follows from the date of today; what goes stale here becomes "extended", not wrong.

Source: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html (14 months of standard support,
12 more of extended).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

DEFAULT = "1.35"
PLATFORM = "eks.1"


@dataclass(frozen=True, slots=True)
class Version:
    """A Kubernetes minor version; dates are YYYY-MM-DD."""

    name: str
    released: str
    standard_until: str
    extended_until: str

    def status(self, now: float) -> str:
        """EKS's word for the support at a time (epoch seconds)."""
        if now < _epoch(self.standard_until):
            return "STANDARD_SUPPORT"
        return "EXTENDED_SUPPORT" if now < _epoch(self.extended_until) else "UNSUPPORTED"

    def described(self, now: float) -> Mapping[str, Any]:
        """The members of EKS's ClusterVersionInformation."""
        status = self.status(now)
        return {
            "clusterVersion": self.name,
            "clusterType": "eks",
            "defaultPlatformVersion": PLATFORM,
            "defaultVersion": self.name == DEFAULT,
            "releaseDate": _epoch(self.released),
            "endOfStandardSupportDate": _epoch(self.standard_until),
            "endOfExtendedSupportDate": _epoch(self.extended_until),
            "status": status.lower().replace("_", "-"),
            "versionStatus": status,
            "kubernetesPatchVersion": f"{self.name}.0",
        }


VERSIONS = (
    Version("1.36", "2026-06-02", "2027-08-02", "2028-08-02"),
    Version("1.35", "2026-01-27", "2027-03-27", "2028-03-27"),
    Version("1.34", "2025-10-02", "2026-12-02", "2027-12-02"),
    Version("1.33", "2025-05-29", "2026-07-29", "2027-07-29"),
    Version("1.32", "2025-01-23", "2026-03-23", "2027-03-23"),
    Version("1.31", "2024-09-26", "2025-11-26", "2026-11-26"),
)


def minor(name: str) -> int:
    """The minor number of a version such as "1.35"; -1 if it is none."""
    first, dot, number = name.partition(".")
    return int(number) if first == "1" and dot and number.isascii() and number.isdigit() else -1


def is_offered(name: str, now: float) -> bool:
    """Whether a cluster of this version can be made at that time."""
    return any(each.name == name and each.status(now) != "UNSUPPORTED" for each in VERSIONS)


def _epoch(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
