"""A rehearsal in a process of its own: whatever computes there, no key of the wizard waits for it.

The other process gets its order as one line of JSON, and tells events, the report and errors the same way. It heeds
"stop"; when its input ends it stops at once. Whichever way, it removes the world that it made.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from ekswiz import errors
from ekswiz.errors import EkswizError, RehearsalError
from ekswiz.events import Event
from ekswiz.frontend import Given
from ekswiz.target import Flag
from ekswiz.tiers import Tiers

STOP = "stop\n"
TICK = 0.1
"""Seconds between two looks at the stop flag."""
PATIENCE = 300.0
"""Seconds that the other process has to remove its world once it is told to end; then it is killed."""
AGAIN = "Begin again: what it left is removed first."


@dataclass
class Apart:
    """Iterate it once, to the end; `close` ends it early (see `frontend.RunningRehearsal`).

    Raises, while it is iterated:
        EkswizError: What the other process met, or that it ended without a word.
    """

    given: Given
    stop: Flag
    report: Mapping[str, Any] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[Event]:
        """Run it, event by event."""
        with _aside() as aside:
            self._process = process = _started(aside)
            try:
                self._order(process)
                yield from self._told(process)
            finally:
                self.close()
            if process.returncode != 0:
                raise RehearsalError(f"its process ended ({_last(aside, process.returncode)}).", AGAIN)

    def close(self) -> None:
        """Stop at once and remove everything."""
        self._over.set()
        if self._process is None:
            return
        process, self._process = self._process, None
        _end(process)

    def _order(self, process: subprocess.Popen[str]) -> None:
        threading.Thread(target=self._watch, args=(process,), name="rehearsal-stop", daemon=True).start()
        _write(process, f"{json.dumps(order(self.given))}\n")

    def _watch(self, process: subprocess.Popen[str]) -> None:
        """Pass the stop on, once."""
        while not self._over.is_set():
            if self.stop.wait(TICK):
                _write(process, STOP)
                return

    def _told(self, process: subprocess.Popen[str]) -> Iterator[Event]:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.endswith("\n"):
                return  # it was killed in the middle of a word
            said = json.loads(line)
            self.report = said.get("report", self.report)
            if "error" in said:
                raise error_of(said["error"])
            if "event" in said:
                yield Event(**said["event"])


def _aside() -> IO[bytes]:
    """Where the other process writes what is no event."""
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise _no_start(error) from error


def _started(aside: IO[bytes]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "ekswiz.apart_process"],  # -P: no module of the folder that we happen to be in
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=aside,
            start_new_session=True,  # a Ctrl-C is the wizard's: it asks for the stop in words
            encoding="utf-8",
        )
    except OSError as error:
        raise _no_start(error) from error


def _no_start(error: OSError) -> RehearsalError:
    remedy = errors.remedy_of(error, "Name a folder that can be written: TMPDIR=/path/to/folder.")
    return RehearsalError(f"its process could not be started: {error.strerror or error}.", remedy)


def _write(process: subprocess.Popen[str], text: str) -> None:
    """Say it, if there is still somebody who listens: what became of the process is read from its output."""
    assert process.stdin is not None
    with contextlib.suppress(OSError, ValueError):
        process.stdin.write(text)
        process.stdin.flush()


def _end(process: subprocess.Popen[str]) -> None:
    """End its input, take what it still says, and wait until it has gone."""
    assert process.stdin is not None
    assert process.stdout is not None
    killer = threading.Timer(PATIENCE, process.kill)
    killer.start()
    with process.stdout:
        with contextlib.suppress(OSError):
            process.stdin.close()
        for _ in process.stdout:
            pass
        process.wait()
    killer.cancel()


def _last(aside: IO[bytes], code: int) -> str:
    """The last word of a process, else how it ended."""
    aside.seek(0)
    said = aside.read().decode(errors="replace").strip().rpartition("\n")[2]
    return said or (f"signal {-code}" if code < 0 else f"exit code {code}")


def order(given: Given) -> dict[str, Any]:
    """What was given, as JSON; paths whole."""
    return {
        "fields": dict(given.fields),
        "file": str(given.file.absolute()) if given.file else None,
        "sample": given.sample,
        "source": str(given.source.absolute()),
        "tiers": asdict(given.tiers),
    }


def given_of(said: Mapping[str, Any]) -> Given:
    """What `order` wrote."""
    file = Path(said["file"]) if said["file"] else None
    return Given(said["fields"], file, said["sample"], Path(said["source"]), Tiers(**said["tiers"]))


def words_of(error: EkswizError) -> dict[str, Any]:
    """An error as JSON. A room's own kind of error goes as the kind that all rooms know."""
    kind = next(each for each in type(error).__mro__ if each.__module__ == errors.__name__)
    return {"kind": kind.__name__, "has": {**vars(error), "summary": error.summary}}


def error_of(said: Mapping[str, Any]) -> EkswizError:
    """The error that `words_of` wrote."""
    kind: type[EkswizError] = getattr(errors, said["kind"])
    error = kind.__new__(kind, said["has"]["detail"])
    vars(error).update(said["has"])
    return error
