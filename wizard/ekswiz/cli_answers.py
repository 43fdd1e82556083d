"""`ekswiz answers`: the answers as they are now, or those of a stack that is there."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ekswiz.cli import ekswiz, here, merged
from ekswiz.given import Choice, Given
from ekswiz.options import answer_options, world_options

if TYPE_CHECKING:
    from ekswiz.answers import Answers

__all__ = ["ekswiz"]


@ekswiz.command()
@click.option("--from-account", "live", is_flag=True, help="Rebuild them from a stack that is there; reads only.")
@click.option("--json", "as_json", is_flag=True, help="The answers, where each is from, and notes as JSON.")
@world_options
@answer_options
@click.pass_context
def answers(ctx: click.Context, given: Given, choice: Choice, *, live: bool, as_json: bool) -> None:
    """Print the answers as a file: ekswiz answers > ekswiz.toml.

    With --from-account they come from roles, cluster, Kubernetes and workflow files of a stack: the one that --stack
    names, or the only one there is. What no object tells is asked for by its flag.
    """
    given, choice = merged(ctx, given), here(ctx, choice)
    if not live:
        _print(ctx.obj.answers(given, sim=choice.sim), {}, [], as_json=as_json)
        return
    found, where = ctx.obj.from_account(given, choice, given.fields.get("stack"))
    _print(found, where.sources, where.notes, as_json=as_json)


def _print(found: Answers, sources: dict[str, str], notes: list[str], *, as_json: bool) -> None:
    """The file to standard output, and to standard error what a reader should know of it."""
    if as_json:
        click.echo(json.dumps({"answers": asdict(found), "sources": sources, "notes": notes}, indent=2))
        return
    from ekswiz import answers_file  # `ekswiz --help` needs none of it

    click.echo(answers_file.text(found), nl=False)
    for note in notes:
        click.echo(f"note: {note}", err=True)
