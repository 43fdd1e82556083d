"""`ekswiz completion | schema`: what other programs need to work with ekswiz."""

from __future__ import annotations

from importlib.resources import files

import click

from ekswiz.cli import ekswiz
from ekswiz.errors import InputError

__all__ = ["ekswiz"]
SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_EKSWIZ_COMPLETE"
"""What the shell sets when it asks for completions; click's own convention."""
SCHEMAS = {"plan": ("ekswiz", "data/plan.schema.json"), "report": ("ekswiz_sim", "data/report.schema.json")}


@ekswiz.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print a script that completes commands, flags and their values: eval "$(ekswiz completion bash)"."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - only who asks for it pays for it

    kind = get_completion_class(shell)
    assert kind is not None  # click has these three
    click.echo(kind(ekswiz, {}, "ekswiz", VARIABLE).source())


@ekswiz.command()
@click.argument("name", type=click.Choice(sorted(SCHEMAS)))
def schema(name: str) -> None:
    """Print the JSON Schema of what a command writes as JSON."""
    package, path = SCHEMAS[name]
    try:
        click.echo(files(package).joinpath(path).read_text(encoding="utf-8"), nl=False)
    except ModuleNotFoundError:
        raise InputError(name, "the simulator is not installed.", "pip install 'ekswiz[sim]'") from None
