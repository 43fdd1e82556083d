"""The wizard in lines: the same steps, plans and events as the screens, for screen readers, dumb terminals and pipes.

No box, no colour, nothing is drawn twice. Every question is one line, every event is one line.
"""

from __future__ import annotations

from ekswiz.errors import Exit
from ekswiz.frontend import Application, Given


def run(application: Application, given: Given, *, sim: bool) -> Exit:
    """Ask and answer in lines until the user leaves; the exit code of what was done last."""
    from ekswiz.plain.menu import Menu  # only who asks for lines pays for them

    return Menu(application, given, sim=sim).run()
