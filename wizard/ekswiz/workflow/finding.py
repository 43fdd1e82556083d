"""What a lint rule says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ekswiz.workflow.model import Position

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: the rule's id, how bad, where, what is wrong in one sentence, and what to do."""

    id: str
    severity: Severity
    position: Position
    sentence: str
    fix: str


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a deployment's answers want of the workflow. `environments` by job id; None means no environment."""

    branch: str | None = None
    environments: Mapping[str, str | None] = field(default_factory=dict)
