"""`ekswiz plan | apply | destroy`: what would change, and the changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ekswiz.cli import ekswiz, here, merged
from ekswiz.errors import Exit
from ekswiz.given import Choice, Given
from ekswiz.options import answer_options, world_options

if TYPE_CHECKING:
    from ekswiz.frontend import OpenRoad
    from ekswiz.plan import Plan

__all__ = ["ekswiz"]
PLAN_FILE = click.Path(path_type=Path, dir_okay=False)


@ekswiz.command()
@click.option("--json", "as_json", is_flag=True, help="The plan as JSON.")
@click.option("--exit-code", "code", is_flag=True, help="Exit 2 when changes are pending.")
@click.option("--out", type=PLAN_FILE, metavar="FILE", help="Save the plan, for: ekswiz apply FILE.")
@click.option("--permissions", is_flag=True, help="Test your permissions: every IAM action that the plan needs.")
@click.option("--live-prices", is_flag=True, help="Ask AWS's price list for today's prices (pricing:GetProducts).")
@world_options
@answer_options
@click.pass_context
def plan(ctx: click.Context, /, given: Given, choice: Choice, *, as_json: bool, code: bool, **more: Any) -> None:
    """Show every change, and change nothing."""
    from ekswiz import changing, saved, view  # help needs none of it

    with ctx.obj.road(merged(ctx, given), here(ctx, choice)) as road:
        seen = view.look(road, road.plan(), permissions=more["permissions"], live_prices=more["live_prices"])
    if more["out"]:
        saved.save(more["out"], view.document(seen))
    changing.show(seen, as_json=as_json, every_permission=more["permissions"])
    ctx.exit(Exit.PENDING if code and seen.plan.pending else Exit.OK)


@ekswiz.command()
@click.argument("file", type=PLAN_FILE, required=False)
@click.option("--yes", is_flag=True, help="Do not ask; in AWS this needs --account.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines.")
@world_options
@answer_options
@click.pass_context
def apply(ctx: click.Context, /, given: Given, choice: Choice, *, file: Path | None, yes: bool, as_json: bool) -> None:
    """Make the changes that `plan` shows, or those of a saved plan FILE if nothing moved since."""
    from ekswiz.changing import agree, carry_out  # help needs none of it
    from ekswiz.signals import stop_on_signals

    given, choice = merged(ctx, given), here(ctx, choice)
    with ctx.obj.road(given, choice) as road, stop_on_signals() as stop:
        made = _saved(road, file) if file else road.plan()
        agree(given, choice, road, made, yes=yes, as_json=as_json)
        ctx.exit(carry_out(road.apply(made, stop), made, stop, as_json=as_json))


@ekswiz.command()
@click.option("--yes", is_flag=True, help="Do not ask; in AWS this needs --account.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines.")
@click.option("--delete-images", is_flag=True, help="Also delete the images in the ECR repository.")
@click.option("--delete-protected", is_flag=True, help="Also end the deletion protection of a cluster of ours.")
@world_options
@answer_options
@click.pass_context
def destroy(ctx: click.Context, /, given: Given, choice: Choice, *, yes: bool, as_json: bool, **consents: Any) -> None:
    """Remove what ekswiz created, and nothing else."""
    from ekswiz.changing import agree, carry_out  # help needs none of it
    from ekswiz.signals import stop_on_signals

    given, choice = merged(ctx, given), here(ctx, replace(choice, **consents))
    with ctx.obj.road(given, choice) as road, stop_on_signals() as stop:
        made = road.destroy_plan()
        agree(given, choice, road, made, yes=yes, as_json=as_json)
        ctx.exit(carry_out(road.destroy(made, stop), made, stop, as_json=as_json))


def _saved(road: OpenRoad, file: Path) -> Plan:
    """The plan of a file, if it is for this stack and nothing moved since it was made."""
    from ekswiz import saved

    made, answers = saved.load(file), road.answers
    saved.refuse_elsewhere(made, stack=answers.stack, account=answers.account, region=answers.region)
    saved.refuse_moved(made, road.plan())
    return made
