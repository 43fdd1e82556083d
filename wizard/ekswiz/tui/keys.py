"""Keys that do the same everywhere, and keys in turn: each finds what the one before it has opened.

A screen adds keys of its own; it never gives one of these another meaning.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any, TypeVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.widget import Widget

T = TypeVar("T")

GLOBAL: list[BindingType] = [
    Binding("ctrl+q", "leave", "quit", show=True, priority=True, tooltip="Quit; asks if a change is in flight"),
    Binding("ctrl+c", "interrupt", "stop or quit", show=False, priority=True),
    Binding("ctrl+s", "save_answers", "save", show=False, priority=True),
    Binding("f1", "why", "why", show=False),
    Binding("question_mark", "why", "why", show=False),
]
"""`why` is answered by the screen if it has an `action_why`, else by the app with the keys of the screen."""
BACK = Binding("escape", "back", "back", key_display="Esc")
"""For screens that can be left backwards. Ctrl+B is the same."""
BACK_TOO = Binding("ctrl+b", "back", "back", show=False, priority=True)
NEXT = Binding("ctrl+n", "next", "next", priority=True)
AT_ONCE = frozenset({"ctrl+q", "ctrl+c"})
"""Keys that wait for nothing: whatever hangs, one can stop and leave."""
QUIET = 2
"""Rounds without any change after which a key has done all it will do."""
ROUNDS = 12
"""Rounds after which the next key is let through on a screen that never comes to rest."""
PATIENCE = 5.0
"""Seconds after which it is let through although something on its way hangs: better a key astray than none at all."""


class InTurn(App[T]):
    """Takes a key only when all that the key before it has set going is done: the box it opens has the focus.

    The surprising thing: Textual gives a key to what has the focus when the key is read. A key that opens a box is
    then still on its way up from the widget to the app, so keys typed with it went to the screen behind the box.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._held: deque[events.Key | events.Paste] = deque()
        self._turn: asyncio.Task[None] | None = None

    async def on_event(self, event: events.Event) -> None:
        """What is typed waits for its turn; all else goes its way."""
        if not isinstance(event, (events.Key, events.Paste)) or event.is_forwarded:
            await super().on_event(event)
        elif self._turn is None or (isinstance(event, events.Key) and event.key in AT_ONCE):
            await self._let(event, in_turn=self._turn is None)
        else:
            self._held.append(event)

    def on_unmount(self) -> None:
        """Nobody waits for a key any more."""
        if self._turn is not None:
            self._turn.cancel()

    async def _let(self, event: events.Key | events.Paste, *, in_turn: bool) -> None:
        """Let it go; what comes behind it waits. Called by the app's own queue only, as without this class."""
        taker = self.focused or self.screen
        await super().on_event(event)
        if in_turn:
            self._turn = asyncio.create_task(self._settle(taker), name="ekswiz-key")

    async def _next(self) -> None:
        """The turn of the one that waits longest."""
        if self._held:
            await self._let(self._held.popleft(), in_turn=True)
        else:
            self._turn = None

    async def _settle(self, taker: Widget) -> None:
        """Wait until the key is through, and what it has opened is there; then it is the next one's turn."""
        quiet = rounds = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while quiet < QUIET and rounds < ROUNDS:
                    quiet, rounds = quiet + 1 if await self._round(taker) else 0, rounds + 1
        self.call_later(self._next)

    async def _round(self, taker: Widget) -> bool:
        """Go the way of the key once, behind all that is on it; whether nothing has come of that."""
        before = (self.screen, self.focused)
        road = _road(taker, self.focused or self.screen)
        for stop in road:
            await _passed(stop)
        return before == (self.screen, self.focused) and not any(stop.message_queue_size for stop in road)


def _road(*ends: Widget) -> list[DOMNode]:
    """The way of a key from each of these up to the app, which comes last; no stop twice."""
    stops: dict[DOMNode, None] = {}
    for end in ends:
        for stop in end.ancestors_with_self:
            stops.pop(stop, None)
            stops[stop] = None
    return list(stops)


async def _passed(pump: DOMNode) -> None:
    """Wait until all that stands in this queue by now is done. A queue that has closed has nothing left to do."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        await done.wait()
