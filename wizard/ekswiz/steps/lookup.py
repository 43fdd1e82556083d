"""Where each question to the outside stands. Screens ask in threads, lines one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ekswiz.errors import EkswizError

State = Literal["idle", "loading", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question: what it is about, where it stands, and the answer or the error.

    `about` names what was asked for; an answer about something else is late and is dropped. `since` is when it was
    asked, by a steady clock, in seconds.
    """

    state: State = "idle"
    about: tuple[Any, ...] = ()
    found: Any = None
    error: EkswizError | None = None
    since: float = 0.0


class Reply(Protocol):
    """A lookup that came to its end."""

    @property
    def name(self) -> str:
        """Which one."""
        ...

    @property
    def lookup(self) -> Lookup:
        """How it ended."""
        ...


class Asking(Protocol):
    """Whoever puts the questions, and knows where each stands."""

    known: dict[str, Lookup]

    def __getitem__(self, name: str) -> Lookup:
        """Where a question stands; idle if it was never asked."""
        ...

    def ask(self, name: str, about: tuple[Any, ...], question: Callable[[], Any]) -> None:
        """Ask something that has one answer."""
        ...

    def follow(self, name: str, about: tuple[Any, ...], question: Callable[[], Iterable[Any]]) -> None:
        """Ask something that is answered piece by piece."""
        ...

    def take(self, answered: Any) -> bool:
        """Note an answer, if it is the one that is waited for."""
        ...

    def forget(self, name: str) -> None:
        """Drop what is known or asked under this name."""
        ...
