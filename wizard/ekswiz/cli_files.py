"""`ekswiz files | pins`: the generated files beside the repository's own, and the commits of the actions in them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from ekswiz.cli import ekswiz, merged
from ekswiz.errors import Exit
from ekswiz.given import Given
from ekswiz.options import answer_options

__all__ = ["ekswiz"]
FOLDER = click.Path(path_type=Path, file_okay=False)
REPOSITORY = click.Path(path_type=Path, file_okay=False, exists=True)


@ekswiz.command()
@click.option("--diff", is_flag=True, help="Show how each file differs from the one in the repository.")
@click.option("--side", is_flag=True, help="Put what would differ beside your files, as NAME.ekswiz, to merge by hand.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Write all of them to a folder of their own.")
@click.option("--json", "as_json", is_flag=True, help="Paths, states and texts as JSON.")
@answer_options
@click.pass_context
def files(ctx: click.Context, /, given: Given, *, diff: bool, side: bool, out: Path | None, as_json: bool) -> None:
    """List the files for the repository: which are new, which are there, which are yours. Overwrites nothing."""
    from ekswiz import beside  # only who asks for files pays for their templates
    from ekswiz.deliver import files as generated

    given = merged(ctx, given)
    found = beside.compare(generated(ctx.obj.answers(given, sim=bool(ctx.meta["ekswiz.sim"]))), given.source)
    if as_json:
        click.echo(json.dumps([{**asdict(each.file), "state": each.state} for each in found], indent=2))
    else:
        click.echo("\n".join(beside.lines(found)))
    for each in found if diff else ():
        click.echo("".join(beside.difference(each)), nl=False)
    if out is not None:
        _tell(beside.write_out(found, out))
    if side:
        _tell(beside.write_beside(found, given.source))


@ekswiz.command()
@click.option("--json", "as_json", is_flag=True, help="The table as JSON.")
@click.option("--exit-code", "code", is_flag=True, help="Exit 2 where the repository uses an action by another ref.")
@click.option(
    "--source", type=REPOSITORY, default=Path(), metavar="DIR", help="The repository's folder (default: here)."
)
@click.pass_context
def pins(ctx: click.Context, /, *, as_json: bool, code: bool, source: Path) -> None:
    """Show the commits that actions are pinned to, since when, and where the repository uses others."""
    from ekswiz import beside
    from ekswiz.deliver import pins as table

    uses = beside.other_uses(source)
    if as_json:
        held = [{"action": pin.action, "version": pin.version, "commit": pin.commit} for pin in table.PINS]
        click.echo(json.dumps({"seen": table.SEEN, "pins": held, "others": [asdict(use) for use in uses]}, indent=2))
    else:
        width = max(len(pin.action) for pin in table.PINS)
        click.echo(f"Compared with the actions' releases on {table.SEEN}.")
        for pin in table.PINS:
            click.echo(f"  {pin.action:<{width}}  {pin.version:<7} {pin.commit}")
        for use in uses:
            click.echo(f"{use.where}: {use.action}@{use.ref} {use.says}")
    ctx.exit(Exit.PENDING if code and uses else Exit.OK)


def _tell(written: list[Path]) -> None:
    for path in written:
        click.echo(f"written: {path}", err=True)
    if not written:
        click.echo("Nothing to write.", err=True)
