"""The questions of the wizard, shared by screens and lines: what is asked, why, and what an answer may be."""

from __future__ import annotations

from ekswiz.steps.access import ACCESS
from ekswiz.steps.account import ACCOUNT
from ekswiz.steps.github import GITHUB
from ekswiz.steps.model import Field, Kind, Option, Step, Values
from ekswiz.steps.subject import Subjects, subjects
from ekswiz.steps.target import TARGET
from ekswiz.steps.values import (
    DEFAULT,
    LOCAL,
    TYPED,
    answered,
    empty,
    problem,
    problems,
    shown_text,
    source,
    value,
    visible,
    with_field,
    with_value,
)

STEPS: tuple[Step, ...] = (ACCOUNT, GITHUB, ACCESS, TARGET)
"""In the order in which they are asked."""

__all__ = [
    "ACCESS", "ACCOUNT", "DEFAULT", "GITHUB", "LOCAL", "STEPS", "TARGET", "TYPED", "Field", "Kind", "Option", "Step",
    "Subjects", "Values", "answered", "empty", "problem", "problems", "shown_text", "source", "subjects", "value",
    "visible", "with_field", "with_value",
]  # fmt: skip
