"""`ekswiz sim up | status | env | down`: a world that outlives a command."""

from __future__ import annotations

import json
import shlex
from typing import Any

import click

from ekswiz.cli import PORT, ekswiz
from ekswiz.errors import Exit
from ekswiz.given import Given
from ekswiz.options import answer_options
from ekswiz.tier_options import tier_options

__all__ = ["ekswiz"]
NONE_UP = "No world is up. Start one with: ekswiz sim up"


@ekswiz.group()
def sim() -> None:
    """A simulated AWS, GitHub and Kubernetes that stays up until told otherwise."""


@sim.command()
@click.option("--port", type=PORT, metavar="N", default=0, help="Port of the simulated AWS.")
@click.option("--json", "as_json", is_flag=True, help="Facts as JSON.")
@answer_options
@tier_options
@click.pass_context
def up(ctx: click.Context, given: Given, *, port: int, as_json: bool) -> None:
    """Start a world.

    `ekswiz --sim plan`, `apply` and `destroy` act on it.
    """
    _print(ctx.obj.sim_up(given, port), as_json=as_json)


@sim.command()
@click.option("--json", "as_json", is_flag=True, help="Facts as JSON.")
@click.pass_context
def status(ctx: click.Context, *, as_json: bool) -> None:
    """Show the world that is up (exit 1 if none is)."""
    facts = ctx.obj.sim_status()
    if facts is None:
        click.echo("{}" if as_json else NONE_UP, err=not as_json)
        ctx.exit(Exit.FAILED)
    _print(facts, as_json=as_json)


@sim.command()
@click.option("--root", is_flag=True, help="As the account's root user, who may do everything, not as the operator.")
@click.pass_context
def env(ctx: click.Context, *, root: bool) -> None:
    """Print variables for other tools: eval "$(ekswiz sim env)"."""
    for name, value in ctx.obj.sim_env(root=root).items():
        click.echo(f"export {name}={shlex.quote(value)}")


@sim.command()
@click.pass_context
def down(ctx: click.Context) -> None:
    """Remove the world and everything in it."""
    leftovers = ctx.obj.sim_down()
    for what in leftovers:
        click.echo(f"could not be removed: {what}", err=True)
    click.echo("The world is gone; nothing is left." if not leftovers else "", err=True)
    ctx.exit(Exit.FAILED if leftovers else Exit.OK)


def _print(facts: Any, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        click.echo(f"{name.ljust(width)}  {value}")
