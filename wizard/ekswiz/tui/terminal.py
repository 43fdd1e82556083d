"""The terminal as ekswiz uses it: it may go away at any time, and its window has a title. Not for Windows.

The surprising thing: Textual's writer thread dies with its terminal, and after thirty more writes the event loop waits
for it for ever. A change in flight could then neither end in order nor be stopped, so writes to nobody are swallowed.
"""

from __future__ import annotations

import contextlib
import termios
from typing import IO, Any, cast

from textual.drivers.linux_driver import LinuxDriver

PUSH_TITLE, POP_TITLE = "\x1b[22;2t", "\x1b[23;2t"
"""XTWINOPS: keep the window's title, and put it back (xterm control sequences)."""


class Forgiving:
    """A file that takes what is written to it, whether or not anybody reads it any more."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write, if somebody is there."""
        with contextlib.suppress(OSError, ValueError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if somebody is there."""
        with contextlib.suppress(OSError, ValueError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class LastingDriver(LinuxDriver):
    """Textual's driver, for a terminal that may be closed while work is in flight."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._file = cast("Any", Forgiving(cast("IO[str]", self._file)))

    def start_application_mode(self) -> None:
        """Take the terminal, and remember its window's title."""
        super().start_application_mode()  # type: ignore[no-untyped-call]  # untyped in Textual
        if self._writer_thread is not None:
            self.write(PUSH_TITLE)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        self.write(POP_TITLE)
        super().stop_application_mode()

    def title(self, text: str) -> None:
        """Name the window; `text` is ours and holds no control character."""
        self.write(f"\x1b]2;{text}\x07")

    def lost(self) -> bool:
        """Whether the terminal is gone, which nobody tells us where SIGHUP is ignored."""
        try:
            termios.tcgetattr(self.fileno)
        except termios.error:
            return self.input_tty
        return False

    def hung_up(self) -> None:
        """Nobody is there any more: stop reading, which would now spin."""
        self.exit_event.set()

    def _run_input_thread(self) -> None:
        """An error of a terminal that is gone is no reason to panic."""
        try:
            self.run_input_thread()
        except OSError:
            self.hung_up()
