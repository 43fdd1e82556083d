"""Hides secrets in everything that leaves a run, as GitHub's runner does: the value, its lines and its usual encodings.

The surprising thing: a job's output that would be masked is not passed on at all. A region kept as a secret therefore
makes every output with a registry's host name empty.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from urllib.parse import quote

MASK = "***"
SHORTEST = 6
"""Bytes below which Base64 is not looked for: so short a piece would hide half of the log."""


class Masker:
    """The secrets of one run. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: tuple[str, ...] = ()

    def add(self, secret: str) -> None:
        """Hide this from now on; nothing but white space is ignored."""
        with self._lock:
            known = set(self._values)
            known.update(form for form in _forms(secret) if form.strip())
            self._values = tuple(sorted(known, key=len, reverse=True))

    def mask(self, text: str) -> str:
        """The text with each secret, and each run of overlapping ones, replaced by three stars."""
        spans = sorted(span for value in self._values for span in _spans(text, value))
        made: list[str] = []
        end = 0
        for start, stop in spans:
            if start > end or not made:
                made.extend((text[end:start], MASK))
            end = max(end, stop)
        return "".join([*made, text[end:]])

    def hides(self, text: str) -> bool:
        """Whether the text holds a secret."""
        return any(value in text for value in self._values)


def _spans(text: str, value: str) -> Iterator[tuple[int, int]]:
    at = text.find(value)
    while at >= 0:
        yield at, at + len(value)
        at = text.find(value, at + 1)


def _forms(secret: str) -> Iterator[str]:
    """The secret as it may show up in a log."""
    yield secret
    yield secret.strip()
    yield from secret.splitlines()
    yield json.dumps(secret)[1:-1]
    yield quote(secret, safe="")
    if len(secret) > 1 and secret[0] == secret[-1] == '"':
        yield secret[1:-1]
    raw = secret.encode(errors="surrogateescape")
    for shift in range(3):
        rest = raw[shift:]
        for piece in (rest, rest[: len(rest) // 3 * 3]):  # whole groups do not depend on what follows
            if len(piece) >= SHORTEST:
                yield base64.b64encode(piece).decode().rstrip("=")
