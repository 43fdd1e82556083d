"""What is being looked up while the user types. Threads ask; the event loop hears the answers and nothing waits.

The surprising thing: these are daemon threads, not Textual's workers. Quitting waits for a worker, and a worker may
wait a minute for a network that is not there. A lookup only reads, so nothing is lost when it is abandoned.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from textual.message import Message
from textual.message_pump import MessagePump

from ekswiz.errors import EkswizError, mistake
from ekswiz.steps.lookup import Lookup
from ekswiz.tui import clock


class Answered(Message):
    """A lookup has come to its end."""

    def __init__(self, name: str, lookup: Lookup) -> None:
        super().__init__()
        self.name, self.lookup = name, lookup


class Piece(Message):
    """A part of an answer that comes bit by bit."""

    def __init__(self, name: str, about: tuple[Any, ...], found: Any) -> None:
        super().__init__()
        self.name, self.about, self.found = name, about, found


@dataclass
class Lookups:
    """All lookups by name; asked here, answered by messages to `listener`."""

    listener: MessagePump
    known: dict[str, Lookup] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Lookup:
        return self.known.get(name, Lookup())

    def ask(self, name: str, about: tuple[Any, ...], question: Callable[[], Any]) -> None:
        """Ask in a thread of its own. What is still under way under this name is not waited for any more."""
        self._start(name, about, lambda: self._answer(name, about, question))

    def follow(self, name: str, about: tuple[Any, ...], question: Callable[[], Iterable[Any]]) -> None:
        """Ask for something that comes piece by piece; each is a `Piece`, the whole an `Answered` with a list."""
        self._start(name, about, lambda: self._answer(name, about, lambda: self._pieces(name, about, question)))

    def take(self, answered: Answered) -> bool:
        """Note an answer, if it is the one that is waited for."""
        if self[answered.name].about != answered.lookup.about:
            return False
        self.known[answered.name] = answered.lookup
        return True

    def forget(self, name: str) -> None:
        """Drop what is known or asked under this name."""
        self.known.pop(name, None)

    def _start(self, name: str, about: tuple[Any, ...], work: Callable[[], None]) -> None:
        self.known[name] = Lookup("loading", about, since=clock.steady())
        threading.Thread(target=work, name=f"ekswiz-look-{name}", daemon=True).start()

    def _pieces(self, name: str, about: tuple[Any, ...], question: Callable[[], Iterable[Any]]) -> list[Any]:
        found = []
        for piece in question():
            found.append(piece)
            self.listener.post_message(Piece(name, about, piece))
        return found

    def _answer(self, name: str, about: tuple[Any, ...], question: Callable[[], Any]) -> None:
        try:
            lookup = Lookup("ready", about, found=question())
        except EkswizError as error:
            lookup = Lookup("failed", about, error=error)
        except Exception as error:  # noqa: BLE001 - the boundary of a thread: the screen must hear of it
            lookup = Lookup("failed", about, error=mistake(error))
        self.listener.post_message(Answered(name, lookup))


def waited(lookup: Lookup) -> float:
    """For how many seconds it has been loading."""
    return clock.steady() - lookup.since if lookup.state == "loading" else 0.0
