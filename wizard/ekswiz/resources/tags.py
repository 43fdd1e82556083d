"""Ownership: AWS tags and Kubernetes labels that say which stack made an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ekswiz.errors import Transient

STACK = "ekswiz:stack"
ADDRESS = "ekswiz:address"
STACK_LABEL = "ekswiz/stack"

T = TypeVar("T")


def pairs(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as the list of pairs that IAM and ECR take."""
    return [{key: name, value: text} for name, text in tags.items()]


def owner(found: Iterable[Mapping[str, str]] | None) -> str | None:
    """The stack that a list of tag pairs names; None if none does."""
    return next((tag["Value"] for tag in found or () if tag["Key"] == STACK), None)


def known(found: Iterable[Mapping[str, str]] | None, desired: Mapping[str, str]) -> dict[str, str]:
    """Of a list of tag pairs those that are desired by name: other tags are others' business."""
    return {tag["Key"]: tag["Value"] for tag in found or () if tag["Key"] in desired}


def labels(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags as Kubernetes labels: `ekswiz:stack` becomes `ekswiz/stack`."""
    return {name.replace(":", "/"): text for name, text in tags.items()} | {"app.kubernetes.io/managed-by": "ekswiz"}


def visible(live: T | None, address: str) -> T:
    """What was created a moment ago, as it can be read.

    Raises:
        Transient: It cannot be read yet.
    """
    if live is None:
        raise Transient(f"{address} was made and cannot be read yet.", within=60.0)
    return live
