"""Why a cluster of ours, and with it everything that it needs, is not destroyed."""

from __future__ import annotations

from typing import Any

from ekswiz.clients.aws_errors import ask, pages
from ekswiz.resources.tags import STACK
from ekswiz.target import Target


def stays(target: Target, cluster: str, stack: str, *, delete_protected: bool) -> str:
    """The reason to keep a cluster; empty if it can go, or is gone.

    Raises:
        Unreadable: The cluster or its node groups may not be looked at.
    """
    answer = ask(target, "eks", "describe_cluster", name=cluster)
    if answer is None:
        return ""
    if answer["cluster"].get("deletionProtection") and not delete_protected:
        return f"Kept: cluster {cluster} is protected against deletion. Say --delete-protected to delete it."
    others = _foreign_nodegroups(target, cluster, stack)
    if others:
        return f"Kept: cluster {cluster} has node groups that are not this stack's: {', '.join(others)}."
    return ""


def _foreign_nodegroups(target: Target, cluster: str, stack: str) -> list[str]:
    found = []
    for name in pages(target, "eks", "list_nodegroups", "nodegroups", clusterName=cluster):
        group: dict[str, Any] = ask(target, "eks", "describe_nodegroup", clusterName=cluster, nodegroupName=name) or {
            "nodegroup": {"tags": {STACK: stack}}
        }
        if group["nodegroup"].get("tags", {}).get(STACK) != stack:
            found.append(name)
    return sorted(found)
