"""The registry's scanning configuration: shared by every repository of the account, so merged and never overwritten.

BASIC scanning takes a repository's own setting too; ENHANCED looks at the shared rules alone. Source: ECR API,
PutRegistryScanningConfiguration, which replaces the whole: so it is read right before, and written back with one filter
more (or less).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz.clients.aws_errors import ask, tell
from ekswiz.errors import Transient
from ekswiz.target import Target

ENHANCED = "ENHANCED"
ON_PUSH = ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")
"""Frequencies with which a push is scanned."""


@dataclass(frozen=True, slots=True)
class Scanning:
    """The configuration: its type and its rules, as ECR has them."""

    type: str
    rules: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, answer: Mapping[str, Any] | None) -> Scanning:
        """What GetRegistryScanningConfiguration answered."""
        found = (answer or {}).get("scanningConfiguration", {})
        return cls(found.get("scanType", "BASIC"), tuple(found.get("rules", ())))

    def covers(self, repository: str, *, own: bool) -> bool:
        """Whether a push to a repository whose own setting is `own` is scanned."""
        return (own and self.type != ENHANCED) or any(_fits(pattern, repository) for pattern in self._filters())

    def names(self, repository: str) -> bool:
        """Whether a rule names this repository and no other."""
        return self.type == ENHANCED and repository in self._filters()

    def _filters(self) -> list[str]:
        rules = (rule for rule in self.rules if rule["scanFrequency"] in ON_PUSH)
        return [one["filter"] for rule in rules for one in rule.get("repositoryFilters", ())]


def scan_on_push(target: Target, repository: str) -> None:
    """Have pushes to a repository scanned: by its own setting, or by one more filter in the shared rules."""
    scanning = _now(target)
    if scanning.type != ENHANCED:
        own = {"repositoryName": repository, "imageScanningConfiguration": {"scanOnPush": True}}
        tell(target, "ecr", "put_image_scanning_configuration", **own)
        return
    if not scanning.covers(repository, own=False):
        rules = [dict(rule) for rule in scanning.rules]
        rule = next((rule for rule in rules if rule["scanFrequency"] == ON_PUSH[0]), None)
        if rule is None:
            rule = {"scanFrequency": ON_PUSH[0], "repositoryFilters": []}
            rules.append(rule)
        rule["repositoryFilters"] = [*rule["repositoryFilters"], {"filter": repository, "filterType": "WILDCARD"}]
        _put(target, scanning, rules)


def forget_filter(target: Target, repository: str) -> None:
    """Take the filter that names a repository out of the shared rules; everything else in them stays."""
    scanning = _now(target)
    if not scanning.names(repository):
        return
    rules = []
    for rule in scanning.rules:
        before = rule.get("repositoryFilters", [])
        left = [one for one in before if one["filter"] != repository]
        if left or not before:
            rules.append({**rule, "repositoryFilters": left})
    _put(target, scanning, rules)


def _now(target: Target) -> Scanning:
    return Scanning.of(ask(target, "ecr", "get_registry_scanning_configuration"))


def _put(target: Target, before: Scanning, rules: list[dict[str, Any]]) -> None:
    """Write the rules back if nobody changed them since they were read: ECR has no conditional write.

    Raises:
        Transient: Somebody did; a second try reads them anew.
    """
    if _now(target) != before:
        raise Transient("The account's shared scanning rules were changed a moment ago.")
    tell(target, "ecr", "put_registry_scanning_configuration", scanType=before.type, rules=rules)


def _fits(pattern: str, repository: str) -> bool:
    """ECR's filters: `*` stands for any characters; a filter without one fits every name that contains it."""
    if "*" not in pattern:
        return pattern in repository
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), repository) is not None
