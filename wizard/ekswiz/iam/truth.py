"""Three-valued truth: True, False, and None for what cannot be known.

An Allow needs True. A Deny applies unless the answer is False. So what cannot be known always ends in a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable

Truth = bool | None


def either(truths: Iterable[Truth]) -> Truth:
    """True if any is True; otherwise None if any is unknown; otherwise False (Kleene's OR)."""
    unknown = False
    for truth in truths:
        if truth:
            return True
        unknown = unknown or truth is None
    return None if unknown else False


def every(truths: Iterable[Truth]) -> Truth:
    """False if any is False; otherwise None if any is unknown; otherwise True (Kleene's AND)."""
    unknown = False
    for truth in truths:
        if truth is False:
            return False
        unknown = unknown or truth is None
    return None if unknown else True


def opposite(truth: Truth) -> Truth:
    """The negation; the unknown stays unknown."""
    return None if truth is None else not truth
