"""The command line: stdout is the result, stderr is narration, exit codes are `errors.Exit`.

It never prompts without a terminal: it names the missing flag instead. `ctx.obj` is the `Application`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ekswiz import __version__
from ekswiz.errors import Exit
from ekswiz.given import Choice, Given
from ekswiz.options import answer_options
from ekswiz.root import Root
from ekswiz.tier_options import tier_options
from ekswiz.tiers import EMBEDDED

if TYPE_CHECKING:
    from ekswiz import start
    from ekswiz.frontend import Application

PORT = click.IntRange(0, 65535)


@click.group(cls=Root, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--sim", is_flag=True, help="Act on a simulated world on this machine: no AWS account, no cost.")
@click.option("--plain", is_flag=True, help="The wizard in lines: for screen readers, dumb terminals and pipes.")
@click.option("--no-motion", is_flag=True, help="No animations.")
@click.option("--headless", is_flag=True, help="No wizard: with --sim rehearse at once, and print lines.")
@click.option("--json", "json_file", metavar="FILE", help='With --sim: write the report there ("-" for stdout).')
@click.option("--summary", metavar="FILE", help="With --sim: add the report as Markdown to a file.")
@click.option("--port", type=PORT, metavar="N", default=0, help="With --sim: port of the simulated AWS.")
@answer_options
@tier_options
@click.pass_context
def ekswiz(ctx: click.Context, /, given: Given, **options: Any) -> None:
    """Deploy from GitHub Actions to Amazon EKS without stored keys: plan, rehearse, apply."""
    ctx.meta["ekswiz.sim"] = options["sim"]
    ctx.meta["ekswiz.given"] = given
    if ctx.invoked_subcommand is not None:
        return
    ctx.exit(_begin(ctx.obj, given, options))


def merged(ctx: click.Context, given: Given) -> Given:
    """Flags may stand before or after the command; those after it win."""
    outer: Given = ctx.meta["ekswiz.given"]
    fields = {name: value if value is not None else outer.fields.get(name) for name, value in given.fields.items()}
    source = given.source if given.source != Given().source else outer.source
    tiers = given.tiers if given.tiers != EMBEDDED else outer.tiers
    return Given(fields, given.file or outer.file, given.sample or outer.sample, source, tiers)


def here(ctx: click.Context, choice: Choice) -> Choice:
    """The choice, with the world that `--sim` before the command chose."""
    return replace(choice, sim=bool(ctx.meta["ekswiz.sim"]))


def _begin(application: Application, given: Given, options: Mapping[str, Any]) -> int:
    """Without a command: the wizard, in the form that fits what stands at our streams."""
    from ekswiz import plain, rehearsing, start, tui  # `ekswiz --help` and the commands need none of them

    only_report = options["headless"] or options["json_file"] or options["summary"] or options["port"]
    streams = (sys.stdin, sys.stdout, sys.stderr)
    fits: start.Front = "lines" if options["plain"] else "sentence" if only_report else start.front(os.environ, streams)
    if options["no_motion"]:
        os.environ["TEXTUAL_ANIMATIONS"] = "none"
    if fits == "screens":
        return int(tui.run(application, given, sim=options["sim"]))
    if fits == "lines":
        rehearsing.announce(given.tiers)
        return int(plain.run(application, given, sim=options["sim"]))
    if options["sim"]:
        return rehearsing.rehearse(application, given, options, options["port"])
    click.echo(start.screen(terminal=bool(only_report)))
    return Exit.OK
