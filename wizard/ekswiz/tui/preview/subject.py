"""What a tab speaks about."""

from __future__ import annotations

from dataclasses import dataclass

from ekswiz.answers import Answers
from ekswiz.plan import Change
from ekswiz.view import View


@dataclass(frozen=True, slots=True)
class Subject:
    """One change, in its plan, for these answers."""

    change: Change
    view: View
    answers: Answers
