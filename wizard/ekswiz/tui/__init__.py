"""The wizard's screens. Nothing here is imported before somebody asks for screens: Textual takes half a second."""

from __future__ import annotations

from ekswiz.errors import Exit
from ekswiz.frontend import Application, Given


def run(application: Application, given: Given, *, sim: bool) -> Exit:
    """Show the wizard until the user leaves it; the exit code of what was done last. Needs a terminal.

    What is worth keeping is printed to standard output after the screens are gone.
    """
    from ekswiz.tui.running import run_screens  # Textual is slow to import

    return run_screens(application, given, sim=sim)
