"""Where each screen's class lives. A screen is imported when somebody goes there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from textual.screen import Screen


@dataclass(frozen=True, slots=True)
class Place:
    """A screen's class, by module and name.

    `kept` screens are made once and come back as they were left. `over` screens lie on top of the one they were called
    from, which stays as it is below them.
    """

    module: str
    name: str
    kept: bool = False
    over: bool = False
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def make(self, **given: Any) -> Screen[Any]:
        """A new screen."""
        made: Screen[Any] = getattr(import_module(self.module), self.name)(**{**self.fixed, **given})
        return made


PLACES: Mapping[str, Place] = {
    "start": Place("ekswiz.tui.start.screen", "StartScreen", kept=True),
    "gather": Place("ekswiz.tui.gather.screen", "GatherScreen", kept=True),
    "preview": Place("ekswiz.tui.preview.screen", "PreviewScreen"),
    "destroy": Place("ekswiz.tui.preview.screen", "PreviewScreen", fixed={"verb": "destroy"}),
    "apply": Place("ekswiz.tui.apply.screen", "ApplyScreen"),
    "result": Place("ekswiz.tui.result.screen", "ResultScreen"),
    "rehearsal": Place("ekswiz.tui.rehearsal.screen", "RehearsalScreen", over=True),
    "rehearsal-full": Place("ekswiz.tui.rehearsal.screen", "RehearsalScreen", over=True, fixed={"full": True}),
    "doctor": Place("ekswiz.tui.start.doctor", "DoctorScreen", over=True),
}
