"""The wizard's screens. Nothing here is imported before somebody asks for screens: Textual takes half a second."""

from __future__ import annotations

import os

from ekswiz.errors import Exit
from ekswiz.frontend import Application, Given

FRAMES = "120"
"""Frames per second, at most. Textual waits up to two of them with what a key has changed: at its own 60, 33 ms."""
os.environ.setdefault("TEXTUAL_FPS", FRAMES)  # Textual reads it when it is imported


def run(application: Application, given: Given, *, sim: bool) -> Exit:
    """Show the wizard until the user leaves it; the exit code of what was done last. Needs a terminal.

    What is worth keeping is printed to standard output after the screens are gone.
    """
    from ekswiz.tui.running import run_screens  # Textual is slow to import

    return run_screens(application, given, sim=sim)
