"""`ekswiz doctor | hand-off`: what is wrong and how to put it right; what somebody with more rights has to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from ekswiz.cli import ekswiz, here, merged
from ekswiz.errors import EkswizError, Exit
from ekswiz.given import Choice, Given
from ekswiz.options import answer_options, world_options

if TYPE_CHECKING:
    from ekswiz.frontend import Application, Check, CheckResult

__all__ = ["ekswiz"]
SIGNS: dict[CheckResult, str] = {"ok": "ok", "warn": "!!", "fail": "xx", "skip": "--"}
WORST: tuple[CheckResult, ...] = ("warn", "fail")
"""What is to be done something about, the worst last: that is where the cursor is."""
VERSION = 1
WIDTH = 28
INDENT = "    "
LINE = 112
"""Columns of a line, commands and addresses apart."""


@ekswiz.command()
@click.option("--json", "as_json", is_flag=True, help="The checks as JSON.")
@click.option("--redact", is_flag=True, help="Without accounts, names and paths: for a bug report.")
@world_options
@answer_options
@click.pass_context
def doctor(ctx: click.Context, given: Given, choice: Choice, *, as_json: bool, redact: bool) -> None:
    """Look at everything that can stop a deployment (exit 5 if anything does), and change nothing."""
    given, choice = merged(ctx, given), here(ctx, choice)
    clean = _cleaner(ctx.obj, given, choice) if redact else _as_it_is
    found = []
    for check in map(clean, ctx.obj.look.checks(given, choice)):
        found.append(check)
        if not as_json and check.result == "ok":
            click.echo(_line(check))
    click.echo(json.dumps(document(found), indent=2) if as_json else "\n".join(_summary(found)))
    ctx.exit(Exit.PREFLIGHT if any(check.result == "fail" for check in found) else Exit.OK)


@ekswiz.command("hand-off")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@world_options
@answer_options
@click.pass_context
def hand_off(ctx: click.Context, given: Given, choice: Choice, *, folder: Path) -> None:
    """Write what somebody with more rights has to do: a Markdown file to read and a bash file to run."""
    application: Application = ctx.obj
    given, choice = merged(ctx, given), here(ctx, choice)
    application.look.draft(given, sim=choice.sim)
    with application.road(given, choice) as road:
        written = application.look.hand_off(road.plan(), road.answers, folder)
    for path in written:
        click.echo(path)
    click.echo("When it is done, go on with: ekswiz resume", err=True)


def _cleaner(application: Application, given: Given, choice: Choice) -> Callable[[Check], Check]:
    """What takes this stack's names out of a check."""
    from ekswiz.doctor.redact import redacted  # seldom asked for
    from ekswiz.resolve import PROPOSALS

    try:
        values = dict(application.look.draft(given, sim=choice.sim).values)
    except EkswizError:
        values = {}
    if "repo" in values:
        values = {name: propose(values["repo"]) for name, propose in PROPOSALS.items()} | values
    values["profile"] = choice.profile or ""
    return partial(redacted, values=values, home=str(Path.home()))


def _as_it_is(check: Check) -> Check:
    return check


def document(found: Iterable[Check]) -> dict[str, Any]:
    """The checks as JSON values, by id: the order in which they were known says nothing."""
    checks = sorted(found, key=lambda check: check.id)
    counts = Counter(check.result for check in checks)
    return {
        "version": VERSION,
        "ok": not counts["fail"],
        "counts": {result: counts[result] for result in SIGNS},
        "checks": [asdict(check) for check in checks],
    }


def _line(check: Check) -> str:
    return _wrapped(f"{SIGNS[check.result]}  {check.title:<{WIDTH}} ", check.found)


def _summary(found: list[Check]) -> Iterator[str]:
    """What was not looked at, by reason; what is wrong, the worst last, each with why and what to do; the count."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for check in found:
        if check.result == "skip":
            reasons.setdefault((check.found, check.fix), []).append(check.title)
    for (reason, fix), titles in reasons.items():
        yield from _skipped(reason, fix, titles)
    for result in WORST:
        for check in (each for each in found if each.result == result):
            yield f"\n{_line(check)}"
            yield f"    why  {check.why}"
            yield f"    do   {check.fix}   [{check.id}]"
    counts = Counter(check.result for check in found)
    told = f"{counts['ok']} ok, {counts['warn']} to look at, {counts['fail']} wrong, {counts['skip']} not looked at"
    yield f"\n{len(found)} checks: {told}."


def _with(reason: str, fix: str) -> str:
    return f"{reason.rstrip('.')}. {fix}" if fix else reason


def _skipped(reason: str, fix: str, titles: list[str]) -> Iterator[str]:
    title = titles[0] if len(titles) == 1 else f"{len(titles)} checks"
    yield _wrapped(f"{SIGNS['skip']}  {title:<{WIDTH}} ", _with(reason, fix))
    if len(titles) > 1:
        yield _wrapped(INDENT, ", ".join(titles))


def _wrapped(start: str, text: str) -> str:
    """Text after its start, the lines after the first below it; a command or an address is not broken."""
    indent = " " * len(start)
    return fill(
        text, LINE, initial_indent=start, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
