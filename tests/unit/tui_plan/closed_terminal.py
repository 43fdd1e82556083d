"""Run as a program in a terminal of its own: an apply whose first change ends when a file appears.

Arguments: the folder where `go` is waited for and `events` is written.
"""

from __future__ import annotations

import fcntl
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from ekswiz.events import Event
from ekswiz.frontend import Draft, Given
from ekswiz.plan import Plan
from ekswiz.target import Flag
from ekswiz.tui import app as app_module
from ekswiz.tui.running import run_screens
from unit.tui.doubles import FakeLook, FakeProduct, everything
from unit.tui_plan.conftest import COMPLETE
from unit.tui_plan.plans import FakeRoad, event, full_plan

DEADLINE = 30.0


def main(folder: Path) -> int:
    def run(made: Plan, stop: Flag) -> Iterator[Event]:
        first, *rest = made.pending
        yield noted(event("started", first.address))
        end = time.monotonic() + DEADLINE
        while not (folder / "go").exists() and time.monotonic() < end:
            if stop.is_set():
                (folder / "stopping").touch()
            time.sleep(0.02)  # another process says when
        yield noted(event("applied", first.address))
        for each in rest:
            yield noted(event("stopped" if stop.is_set() else "applied", each.address))

    def noted(one: Event) -> Event:
        with (folder / "events").open("a") as file:
            file.write(f"{one.type} {one.address}\n")
        return one

    road = FakeRoad(run=run)
    look = FakeLook({**everything(), "draft": Draft(COMPLETE, {})})
    product = FakeProduct(look, open_road=lambda given, choice: road)
    begin = app_module.EkswizApp.on_mount

    def straight_to_it(self: app_module.EkswizApp) -> None:
        begin(self)
        self.go("apply", plan=full_plan(), verb="apply")

    app_module.EkswizApp.on_mount = straight_to_it  # type: ignore[method-assign]
    return run_screens(product, Given(source=folder), sim=False)


if __name__ == "__main__":
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # this terminal is ours: when it goes, we are told
    sys.exit(main(Path(sys.argv[1])))
