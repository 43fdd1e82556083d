"""Reads `permissions:`, and says what is in force for a job.

A key that names some scopes sets all others to none. A called workflow can lower its caller's permissions, not raise
them. `id-token` is never granted by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ekswiz.workflow.model import Level, Node, Permissions, Scalar
from ekswiz.workflow.reader import Reader

SCOPES = frozenset(
    {
        "actions",
        "artifact-metadata",
        "attestations",
        "checks",
        "contents",
        "deployments",
        "discussions",
        "id-token",
        "issues",
        "models",
        "packages",
        "pages",
        "pull-requests",
        "repository-projects",
        "security-events",
        "statuses",
    }
)
_ORDER: Mapping[str, int] = {"none": 0, "read": 1, "write": 2}

DEFAULT = Permissions({"contents": "read", "packages": "read"})
"""What a workflow without `permissions:` gets in a repository with GitHub's restricted default."""


def read_permissions(reader: Reader, node: Node | None) -> Permissions | None:
    """`permissions:` of a workflow or a job.

    Raises:
        InputError: An unknown scope or level.
    """
    if node is None:
        return None
    if isinstance(node, Scalar):
        every = {"read-all": "read", "write-all": "write"}.get(str(node.value))
        if every is None:
            raise reader.fail(
                node.at, f"Unexpected value '{node.text.value}'.", "Use read-all, write-all or a mapping."
            )
        return Permissions(every=cast("Level", every), at=node.at)
    fields = reader.fields(node, "`permissions`", SCOPES)
    scopes: dict[str, Level] = {}
    for scope, value in fields.items():
        level = reader.text(value, f"`{scope}`").value
        allowed = ("write", "none") if scope == "id-token" else tuple(_ORDER)
        if level not in allowed:
            raise reader.fail(value.at, f"Unexpected value '{level}'.", f"It must be one of {', '.join(allowed)}.")
        scopes[scope] = cast("Level", level)
    return Permissions(scopes, at=node.at)


def effective(
    workflow: Permissions | None, job: Permissions | None, *, caller: Permissions | None = None
) -> Permissions:
    """What is in force: the job's key, else the workflow's, else the caller's, else GitHub's default.

    A called workflow gets at most what its caller has; `excess` names what it asked for beyond that.
    """
    asked = job or workflow
    if caller is None:
        return asked or DEFAULT
    if asked is None:
        return caller
    return Permissions({scope: _least(asked.level(scope), caller.level(scope)) for scope in sorted(SCOPES)})


def excess(asked: Permissions | None, caller: Permissions) -> tuple[str, Level, Level] | None:
    """The first scope that a called job asks for beyond its caller's: scope, asked, allowed. GitHub refuses that."""
    if asked is None:
        return None
    for scope in sorted(SCOPES):
        if _ORDER[asked.level(scope)] > _ORDER[caller.level(scope)]:
            return scope, asked.level(scope), caller.level(scope)
    return None


def read_only(permissions: Permissions) -> Permissions:
    """What a pull request from a fork gets: nothing above read, and no `id-token`."""
    lowered = {scope: _least(permissions.level(scope), "read") for scope in sorted(SCOPES)}
    return Permissions({**lowered, "id-token": "none"})


def _least(one: Level, other: Level) -> Level:
    return one if _ORDER[one] <= _ORDER[other] else other
