"""The flags that say what a rehearsal pushes, declared once (see `occasion`)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from click.core import ParameterSource

from ekswiz.errors import InputError
from ekswiz.given import Given
from ekswiz.occasion import HAPPENINGS, USUAL, Occasion

F = TypeVar("F", bound=Callable[..., Any])
ANY_PATH = click.Path(path_type=Path)


def occasion_options(command: F) -> F:
    """Add the flags that say what a rehearsal pushes, as one `occasion: Occasion`. Goes below `answer_options`.

    With `--event` the flag `--branch` is the event's branch; else it is the one that may deploy.
    """

    @functools.wraps(command)
    def wrapped(*positional: Any, given: Given, **keywords: Any) -> Any:
        names = ("event", "fork", "workflow", "actions", "outside")
        said: dict[str, Any] = {name: keywords.pop(name) for name in names}
        pairs: dict[str, Any] = {"secrets": _pairs("--secret", keywords.pop("secrets"))}
        pairs["variables"] = _pairs("--variable", keywords.pop("variables"))
        branch = ""
        if said["event"] is None:
            said["event"] = USUAL.event
        elif click.get_current_context().get_parameter_source("answer_branch") is ParameterSource.COMMANDLINE:
            branch = given.fields["branch"] or ""
            given = replace(given, fields={**given.fields, "branch": None})
        occasion = Occasion(branch=branch, **said, **pairs)
        return command(*positional, given=given, occasion=occasion, **keywords)

    result: Any = click.option(
        "--event", type=click.Choice(HAPPENINGS), default=None,
        help="Let this happen, not the push; --branch is its branch.",
    )(wrapped)  # fmt: skip
    result = click.option("--fork", is_flag=True, help="The pull request comes from a fork.")(result)
    result = click.option("--workflow", type=ANY_PATH, metavar="FILE", help="Run this workflow, as it is.")(result)
    result = click.option("--secret", "secrets", multiple=True, metavar="NAME=VALUE", help="A secret of the workflow.")(
        result
    )
    result = click.option(
        "--variable", "variables", multiple=True, metavar="NAME=VALUE", help="A variable of the workflow."
    )(result)
    result = click.option(
        "--actions-dir", "actions", type=ANY_PATH, metavar="DIR", help="Run the actions in DIR/OWNER/NAME themselves."
    )(result)  # fmt: skip
    result = click.option(
        "--run-on-host", "outside", is_flag=True, help="Agree to run a workflow from outside the repository here."
    )(result)  # fmt: skip
    return cast("F", result)


def _pairs(flag: str, said: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE, each name once as GitHub takes it.

    Raises:
        InputError: Something else.
    """
    made = {}
    for text in said:
        name, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name, re.ASCII):
            raise InputError(flag, f"{name!a} is not NAME=VALUE.", f"For example: {flag} AWS_REGION=eu-west-1")
        made[name] = value
    return made
