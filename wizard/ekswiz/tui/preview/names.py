"""What users call the objects of a plan: see `ekswiz.steps.names`, which lines use, too."""

from __future__ import annotations

from ekswiz.steps.names import (
    HEADINGS,
    KINDS,
    OTHER,
    REVIEW,
    described,
    heading,
    kind_of,
    label,
    matches,
    sections,
    to_review,
)

__all__ = [
    "HEADINGS", "KINDS", "OTHER", "REVIEW", "described", "heading", "kind_of", "label", "matches", "sections",
    "to_review",
]  # fmt: skip
