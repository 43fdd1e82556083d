"""A run in a thread: events go to the screen in handfuls, and with them how long what is left may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from textual.message import Message

from ekswiz.errors import EkswizError, mistake
from ekswiz.events import Event
from ekswiz.frontend import OpenRoad
from ekswiz.plan import Plan
from ekswiz.signals import Stop
from ekswiz.state import Estimate, Verb
from ekswiz.tui.apply.rows import Run
from ekswiz.tui.handful import Handful
from ekswiz.tui.wizard_state import Wizard

Tell = Callable[[Message], object]
Kind = tuple[str, str]
"""Type of the resource, and the action's sign."""


@dataclass
class Expected(Message):
    """How long what is left may take; once, at the start, also how long each kind of change usually takes."""

    left: Estimate
    usual: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Arrived(Message):
    """There are events to take: posted for the first of them, not for those that come until it is taken."""


@dataclass
class Ended(Message):
    """The run is over; `error` says why it could not begin or go on."""

    error: EkswizError | None = None


@dataclass
class Work:
    """One run of a plan. `carry_out` blocks in a thread; `take` empties what has arrived, from the screen."""

    wizard: Wizard
    plan: Plan
    verb: Verb
    stop: Stop
    tell: Tell
    _handful: Handful = field(default_factory=Handful)

    def carry_out(self) -> None:
        """Apply this very plan to its end, whoever still listens. Blocks.

        The events are taken to the last one also when the screen is gone: the run ends by the stop flag, never halfway.
        """
        try:
            with self.wizard.road() as road:
                self._through(road)
        except EkswizError as error:
            self.tell(Ended(error))
        except Exception as error:  # noqa: BLE001 - the boundary of a thread: the screen must hear of it
            self.tell(Ended(mistake(error, "Go on with: ekswiz resume")))
        else:
            self.tell(Ended())

    def take(self) -> list[Event]:
        """What has arrived since the last time, in its order."""
        return self._handful.take()

    def _through(self, road: OpenRoad) -> None:
        run = Run(self.plan)
        self.tell(Expected(road.eta(self.plan), usual(road, self.plan)))
        carrying = road.apply if self.verb == "apply" else road.destroy
        for event in carrying(self.plan, self.stop):
            run.see(event, 0.0)
            if self._handful.put(event):
                self.tell(Arrived())
            if event.type == "applied":
                self.tell(Expected(road.eta(run.remaining)))


def usual(road: OpenRoad, plan: Plan) -> Mapping[str, float]:
    """Seconds that each change usually takes, by its address; those that were never timed are missing."""
    known: dict[Kind, float | None] = {}
    found: dict[str, float] = {}
    for change in plan.pending:
        kind = (change.address.partition(".")[0], change.action.value)
        if kind not in known:
            known[kind] = road.eta(replace(plan, changes=(change,))).seconds
        seconds = known[kind]
        if seconds is not None:
            found[change.address] = seconds
    return found
