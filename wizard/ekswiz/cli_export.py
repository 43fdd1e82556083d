"""`ekswiz export`: the plan in forms that need no ekswiz."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import click

from ekswiz.cli import ekswiz, here, merged
from ekswiz.errors import InputError
from ekswiz.given import Choice, Given
from ekswiz.options import answer_options, world_options

__all__ = ["ekswiz"]
FORMS: Mapping[str, str] = {
    "bash": "AWS CLI, kubectl and gh commands; may be run at any time",
    "terraform": "Terraform or OpenTofu for IAM, ECR and access",
    "cloudformation": "the same as a template, with a manifest for Kubernetes",
    "eksctl": "a ClusterConfig",
    "markdown": "for a pull request",
    "html": "one page to read: plan, trust chain, access matrix, timings",
}
"""Every form and what it is. (The room itself is loaded by whoever exports.)"""
FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@ekswiz.command(epilog="\b\n" + "\n".join(f"{name:<15} {text}" for name, text in FORMS.items()))
@click.argument("form", metavar="FORM", type=click.Choice([*FORMS]))
@click.argument("folder", type=FOLDER, metavar="[DIR]", required=False)
@click.option("--report", type=FILE, metavar="FILE", help="html: the report of a rehearsal, for what was tried.")
@world_options
@answer_options
@click.pass_context
def export(
    ctx: click.Context, given: Given, choice: Choice, *, form: str, folder: Path | None, report: Path | None
) -> None:
    """Write the plan as FORM, for which nobody needs ekswiz: to DIR, or its main file to standard output."""
    from ekswiz import export as room  # `ekswiz export --help` needs none of it
    from ekswiz import view

    with ctx.obj.road(merged(ctx, given), here(ctx, choice)) as road:
        subject = room.Subject(view.look(road, road.plan(), permissions=False), road.answers, _report(report))
    found = room.documents(cast("room.Form", form), subject)
    if folder is not None:
        for path in room.write_all(found, folder):
            click.echo(path)
        return
    click.echo(found[0].text, nl=False)
    for other in found[1:]:
        click.echo(f"Also needed: {other.name}. Name a folder to get it: ekswiz export {form} DIR", err=True)


def _report(file: Path | None) -> Mapping[str, Any]:
    """A rehearsal's report.

    Raises:
        InputError: The file holds none.
    """
    if file is None:
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            "--report", f"{file} cannot be read: {error}.", "Write one: ekswiz rehearse --json FILE"
        ) from None
    if not isinstance(found, dict) or "stages" not in found:
        raise InputError("--report", f"{file} is no rehearsal's report.", "Write one: ekswiz rehearse --json FILE")
    return found
