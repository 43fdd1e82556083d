"""`ekswiz rehearse`: the whole road in a world of its own."""

from __future__ import annotations

import click

from ekswiz.cli import PORT, ekswiz, merged
from ekswiz.given import Given
from ekswiz.occasion import Occasion
from ekswiz.occasion_options import occasion_options
from ekswiz.options import answer_options
from ekswiz.tier_options import tier_options

__all__ = ["ekswiz"]


@ekswiz.command()
@click.option("--json", "json_file", metavar="FILE", help='Write the report there ("-" for stdout).')
@click.option("--summary", metavar="FILE", help="Add the report as Markdown to a file: $GITHUB_STEP_SUMMARY.")
@click.option("--port", type=PORT, metavar="N", default=0, help="Port of the simulated AWS.")
@answer_options
@tier_options
@occasion_options
@click.pass_context
def rehearse(ctx: click.Context, /, given: Given, occasion: Occasion, port: int, **files: str | None) -> None:
    """Run the whole road in a world of its own: plan, apply, push, deploy, who gets in, destroy.

    With --event another event happens at GitHub, with --workflow another file hears of it.
    """
    from ekswiz import rehearsing  # help needs none of it

    ctx.exit(rehearsing.rehearse(ctx.obj, merged(ctx, given), files, port, occasion))
