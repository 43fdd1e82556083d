"""From the command line to the screens and back."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from functools import partial

import click
from textual.driver import Driver

from ekswiz.errors import Exit
from ekswiz.frontend import Application, Given
from ekswiz.signals import CODES, stop_on_signals
from ekswiz.tui.app import EkswizApp

KEYS_FIRST = 0.001
"""Seconds after which a thread that computes lets the screen's thread go on; Python's own value is five times that."""
GARBAGE = (10_000, 20, 10)
"""When to look for garbage: less than a tenth as often as Python would, for a look at everything holds keys up."""
PATIENCE = 1.0
"""Seconds for threads that still read to come to their end by themselves."""


def run_screens(application: Application, given: Given, *, sim: bool) -> Exit:
    """Show the wizard; afterwards print what it leaves behind, and remove the world that it started.

    SIGTERM and SIGHUP stop what is in flight after the present change; then the screens end.
    """
    sys.setswitchinterval(KEYS_FIRST)
    gc.set_threshold(*GARBAGE)
    app = EkswizApp(application, given, sim=sim, driver_class=_driver())
    asyncio.run(_run(app))
    with stop_on_signals():
        left = app.wizard.close()
    with contextlib.suppress(OSError):  # nobody may be there any more
        for line in app.wizard.farewell:
            click.echo(line)
        for what in left:
            click.echo(f"could not be removed: {what}", err=True)
    outcome = app.wizard.outcome if app.return_value is None else app.return_value
    _abandon_readers(outcome)
    return outcome


def _driver() -> type[Driver] | None:
    """The driver for a real terminal; None for Textual's own choice, on Windows."""
    if sys.platform == "win32":
        return None
    from ekswiz.tui.terminal import LastingDriver  # imports modules that Windows lacks

    return LastingDriver


async def _run(app: EkswizApp) -> None:
    """The app with its signals; a signal that was ignored from the start stays ignored (nohup)."""
    loop = asyncio.get_running_loop()
    for number, code in CODES.items():
        if number is not signal.SIGINT and signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, partial(app.signalled, code, hung_up=number is not signal.SIGTERM))
    await app.run_async()


def _abandon_readers(outcome: Exit) -> None:
    """Leave at once if somebody still reads.

    Nothing is in flight by now. But a plan may wait minutes for an answer, and Python joins every thread pool at its
    end, daemons or not.
    """
    others = [each for each in threading.enumerate() if each is not threading.main_thread()]
    for each in others:
        each.join(PATIENCE / len(others))
    if any(each.is_alive() for each in others):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        os._exit(outcome)
