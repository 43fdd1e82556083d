"""Which Kubernetes version a cluster gets: what the answers ask for, what EKS offers, what there is.

Extended support costs six times as much per hour, so a new cluster is made in standard support alone.
Source: EKS API, DescribeClusterVersions.
"""

from __future__ import annotations

from ekswiz.clients.aws_errors import pages
from ekswiz.errors import TargetError
from ekswiz.target import Target

LATEST = "latest"


def minor(version: str) -> int:
    """The minor number of a version such as "1.35"; 0 if it is none."""
    _, _, number = version.partition(".")
    return int(number) if number.isascii() and number.isdigit() else 0


def choose(target: Target, asked: str, live: str | None) -> str:
    """The version to have next.

    `latest` is the newest in standard support for a new cluster; one that exists keeps its version as long as that is
    in standard support. An upgrade goes one minor version at a time, since EKS knows no other.

    Raises:
        TargetError: The version is not in standard support, or below what the cluster has.
        Unreadable: The offered versions may not be listed.
    """
    if live is not None and asked != LATEST:
        return _next(asked, live)
    offered = sorted(_standard(target), key=minor)
    if not offered:
        raise TargetError("EKS offers no version in standard support.", "Name one: kubernetes_version.")
    if asked == LATEST:
        return live if live in offered else _next(offered[-1], live)
    if asked not in offered:
        raise TargetError(
            f"Kubernetes {asked} is not in EKS's standard support, which has {', '.join(offered)}.",
            "Say kubernetes_version = latest, or one of these.",
        )
    return asked


def _next(wanted: str, live: str | None) -> str:
    if live is None or minor(wanted) == minor(live):
        return wanted
    if minor(wanted) < minor(live):
        raise TargetError(
            f"the cluster runs Kubernetes {live} and the answers ask for {wanted}; there is no way back.",
            f"Say kubernetes_version = {live}, or latest.",
        )
    return f"1.{minor(live) + 1}"


def _standard(target: Target) -> list[str]:
    found = pages(target, "eks", "describe_cluster_versions", "clusterVersions", versionStatus="STANDARD_SUPPORT")
    return [each["clusterVersion"] for each in found if each.get("versionStatus") == "STANDARD_SUPPORT"]
