"""The command line: stdout is the result, stderr is narration, exit codes are `errors.Exit`.

It never prompts without a terminal: it names the missing flag instead. `ctx.obj` is the `Application`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import click

from ekswiz import narrate, report_file, start
from ekswiz.cli_sim import sim
from ekswiz.errors import Exit, InputError
from ekswiz.frontend import Application, Choice, Given, OpenRoad, exit_code
from ekswiz.options import answer_options, world_options
from ekswiz.plan import Plan
from ekswiz.render import plan_lines
from ekswiz.signals import Stop, stop_on_signals

PORT = click.IntRange(0, 65535)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ekswiz", message="%(prog)s %(version)s")
@click.option("--sim", is_flag=True, help="Act on a simulated world on this machine: no AWS account, no cost.")
@click.option("--headless", is_flag=True, help="No screens: print lines.")
@click.option("--json", "json_file", metavar="FILE", help='With --sim: write the report there ("-" for stdout).')
@click.option("--port", type=PORT, default=0, help="With --sim: port of the simulated AWS.")
@answer_options
@click.pass_context
def ekswiz(ctx: click.Context, /, given: Given, **options: Any) -> None:
    """Deploy from GitHub Actions to Amazon EKS without stored keys: plan, rehearse, apply."""
    ctx.meta["ekswiz.sim"] = options["sim"]
    ctx.meta["ekswiz.given"] = given
    if ctx.invoked_subcommand is not None:
        return
    if not options["sim"]:
        click.echo(start.screen())
        return
    ctx.exit(_rehearse(ctx.obj, given, options["json_file"], options["port"]))


ekswiz.add_command(sim)


@ekswiz.command()
@click.option("--json", "json_file", metavar="FILE", help='Write the report there ("-" for stdout).')
@click.option("--port", type=PORT, default=0, help="Port of the simulated AWS.")
@answer_options
@click.pass_context
def rehearse(ctx: click.Context, /, given: Given, json_file: str | None, port: int) -> None:
    """Run the whole road in a world of its own: plan, apply, push, deploy, who gets in, destroy."""
    ctx.exit(_rehearse(ctx.obj, _merged(ctx, given), json_file, port))


@ekswiz.command()
@click.option("--json", "as_json", is_flag=True, help="The plan as JSON.")
@click.option("--exit-code", "code", is_flag=True, help="Exit 2 when changes are pending.")
@world_options
@answer_options
@click.pass_context
def plan(ctx: click.Context, /, given: Given, choice: Choice, *, as_json: bool, code: bool) -> None:
    """Show every change, and change nothing."""
    with ctx.obj.road(_merged(ctx, given), _here(ctx, choice)) as road:
        made = road.plan()
    _show(made, as_json=as_json)
    ctx.exit(Exit.PENDING if code and made.pending else Exit.OK)


@ekswiz.command()
@click.option("--yes", is_flag=True, help="Do not ask; in AWS this needs --account.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines.")
@world_options
@answer_options
@click.pass_context
def apply(ctx: click.Context, /, given: Given, choice: Choice, *, yes: bool, as_json: bool) -> None:
    """Make the changes that `plan` shows."""
    given, choice = _merged(ctx, given), _here(ctx, choice)
    with ctx.obj.road(given, choice) as road, stop_on_signals() as stop:
        made = road.plan()
        _agree(given, choice, road, made, yes=yes, as_json=as_json)
        ctx.exit(_carry_out(road.apply(made, stop), made, stop, as_json=as_json))


@ekswiz.command()
@click.option("--yes", is_flag=True, help="Do not ask; in AWS this needs --account.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines.")
@click.option("--delete-images", is_flag=True, help="Also delete the images in the ECR repository.")
@world_options
@answer_options
@click.pass_context
def destroy(ctx: click.Context, given: Given, choice: Choice, *, yes: bool, as_json: bool, delete_images: bool) -> None:
    """Remove what ekswiz created, and nothing else."""
    given, choice = _merged(ctx, given), _here(ctx, replace(choice, delete_images=delete_images))
    with ctx.obj.road(given, choice) as road, stop_on_signals() as stop:
        made = road.destroy_plan()
        _agree(given, choice, road, made, yes=yes, as_json=as_json)
        ctx.exit(_carry_out(road.destroy(made, stop), made, stop, as_json=as_json))


def _merged(ctx: click.Context, given: Given) -> Given:
    """Flags may stand before or after the command; those after it win."""
    outer: Given = ctx.meta["ekswiz.given"]
    fields = {name: value if value is not None else outer.fields.get(name) for name, value in given.fields.items()}
    source = given.source if given.source != Given().source else outer.source
    return Given(fields, given.file or outer.file, given.sample or outer.sample, source)


def _here(ctx: click.Context, choice: Choice) -> Choice:
    return replace(choice, sim=bool(ctx.meta["ekswiz.sim"]))


def _show(made: Plan, *, as_json: bool) -> None:
    click.echo(json.dumps(made.to_json(), indent=2) if as_json else "\n".join(plan_lines(made)))


def _agree(given: Given, choice: Choice, road: OpenRoad, made: Plan, *, yes: bool, as_json: bool) -> None:
    """Consent: in AWS the account's last four digits in a terminal, all twelve on the command line."""
    if not as_json:
        _show(made, as_json=False)
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


def _carry_out(events: Any, made: Plan, stop: Stop, *, as_json: bool) -> Exit:
    seen = []
    for event in events:
        seen.append(event)
        click.echo(narrate.json_line(event) if as_json else narrate.line(event), err=not as_json)
    code = exit_code(seen, stop.exit_code)
    click.echo(narrate.closing(made, seen), err=True)
    return code


def _rehearse(application: Application, given: Given, json_file: str | None, port: int) -> int:
    to_stdout = json_file == "-"
    if json_file and not to_stdout:
        report_file.check(json_file)
    with stop_on_signals() as stop:
        rehearsal = application.rehearse(given, stop, port=port)
        try:
            for event in rehearsal:
                for text in narrate.rehearsal_lines(event):
                    click.echo(text, err=to_stdout)
        finally:
            rehearsal.close()
    report = rehearsal.report
    if json_file:
        # A file is UTF-8; standard output may be anything.
        text = json.dumps(report, indent=2, ensure_ascii=to_stdout)
        click.echo(text) if to_stdout else report_file.write(json_file, text)
    if stop.exit_code is not None:
        click.echo("Stopped before its end: this rehearsal proves nothing.", err=True)
        return int(stop.exit_code)
    return int(Exit.OK if report["ok"] else Exit.RED)
