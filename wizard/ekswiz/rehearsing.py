"""A rehearsal in lines, as `ekswiz rehearse` and `ekswiz --sim --headless` show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from ekswiz import narrate, report_file, summary
from ekswiz.errors import Exit
from ekswiz.frontend import Application
from ekswiz.given import Given
from ekswiz.occasion import USUAL, Occasion
from ekswiz.signals import stop_on_signals
from ekswiz.tiers import Tiers, expected


def announce(tiers: Tiers) -> None:
    """Say what the chosen tiers download, before they do."""
    for sentence in expected(tiers):
        click.echo(sentence, err=True)


def rehearse(
    application: Application, given: Given, files: Mapping[str, Any], port: int, occasion: Occasion = USUAL
) -> int:
    """Rehearse, print every event, write the report where `json_file` and `summary` ask for it; the exit code."""
    json_file, to_stdout = files["json_file"], files["json_file"] == "-"
    report_file.check(None if to_stdout else json_file)
    report_file.check(files["summary"], summary.FLAG)
    announce(given.tiers)
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
