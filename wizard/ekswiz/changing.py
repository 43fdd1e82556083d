"""What `plan`, `apply`, `destroy` and `resume` share: a plan is shown, consent is asked for, events are printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

import click

from ekswiz import narrate, view
from ekswiz.errors import Exit, InputError, Preflight
from ekswiz.events import Event
from ekswiz.frontend import OpenRoad, exit_code
from ekswiz.given import Choice, Given
from ekswiz.plan import Plan
from ekswiz.signals import Stop


def show(seen: view.View, *, as_json: bool, every_permission: bool = False) -> None:
    """Print a plan with its cost, its time and its permissions."""
    text = "\n".join(view.lines(seen, every_permission=every_permission))
    click.echo(json.dumps(view.document(seen), indent=2) if as_json else text)


def agree(given: Given, choice: Choice, road: OpenRoad, made: Plan, *, yes: bool, as_json: bool) -> None:
    """Permissions, then consent: the account's last four digits in a terminal, all twelve on the command line."""
    seen = view.look(road, made, permissions=bool(made.pending))
    if not as_json:
        show(seen, as_json=False)
    _refuse_missing(seen)
    if choice.sim or not made.pending:
        return
    account = road.answers.account
    if yes:
        if given.fields.get("account") != account:
            raise InputError("--account", f"--yes needs the account it is meant for, here {account}.", "Add --account.")
        return
    if not sys.stdin.isatty():
        raise InputError("--yes", "there is no terminal to ask in.", f"Add --yes --account {account}.")
    typed = click.prompt("Nothing has changed yet. Type the last four digits of the account", err=True)
    if typed.strip() != account[-4:]:
        raise InputError("account", f"{typed!r} are not the last four digits of {account}.", "Nothing was changed.")


def _refuse_missing(seen: view.View) -> None:
    """What AWS itself says will be denied is not begun: half a stack helps nobody."""
    checked = seen.permissions
    if checked is not None and checked.missing and checked.source == "AWS says":
        remedy = "The policy that is needed: ekswiz operator-policy. Nothing was changed."
        raise Preflight(checked.sentence() + ".", remedy)


def carry_out(events: Iterable[Event], made: Plan, stop: Stop, *, as_json: bool) -> Exit:
    """Print a run's events while they come; its exit code."""
    seen = []
    for event in events:
        seen.append(event)
        click.echo(narrate.json_line(event) if as_json else narrate.line(event), err=not as_json)
    code = exit_code(seen, stop.exit_code)
    click.echo(narrate.closing(made, seen), err=True)
    if code is not Exit.OK:
        click.echo("Go on with: ekswiz resume", err=True)
    return code
