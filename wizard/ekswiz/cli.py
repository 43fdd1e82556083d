"""The command line: stdout is the result, stderr is narration, exit codes are `errors.Exit`.

It never prompts without a terminal: it names the missing flag instead. `ctx.obj` is the `Application`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ekswiz import narrate, plain, report_file, saved, start, summary, tui, view
from ekswiz.cli_sim import sim
from ekswiz.errors import Exit, InputError, Preflight
from ekswiz.frontend import Application, Choice, Given, OpenRoad, exit_code
from ekswiz.helping import Group
from ekswiz.occasion import USUAL, Occasion
from ekswiz.options import answer_options, occasion_options, world_options
from ekswiz.plan import Plan
from ekswiz.signals import Stop, stop_on_signals
from ekswiz.tier_options import tier_options
from ekswiz.tiers import EMBEDDED, expected

PORT = click.IntRange(0, 65535)
PLAN_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ekswiz", message="%(prog)s %(version)s")
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


ekswiz.add_command(sim)


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
    ctx.exit(_rehearse(ctx.obj, merged(ctx, given), files, port, occasion))


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
    with ctx.obj.road(merged(ctx, given), here(ctx, choice)) as road:
        seen = view.look(road, road.plan(), permissions=more["permissions"], live_prices=more["live_prices"])
    if more["out"]:
        saved.save(more["out"], view.document(seen))
    show(seen, as_json=as_json, every_permission=more["permissions"])
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
    given, choice = merged(ctx, given), here(ctx, replace(choice, **consents))
    with ctx.obj.road(given, choice) as road, stop_on_signals() as stop:
        made = road.destroy_plan()
        agree(given, choice, road, made, yes=yes, as_json=as_json)
        ctx.exit(carry_out(road.destroy(made, stop), made, stop, as_json=as_json))


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


def _saved(road: OpenRoad, file: Path) -> Plan:
    """The plan of a file, if it is for this stack and nothing moved since it was made."""
    made, answers = saved.load(file), road.answers
    saved.refuse_elsewhere(made, stack=answers.stack, account=answers.account, region=answers.region)
    saved.refuse_moved(made, road.plan())
    return made


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


def carry_out(events: Any, made: Plan, stop: Stop, *, as_json: bool) -> Exit:
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


def _begin(application: Application, given: Given, options: Mapping[str, Any]) -> int:
    """Without a command: the wizard, in the form that fits what stands at our streams."""
    only_report = options["headless"] or options["json_file"] or options["summary"] or options["port"]
    streams = (sys.stdin, sys.stdout, sys.stderr)
    fits: start.Front = "lines" if options["plain"] else "sentence" if only_report else start.front(os.environ, streams)
    if options["no_motion"]:
        os.environ["TEXTUAL_ANIMATIONS"] = "none"
    if fits == "screens":
        return int(tui.run(application, given, sim=options["sim"]))
    if fits == "lines":
        _announce(given)
        return int(plain.run(application, given, sim=options["sim"]))
    if options["sim"]:
        return _rehearse(application, given, options, options["port"])
    click.echo(start.screen(terminal=bool(only_report)))
    return Exit.OK


def _announce(given: Given) -> None:
    """Say what the chosen tiers download, before they do."""
    for sentence in expected(given.tiers):
        click.echo(sentence, err=True)


def _rehearse(
    application: Application, given: Given, files: Mapping[str, Any], port: int, occasion: Occasion = USUAL
) -> int:
    json_file, to_stdout = files["json_file"], files["json_file"] == "-"
    report_file.check(None if to_stdout else json_file)
    report_file.check(files["summary"], summary.FLAG)
    _announce(given)
    with stop_on_signals() as stop:
        what: dict[str, Any] = {} if occasion == USUAL else {"occasion": occasion}
        rehearsal = application.rehearse(given, stop, port=port, **what)
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
    if files["summary"]:
        summary.append(files["summary"], report)
    if stop.exit_code is not None:
        click.echo("Stopped before its end: this rehearsal proves nothing.", err=True)
        return int(stop.exit_code)
    return int(Exit.OK if report["ok"] else Exit.RED)
