"""How ekswiz begins: with screens, in lines, or with one sentence, by what stands at its three streams."""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Mapping
from typing import Literal, TextIO

SCREEN = """\
ekswiz: deploy from GitHub Actions to Amazon EKS, without stored keys.
Nothing changes until you type the account number.

  Rehearse on this machine     ekswiz --sim --sample     no AWS account, no Docker, no network
  Rehearse your repository     ekswiz --sim              plan, push, deploy, who gets in, destroy
  The same with real parts     ekswiz --sim --full       LocalStack, Docker and kind
  See every change             ekswiz plan               reads only
  Make the changes             ekswiz apply              asks for the account's last four digits
  Remove what was made         ekswiz destroy            and nothing else
  Keep a simulated AWS up      ekswiz sim up             then: ekswiz --sim plan | apply | destroy

What comes: two roles (one may push images, one may deploy), an ECR repository, an access entry with rights in
one namespace, and a workflow file that you can read. ekswiz --help lists every flag."""


Front = Literal["screens", "lines", "sentence"]
NO_TERMINAL = "There is no terminal here. The wizard in lines, with answers from any input: ekswiz --plain"
PATIENCE = 0.2
"""Seconds within which a pipe must have something to read to be taken for somebody who answers."""


def screen(*, terminal: bool = True) -> str:
    """The text of the start screen; at most 80 columns wide are needed for its left part."""
    return SCREEN if terminal else f"{SCREEN}\n\n{NO_TERMINAL}"


def front(environ: Mapping[str, str], streams: tuple[TextIO, TextIO, TextIO]) -> Front:
    """Which front end fits.

    Screens need a terminal at standard input, output and error (Textual draws on the last). Lines fit a terminal that
    cannot move its cursor (`TERM=dumb`), a user who asks for them (`ACCESSIBLE`), and a pipe or file with answers. All
    else gets a sentence: never escape codes in a file, never a question that nobody can answer.
    """
    source = streams[0]
    if not _terminal(source):
        return "lines" if _answers_wait(source) else "sentence"
    if not all(_terminal(stream) for stream in streams):
        return "sentence"
    dumb = environ.get("TERM", "") in ("dumb", "unknown", "")
    return "lines" if dumb or environ.get("ACCESSIBLE", "0") not in ("", "0") else "screens"


def _terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (OSError, ValueError):
        return False


def _answers_wait(source: TextIO) -> bool:
    """Whether a pipe or file has something to read; an empty or silent one has nobody behind it."""
    try:
        kind = os.fstat(source.fileno()).st_mode
        if stat.S_ISREG(kind):
            return True
        return stat.S_ISFIFO(kind) and bool(select.select([source], [], [], PATIENCE)[0])
    except (OSError, ValueError):
        return False
