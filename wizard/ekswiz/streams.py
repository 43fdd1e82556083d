"""Standard streams as they may be met: closed, of an encoding without our signs, or with nobody at the other end."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO, cast

MODES = ("r", "w", "w")
"""How standard input, output and error are opened."""


def prepare() -> None:
    """Make the three streams usable whatever the caller left of them.

    A closed one becomes /dev/null, so that no socket of ours gets its number. A sign that the encoding lacks is
    written as an escape instead of ending the run.
    """
    for descriptor in range(len(MODES)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    for descriptor, (name, mode) in enumerate(zip(("stdin", "stdout", "stderr"), MODES, strict=True)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def tell(text: str) -> None:
    """A last word on standard error; if nobody takes it, nothing is to be done."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def result(text: str) -> None:
    """A last line on standard output; if nobody takes it, nothing is to be done."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def abandon() -> None:
    """Nobody reads our output any more: what is still in buffers goes nowhere, without a word at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if _gone(cast("TextIO", stream)):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _gone(stream: TextIO) -> bool:
    try:
        stream.flush()
    except (OSError, ValueError):
        return True
    return False
