"""The preview's work in threads: reading the world, testing permissions, writing files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual.message import Message

from ekswiz import view
from ekswiz.answers import Answers
from ekswiz.errors import EkswizError
from ekswiz.frontend import OpenRoad
from ekswiz.plan import Plan
from ekswiz.state import Verb
from ekswiz.tui.preview.exporting import HAND_OFF
from ekswiz.tui.preview.messages import PermissionsRead, PlanRead, ReadFailed, Written
from ekswiz.tui.wizard_state import Wizard

Tell = Callable[[Message], object]


def read(wizard: Wizard, verb: Verb, only: frozenset[str] | None, tell: Tell) -> None:
    """Make the plan and tell it; then test the permissions and tell those. `only` keeps these addresses of it."""
    try:
        with wizard.road() as road:
            made = _plan(road, verb, only)
            tell(PlanRead(view.look(road, made, permissions=False), road.answers))
            if made.pending:
                tell(_permissions(road, made))
    except EkswizError as error:
        tell(ReadFailed(error))
    except Exception as error:  # noqa: BLE001 - the boundary of a thread: the screen must hear of it
        tell(ReadFailed(EkswizError(f"a mistake in ekswiz: {type(error).__name__}: {error}.", "Please report it.")))


def _plan(road: OpenRoad, verb: Verb, only: frozenset[str] | None) -> Plan:
    if verb == "apply":
        return road.plan()
    made = road.destroy_plan()
    if only is None:
        return made
    return replace(made, changes=tuple(change for change in made.changes if change.address in only))


def _permissions(road: OpenRoad, made: Plan) -> PermissionsRead:
    """A plan is worth showing also where nobody may test permissions."""
    try:
        return PermissionsRead(road.permissions(made))
    except EkswizError as error:
        return PermissionsRead(None, str(error))


def hand_off(wizard: Wizard, made: Plan, answers: Answers, tell: Tell) -> None:
    """Write what an administrator has to do."""
    try:
        paths = wizard.application.look.hand_off(made, answers, wizard.file.parent / HAND_OFF)
    except (EkswizError, OSError) as error:
        tell(Written([], str(error)))
        return
    tell(Written([str(path) for path in paths]))
