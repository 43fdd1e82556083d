"""What clusters, node groups and add-ons have in common: statuses that take minutes.

Nothing here sleeps. A call that is not done yet raises Transient; the engine, which can be stopped, makes it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ekswiz.clients.aws_errors import ask
from ekswiz.errors import Conflict, TargetError, Transient
from ekswiz.resources.tags import STACK
from ekswiz.target import Target

CREATED_WITHIN = 2400.0
"""Seconds in which EKS makes a cluster (9 to 15 minutes) or a node group, at the longest."""
UPDATED_WITHIN = 5400.0
"""Seconds in which EKS carries out several updates one after the other; a version's takes 10 to 20 minutes."""
DELETED_WITHIN = 2400.0
"""Seconds in which EKS deletes a cluster or a node group, at the longest."""
USABLE = ("ACTIVE", "UPDATING")
DEAD = ("FAILED", "CREATE_FAILED", "DELETE_FAILED", "DELETING")
"""Statuses that lead nowhere: the object has to go before there can be another."""


def status(found: Mapping[str, Any]) -> str:
    """ACTIVE for everything that can be used, else EKS's own word."""
    said = str(found.get("status", "UNKNOWN"))
    return "ACTIVE" if said in USABLE or said in DEAD else said


def broken(found: Mapping[str, Any]) -> str:
    """The status of something that has to go; empty for everything else."""
    said = str(found.get("status", ""))
    return said if said in DEAD else ""


def ready(found: Mapping[str, Any], what: str) -> None:
    """Go on only with something that can be used.

    Raises:
        Transient: It is on its way.
        TargetError: It failed, with EKS's reasons.
    """
    said = found.get("status")
    if said in USABLE:
        return
    if said in ("DELETING", "CREATING", "PENDING", "DEGRADED"):
        raise Transient(f"{what} is {said}{issues(found)}.", "Go on with: ekswiz resume", within=CREATED_WITHIN)
    raise TargetError(f"{what} is {said}{issues(found)}.", "Plan again: it is made anew.")


def leaving(what: str) -> Transient:
    """Something is being deleted."""
    return Transient(f"{what} is being deleted.", "Go on with: ekswiz resume", within=DELETED_WITHIN)


def ours(found: Mapping[str, Any], stack: str, what: str) -> None:
    """Go on with what is on its way already only if this stack began it.

    Raises:
        Conflict: It is somebody else's.
    """
    if found.get("tags", {}).get(STACK) != stack:
        raise Conflict(f"{what} exists already.", "Take it over with --adopt, or choose another name.")


def settled(found: Mapping[str, Any] | None, what: str) -> Mapping[str, Any]:
    """What is to be updated, once it is there and idle.

    Raises:
        TargetError: It is gone.
        Transient, Conflict: See `ready`.
    """
    if found is None:
        raise TargetError(f"{what} is not there any more.", "Plan again.")
    ready(found, what)
    return found


def changing(what: str, member: str) -> Transient:
    """Something is being changed."""
    return Transient(f"{what}: {member} is being changed.", "Go on with: ekswiz resume", within=UPDATED_WITHIN)


def finished(target: Target, update: str, what: str, cluster: str, **part: str) -> None:
    """Go on only after an update has come to a good end.

    Args:
        target: Where.
        update: Its id.
        what: What is updated, in words.
        cluster: The cluster's name.
        part: `nodegroupName` or `addonName`, where it is a part that is updated.

    Raises:
        Transient: It is under way.
        TargetError: It failed, with EKS's reasons.
    """
    answer = ask(target, "eks", "describe_update", name=cluster, updateId=update, **part)
    found = (answer or {}).get("update", {})
    if found.get("status") == "InProgress":
        raise changing(what, str(found.get("type")))
    if found.get("status") in ("Failed", "Cancelled"):
        reasons = "; ".join(str(error.get("errorMessage", "")) for error in found.get("errors", ()))
        raise TargetError(f"{what}: {found.get('type')} {found['status'].lower()}: {reasons}.", "Plan again.")


def issues(found: Mapping[str, Any]) -> str:
    """EKS's own words on what is wrong with something, as the end of a sentence."""
    said = [f"{one.get('code')}: {one.get('message')}" for one in found.get("health", {}).get("issues", ())]
    return f" ({'; '.join(said)})" if said else ""
