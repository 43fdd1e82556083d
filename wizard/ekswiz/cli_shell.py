"""`ekswiz completion | schema`: what other programs need to work with ekswiz."""

from __future__ import annotations

import json

import click

from ekswiz import schemas
from ekswiz.cli import ekswiz

__all__ = ["ekswiz"]
SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_EKSWIZ_COMPLETE"
"""What the shell sets when it asks for completions; click's own convention."""


@ekswiz.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print a script that completes commands, flags and their values: eval "$(ekswiz completion bash)"."""
    from click.shell_completion import get_completion_class  # only who asks for it pays for it

    kind = get_completion_class(shell)
    assert kind is not None  # click has these three
    click.echo(kind(ekswiz, {}, "ekswiz", VARIABLE).source())


@ekswiz.command()
@click.argument("name", type=click.Choice(sorted(schemas.NAMES)), metavar="[NAME]", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schema of what a command writes as JSON; without NAME, the list of them."""
    if name is None:
        width = max(map(len, schemas.NAMES))
        click.echo("\n".join(f"{each:<{width}}  {what}" for each, what in schemas.NAMES.items()))
        return
    click.echo(json.dumps(schemas.schema(name), indent=2))
