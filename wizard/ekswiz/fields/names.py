"""Names that ekswiz proposes from the repository's name, each legal where it is used."""

from __future__ import annotations

import re

STACK_LENGTH = 40
"""The longest stack name: roles are `ekswiz-<stack>-deploy` (64 at most) and labels carry it (63 at most)."""


def stack_name(repo: str) -> str:
    """The stack's name for a GitHub repository, e.g. `Payments.API` -> `payments-api`."""
    return _slug(repo)[:STACK_LENGTH].strip("-") or "app"


def namespace_name(repo: str) -> str:
    """A Kubernetes namespace of the service's own; never one of the system's `kube-` names."""
    return re.sub(r"\Akube-", "app-", stack_name(repo))


def workload_name(repo: str) -> str:
    """Name of the Deployment and its Service: a DNS label that starts with a letter (RFC 1035)."""
    name = stack_name(repo)
    return name if name[0].isalpha() else f"app-{name}"[:STACK_LENGTH].strip("-")


def ecr_name(repo: str) -> str:
    """Name of the ECR repository; at least two characters."""
    name = stack_name(repo)
    return name if len(name) > 1 else f"{name}-images"


def _slug(text: str) -> str:
    """Lower-case letters, digits and single hyphens; ASCII only."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower(), flags=re.ASCII).strip("-")
