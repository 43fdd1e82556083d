"""The published actions that the generated workflows use, each pinned to one commit.

A tag can be moved to other code at any time; a commit cannot. Refresh this table before a release: compare each
action's newest release with the row, read its changes, and set `SEEN` to the day you did.
"""

from __future__ import annotations

from dataclasses import dataclass

SEEN = "2026-08-19"
"""The day on which the table was last compared with the actions' releases."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One action at one commit. `version` is the release that the commit was tagged with."""

    action: str
    version: str
    commit: str

    @property
    def uses(self) -> str:
        """The value of `uses:`, with the release as a comment for people and update bots."""
        return f"{self.action}@{self.commit} # {self.version}"


CHECKOUT = Pin("actions/checkout", "v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1")
CREDENTIALS = Pin("aws-actions/configure-aws-credentials", "v6.2.3", "e6de054238d6b7531b4efff3b6587d9aade6a06c")
ECR_LOGIN = Pin("aws-actions/amazon-ecr-login", "v2.1.7", "03f1aad4c6c7ffd436567f42f9384779290529bd")
BUILDX = Pin("docker/setup-buildx-action", "v4.3.0", "37fe631027851001ddb9b187196cc803df7f5f0e")

PINS = (CHECKOUT, CREDENTIALS, ECR_LOGIN, BUILDX)
"""Every action that a generated workflow may use."""
