"""The simulated world that the wizard starts for itself, and removes when it ends."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from ekswiz.frontend import Application, Given


class OwnWorld:
    """At most one world of ours. If somebody else's is up, it is used as it is and left alone."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._made_for: Mapping[str, str | None] | None = None
        self.facts: Mapping[str, Any] | None = None

    @property
    def ours(self) -> bool:
        """Whether the world that is up was started here."""
        return self._made_for is not None

    def ensure(self, given: Given) -> Mapping[str, Any]:
        """The facts of a world for these answers: the one that is up, or a new one.

        Ours is made anew if the answers changed since: a world is made for one pipeline.

        Raises:
            EkswizError: It could not be started.
        """
        with self._lock:
            if self._made_for is not None and dict(self._made_for) != dict(given.fields):
                self._down()
            found = self._application.sim_status()
            if found is None:
                found = self._application.sim_up(given, 0)
                self._made_for = dict(given.fields)
            self.facts = found
            return found

    def close(self) -> list[str]:
        """Remove our world; what could not be removed. One of somebody else's stays."""
        with self._lock:
            return self._down() if self.ours else []

    def _down(self) -> list[str]:
        self._made_for, self.facts = None, None
        return self._application.sim_down()
