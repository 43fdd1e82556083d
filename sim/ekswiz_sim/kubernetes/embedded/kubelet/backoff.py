"""Waiting longer after every failure."""

from __future__ import annotations


class Backoff:
    """Doubles from `first` to `longest` seconds."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def take(self) -> float:
        """The next wait."""
        now, self._next = self._next, min(self._next * 2, self._longest)
        return now

    def reset(self) -> None:
        """Begin again."""
        self._next = self._first


def spoken(seconds: float) -> str:
    """A duration as Go writes it: `10s`, `2m40s`, `5m0s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
