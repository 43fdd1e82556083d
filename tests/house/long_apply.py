"""The apply screen over a long run of a product that does nothing but talk: for measuring how fast keys are heard.

While it goes on, its thread computes half of the time, as a busy SDK does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from unittest import mock

from ekswiz.events import Event
from ekswiz.frontend import Given
from ekswiz.plan import Plan
from ekswiz.target import Flag
from ekswiz.tui import running
from ekswiz.tui.app import EkswizApp
from ekswiz.tui.apply.screen import ApplyScreen
from unit.plain.talk import FILE, PLAN, Product

CHANGES = 40
PROGRESS = 12
"""Events between a change's start and its end."""
BUSY, IDLE = 0.006, 0.006
"""Seconds of computing and of waiting before each event."""


class Talkative(Product):
    """Applies slowly and tells much."""

    def apply(self, plan: Plan, stop: Flag) -> Iterator[Event]:
        """Every change, with much talk in between."""
        for change in plan.pending:
            yield Event("started", time.time(), change.address)
            for number in range(PROGRESS):
                _work()
                yield Event("log", time.time(), change.address, message=f"call {number} of {PROGRESS}")
            yield Event("applied", time.time(), change.address, 0.2)


class LongApply(EkswizApp):
    """The wizard, at once in the middle of its work."""

    def go(self, name: str, **given: object) -> None:
        """Wherever the start would be, the apply is; then as ever."""
        if name == "start":
            self.push_screen(ApplyScreen(self.wizard.application.made, "apply"))  # type: ignore[attr-defined]  # ours
        else:
            super().go(name, **given)


def _work() -> None:
    until = time.thread_time() + BUSY
    while time.thread_time() < until:
        sum(range(500))
    time.sleep(IDLE)


def main() -> None:
    """Show it until it has ended and somebody quits; with all that the command line does for the screens."""
    changes = tuple(replace(FILE, address=f"repository_file.f{number}") for number in range(CHANGES))
    with mock.patch.object(running, "EkswizApp", LongApply):
        running.run_screens(Talkative(made=replace(PLAN, changes=changes)), Given(), sim=True)  # type: ignore[arg-type]  # a fake


if __name__ == "__main__":
    main()
