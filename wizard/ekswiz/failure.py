"""A failure as JSON, for who asked for JSON: the same words as the sentence on standard error, and their parts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import click

from ekswiz.errors import EkswizError, Exit, InputError

VERSION = 1
FLAG = "--json"
USAGE = "Usage"
"""A command line that is none; not an error of ours, but click's."""
SYSTEM, MISTAKE, INTERRUPTED = "System", "Mistake", "Interrupted"
"""The operating system refused; a mistake of ekswiz itself; Ctrl-C at a question."""
TO_A_FILE = "rehearse"
"""The command whose `--json` names a file, as that of `ekswiz` itself does; "-" is standard output."""


def asked(arguments: Sequence[str], commands: Collection[str]) -> bool:
    """Whether this command line, usable or not, asks for JSON on standard output."""
    words = [*arguments, "--"]
    words = words[: words.index("--")]
    if f"{FLAG}=-" in words:
        return True
    if FLAG not in words:
        return False
    place = words.index(FLAG)
    command = next((word for word in words[:place] if word in commands), None)
    if command in (None, TO_A_FILE):
        return words[place + 1 : place + 2] == ["-"]
    return True


def line(error: BaseException, code: int) -> str:
    """The failure as one line of JSON."""
    import json  # only who fails pays for it

    return json.dumps({"version": VERSION, "error": {**_parts(error), "exit_code": code}})


def _parts(error: BaseException) -> dict[str, Any]:
    if isinstance(error, EkswizError):
        field = {"field": error.field} if isinstance(error, InputError) else {}
        return _said(type(error).__name__, error.summary, error.detail, error.remedy) | field
    if isinstance(error, click.ClickException):
        return _said(USAGE, "Not usable", error.format_message(), "ekswiz --help") | {"field": _word(error)}
    if isinstance(error, OSError):
        return _said(SYSTEM, "Stopped", error.strerror or str(error) or type(error).__name__)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return _said(INTERRUPTED, "Stopped", "Nothing more was changed.")
    return _said(MISTAKE, "A mistake in ekswiz", f"{type(error).__name__}: {error}")


def _said(kind: str, summary: str, detail: str, remedy: str = "") -> dict[str, Any]:
    return {"kind": kind, "summary": summary, "detail": detail, "remedy": remedy}


def _word(error: click.ClickException) -> str:
    """The word of the command line that is at fault."""
    if isinstance(error, click.NoSuchOption):
        return error.option_name
    if isinstance(error, click.BadParameter) and error.param is not None:
        return error.param.opts[0]
    return ""


def code_of(error: BaseException) -> Exit:
    """The exit code of a failure."""
    if isinstance(error, EkswizError):
        return error.exit_code
    if isinstance(error, click.ClickException):
        return Exit.USAGE
    return Exit.INTERRUPTED if isinstance(error, click.Abort | KeyboardInterrupt) else Exit.FAILED
