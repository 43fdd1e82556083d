"""The one loop behind all controllers: a change in the store becomes keys; a key that came often is reconciled once.

Controllers only ever read what is there now. A missed or doubled change is therefore harmless.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

from ekswiz_sim.kubernetes.embedded.controllers.objects import Key
from ekswiz_sim.kubernetes.embedded.store import Store, StoreEvent

_log = logging.getLogger(__name__)
_RETRY = 1.0
_Item = tuple["Controller", Key]


class Controller(Protocol):
    """Something that makes a kind's objects true."""

    def keys(self, event: StoreEvent) -> Iterable[Key]:
        """Which of its objects a change may concern."""
        ...

    def reconcile(self, key: Key) -> float | None:
        """Act on the object as it is now. The answer is in how many seconds to look again, if time alone matters."""
        ...


class Manager:
    """Feeds controllers from the store until it is stopped."""

    def __init__(self, store: Store, controllers: Sequence[Controller]) -> None:
        self._store = store
        self._controllers = controllers
        self._due: dict[_Item, None] = {}
        self._timers: dict[_Item, asyncio.TimerHandle] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled: first everything that is there, then every change."""
        queue = self._store.subscribe()
        pump = asyncio.create_task(self._pump(queue))
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                self._work()
                await asyncio.sleep(0)
        finally:
            pump.cancel()
            self._store.unsubscribe(queue)
            for timer in self._timers.values():
                timer.cancel()

    async def _pump(self, queue: asyncio.Queue[StoreEvent]) -> None:
        for kind in self._store.kinds():
            for obj in self._store.all(kind):
                self._route(StoreEvent(self._store.version, "ADDED", kind, obj))
        while True:
            self._route(await queue.get())

    def _route(self, event: StoreEvent) -> None:
        for controller in self._controllers:
            for key in controller.keys(event):
                self._enqueue((controller, key))

    def _enqueue(self, item: _Item) -> None:
        self._due[item] = None
        self._wake.set()

    def _work(self) -> None:
        due, self._due = self._due, {}
        for item in due:
            timer = self._timers.pop(item, None)
            if timer is not None:
                timer.cancel()
            after = self._reconcile(item)
            if after is not None:
                self._timers[item] = asyncio.get_running_loop().call_later(after, self._enqueue, item)

    @staticmethod
    def _reconcile(item: _Item) -> float | None:
        controller, key = item
        try:
            return controller.reconcile(key)
        except Exception:  # noqa: BLE001 - the boundary that keeps one broken object from stopping all others
            _log.exception("%s could not reconcile %s", type(controller).__name__, "/".join(key))
            return _RETRY
