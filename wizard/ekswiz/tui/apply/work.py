"""A run in a thread: events to the screen as they come, and how long what is left may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from textual.message import Message

from ekswiz.errors import EkswizError
from ekswiz.events import Event
from ekswiz.frontend import OpenRoad
from ekswiz.plan import Plan
from ekswiz.signals import Stop
from ekswiz.state import Estimate, Verb
from ekswiz.tui.apply.rows import Run
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
class Happened(Message):
    """One event of the run."""

    event: Event


@dataclass
class Ended(Message):
    """The run is over; `error` says why it could not begin or go on."""

    error: EkswizError | None = None


def carry_out(wizard: Wizard, plan: Plan, verb: Verb, stop: Stop, tell: Tell) -> None:
    """Apply this very plan to its end, whoever still listens. Blocks.

    The events are taken to the last one also when the screen is gone: the run ends by the stop flag, never halfway.
    """
    try:
        with wizard.road() as road:
            _through(road, plan, verb, stop, tell)
    except EkswizError as error:
        tell(Ended(error))
    except Exception as error:  # noqa: BLE001 - the boundary of a thread: the screen must hear of it
        tell(Ended(EkswizError(f"a mistake in ekswiz: {type(error).__name__}: {error}.", "Go on with: ekswiz resume")))
    else:
        tell(Ended())


def _through(road: OpenRoad, plan: Plan, verb: Verb, stop: Stop, tell: Tell) -> None:
    run = Run(plan)
    tell(Expected(road.eta(plan), usual(road, plan)))
    for event in road.apply(plan, stop) if verb == "apply" else road.destroy(plan, stop):
        run.see(event, 0.0)
        tell(Happened(event))
        if event.type == "applied":
            tell(Expected(road.eta(run.remaining)))


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
