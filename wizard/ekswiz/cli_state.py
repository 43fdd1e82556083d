"""`ekswiz status | resume | operator-policy`: what moved, what was interrupted, and what an operator may need."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ekswiz.cli import ekswiz, here, merged
from ekswiz.errors import Exit, InputError
from ekswiz.given import Choice, Given
from ekswiz.options import answer_options, world_options

if TYPE_CHECKING:
    from ekswiz.state import Status, Unfinished

__all__ = ["ekswiz"]
INDENT = "      "


@ekswiz.command()
@click.option("--json", "as_json", is_flag=True, help="The status as JSON.")
@world_options
@answer_options
@click.pass_context
def status(ctx: click.Context, given: Given, choice: Choice, *, as_json: bool) -> None:
    """Show what moved since the last apply (exit 2 if anything did), and change nothing."""
    with ctx.obj.road(merged(ctx, given), here(ctx, choice)) as road:
        found = road.status()
    click.echo(json.dumps(found.to_json(), indent=2) if as_json else "\n".join(_status_lines(found)))
    ctx.exit(Exit.PENDING if found.moved else Exit.OK)


@ekswiz.command()
@click.option("--yes", is_flag=True, help="Do not ask; in AWS this needs --account.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines.")
@click.option("--delete-images", is_flag=True, help="If a destroy goes on: also delete the images.")
@click.option("--delete-protected", is_flag=True, help="Also end the deletion protection of a cluster of ours.")
@world_options
@answer_options
@click.pass_context
def resume(ctx: click.Context, /, given: Given, choice: Choice, *, yes: bool, as_json: bool, **consents: Any) -> None:
    """Go on with the run that was interrupted: apply or destroy, whichever it was."""
    from ekswiz.changing import agree, carry_out  # help needs none of it
    from ekswiz.signals import stop_on_signals

    given, choice = merged(ctx, given), here(ctx, replace(choice, **consents))
    with ctx.obj.road(given, choice) as road, stop_on_signals() as stop:
        left = road.unfinished()
        if left is None:
            click.echo("There is nothing to resume: the last run came to its end.", err=True)
            return
        for line in _unfinished_lines(left):
            click.echo(line, err=True)
        made = road.destroy_plan() if left.verb == "destroy" else road.plan()
        agree(given, choice, road, made, yes=yes, as_json=as_json)
        events = road.destroy(made, stop) if left.verb == "destroy" else road.apply(made, stop)
        ctx.exit(carry_out(events, made, stop, as_json=as_json))


@ekswiz.command("operator-policy")
@click.option("--self-check", is_flag=True, help="Also allow to test one's own permissions beforehand.")
@click.option("--adopt", is_flag=True, help="Also allow what apply --adopt needs.")
@click.option("--part", type=click.IntRange(min=1), metavar="N", help="Where one policy is too long for IAM: the Nth.")
@answer_options
@click.pass_context
def operator_policy(ctx: click.Context, given: Given, *, adopt: bool, self_check: bool, part: int | None) -> None:
    """Print the IAM policy that whoever plans, applies and destroys this stack needs, and not more."""
    from ekswiz.iam.parts import parts  # help needs none of it

    choice = here(ctx, Choice(adopt=adopt))
    policy = ctx.obj.operator_policy(merged(ctx, given), choice, self_check=self_check)
    click.echo(json.dumps(_part(parts(dict(policy)), part), indent=2))


def _part(made: Sequence[Mapping[str, Any]], part: int | None) -> Mapping[str, Any]:
    """The one that was asked for.

    Raises:
        InputError: There are several and none was named, or there are not so many.
    """
    if part is None and len(made) > 1:
        both = ", ".join(f"--part {number}" for number in range(1, len(made) + 1))
        raise InputError("--part", f"the policy is longer than IAM takes and comes in {len(made)}.", f"Print {both}.")
    if part is not None and part > len(made):
        raise InputError("--part", f"there are {len(made)}, not {part}.", "Leave the flag out, or name a smaller one.")
    return made[(part or 1) - 1]


def _status_lines(found: Status) -> list[str]:
    since = f"since {found.since}" if found.since else "from what the answers ask for (no apply is recorded here)"
    title = f"{found.stack} in account {found.account}, {found.region}"
    if not found.moved:
        return [title, f"Nothing moved {since}: all {found.checked} objects are in place."]
    lines = [title, f"{len(found.moved)} of {found.checked} objects differ {since}:"]
    for each in found.moved:
        lines.append(f"  {each.how:<11} {each.address}")
        lines += [f"{INDENT}{line}" for line in each.lines]
    return lines


def _unfinished_lines(left: Unfinished) -> list[str]:
    began = f" that began {left.began}" if left.began else ""
    lines = [f"Going on with the {left.verb}{began}."]
    lines += [f"  in flight   {what}" for what in left.in_flight]
    lines += [f"  not done    {what}" for what in left.left]
    return lines
