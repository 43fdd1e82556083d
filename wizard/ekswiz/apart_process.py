"""The other end of `apart`: `python -m ekswiz.apart_process`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ekswiz.apart import STOP, given_of, words_of
from ekswiz.errors import EkswizError, Exit, mistake
from ekswiz.events import Event
from ekswiz.flag import StopFlag
from ekswiz.frontend import Application, Given
from ekswiz.main import Ekswiz

Say = Callable[[Mapping[str, Any]], None]
YIELDING = 5
"""How much this process is nicer than the wizard, whose keys go first."""


def main() -> int:
    """Rehearse what standard input orders; the exit code."""
    say, stop, gone = _mouth(), StopFlag(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if hasattr(os, "nice"):
        os.nice(YIELDING)
    given = given_of(json.loads(sys.stdin.readline()))
    threading.Thread(target=_listen, args=(stop, gone), daemon=True).start()
    try:
        serve(Ekswiz(), given, stop, gone, say)
    except EkswizError as error:
        say({"error": words_of(error)})
    except BrokenPipeError:
        return Exit.FAILED  # nobody listens any more, and everything is removed
    except Exception as error:  # noqa: BLE001 - the process's boundary: the wizard shows it
        say({"error": words_of(mistake(error))})
    return Exit.OK


def serve(application: Application, given: Given, stop: StopFlag, gone: threading.Event, say: Say) -> None:
    """Rehearse and tell; `gone` ends it at the next event."""
    running = application.rehearse(given, stop)
    try:
        for event in running:
            say({"event": asdict(event)})
            if _whole_stage(event):
                say({"report": running.report})
            if gone.is_set():
                break
    finally:
        running.close()
    say({"report": running.report})


def _whole_stage(event: Event) -> bool:
    return event.type == "stage" and event.data.get("phase") == "finished" and not event.data.get("parent")


def _mouth() -> Say:
    """Says one line of JSON; whatever else is printed goes to standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(what: Mapping[str, Any]) -> None:
        out.write(json.dumps(what) + "\n")
        out.flush()

    return say


def _listen(stop: StopFlag, gone: threading.Event) -> None:
    """Heed the wizard until it has gone: then nobody wants the rest."""
    with contextlib.suppress(OSError, ValueError):
        for line in sys.stdin:
            if line == STOP:
                stop.set()
    gone.set()
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
