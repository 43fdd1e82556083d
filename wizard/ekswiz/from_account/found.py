"""What was found so far, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ekswiz.paths import WORKFLOW_PATH


@dataclass(slots=True)
class Found:
    """Answers of their own types by field name, in words where each came from, and what could not be looked at."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    workflow: str = WORKFLOW_PATH
    deploy_workflow: str = WORKFLOW_PATH
    """Paths of the files whose jobs the roles trust."""

    def note(self, values: Mapping[str, Any], where: str) -> None:
        """Keep these values; the first source of a value is the one that counts."""
        for name, value in values.items():
            if name not in self.values:
                self.values[name], self.sources[name] = value, where
