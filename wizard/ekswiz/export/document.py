"""What an export consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ekswiz.answers import Answers
from ekswiz.view import View

Form = Literal["bash", "terraform", "cloudformation", "eksctl", "markdown", "html"]


@dataclass(frozen=True, slots=True)
class Document:
    """One file: the first of an export is the one to begin with. `runnable` files can be executed."""

    name: str
    text: str
    runnable: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What is exported: a plan as it is shown, the answers behind it, a rehearsal's report if there is one."""

    view: View
    answers: Answers
    report: Mapping[str, Any] = field(default_factory=dict)
