"""A Dockerfile for a repository that has none: small base, no root, the port of the answers.

The surprising thing: it asks the repository nothing. Which framework it is and what it starts are answers; whoever is
not sure is asked, and a Dockerfile that is there is never touched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from ekswiz.answers import Answers, check_field
from ekswiz.deliver.file import RepositoryFile
from ekswiz.deliver.text import render


@dataclass(frozen=True, slots=True)
class Starter:
    """One framework: its template, what it starts if nobody says, and how that is written as a command.

    In `command` the words `{entry}` and `{port}` are replaced; empty where the template needs no command line.
    """

    template: str
    entry: str
    command: tuple[str, ...] = ()


STARTERS: Mapping[str, Starter] = {
    "fastapi": Starter("python", "main:app", ("uvicorn", "{entry}", "--host", "0.0.0.0", "--port", "{port}")),  # noqa: S104 - inside a container
    "flask": Starter("python-gunicorn", "app:app", ("gunicorn", "--bind", "0.0.0.0:{port}", "{entry}")),
    "django": Starter(
        "python-gunicorn", "config.wsgi:application", ("gunicorn", "--bind", "0.0.0.0:{port}", "{entry}")
    ),
    "node": Starter("node", "server.js", ("node", "{entry}")),
    "go": Starter("go", "."),
    "static": Starter("static", "public"),
}
"""By the answer `framework`."""


def starters(answers: Answers) -> tuple[RepositoryFile, ...]:
    """The Dockerfile and what keeps the build's context small; nothing where no framework was named.

    Raises:
        InputError: `app_entry` is nothing that may stand in a Dockerfile.
    """
    if answers.framework == "none":
        return ()
    check_field("app_entry", answers.app_entry)
    starter = STARTERS[answers.framework]
    entry = answers.app_entry or starter.entry
    words = [word.format(entry=entry, port=answers.port) for word in starter.command]
    known = {
        "port": str(answers.port),
        "entry": entry,
        "package": entry if entry.startswith(".") else f"./{entry}",
        "command": json.dumps(words),
    }
    text = render(f"docker-{starter.template}.txt", known)
    ignore = str(PurePosixPath(answers.context) / ".dockerignore")
    return (
        RepositoryFile(answers.dockerfile, text, "Builds the image that is deployed.", "manifest"),
        RepositoryFile(
            ignore, render("dockerignore.txt", {}), "Keeps out of the image what does not belong.", "manifest"
        ),
    )
