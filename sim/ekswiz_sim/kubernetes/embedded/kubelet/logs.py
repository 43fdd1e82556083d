"""Container logs on disk, a time before every line, and reading them as `kubectl logs` asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from ekswiz_sim.kubernetes.embedded.seams import LogOptions

_LONGEST = 16 * 1024
"""Bytes of a line that are held back until it ends (containerd's limit)."""

_ROTATE = 10 * 1024 * 1024
"""Bytes after which a log starts anew (the kubelet's containerLogMaxSize)."""

_STAMP = len("2026-01-01T00:00:00.000000000Z ")


class Log:
    """The output of one run of one container."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.closed = False
        self._partial = b""
        self._file = path.open("wb", buffering=0)
        self._size = 0
        self._followers: set[asyncio.Event] = set()

    def write(self, data: bytes) -> None:
        """Add output."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) >= _LONGEST:
            lines.append(self._partial)
            self._partial = b""
        self._append(lines)

    def close(self) -> None:
        """The container has ended."""
        if self.closed:
            return
        if self._partial:
            self._append([self._partial])
        self.closed = True
        self._file.close()
        self._ring()

    def tail(self, lines: int, size: int) -> str:
        """The end of it as text, for a termination message."""
        with self.path.open("rb") as file:
            text = b"".join(line[_STAMP:] for line in file.readlines()[-lines:])
        return text[-size:].decode(errors="replace")

    async def read(self, options: LogOptions) -> AsyncIterator[bytes]:
        """Chunks as asked for; with `follow` until the container ends."""
        left = options.limit_bytes
        async for chunk in self._chunks(options):
            yield chunk if left is None else chunk[:left]
            if left is not None:
                left -= len(chunk)
                if left <= 0:
                    return

    async def _chunks(self, options: LogOptions) -> AsyncIterator[bytes]:
        news = asyncio.Event()
        self._followers.add(news)
        try:
            # One open file for as long as it is read: the pod's folder may go before its last lines were.
            with self.path.open("rb") as file:
                chosen = _chosen(file.readlines(), options)
                if chosen:
                    yield _joined(chosen, options)
                while options.follow and not (self.closed and file.tell() >= self._size):
                    await news.wait()
                    news.clear()
                    if file.tell() > self._size:
                        file.seek(0)  # it started anew
                    if more := file.readlines():
                        yield _joined(more, options)
        except FileNotFoundError:
            return  # the pod went before anybody read
        finally:
            self._followers.discard(news)

    def _append(self, lines: list[bytes]) -> None:
        if not lines or self.closed:
            return
        if self._size > _ROTATE:
            self._file.truncate(0)
            self._file.seek(0)
            self._size = 0
        stamp = _stamp(time.time_ns())
        self._size += self._file.write(b"".join(stamp + line + b"\n" for line in lines)) or 0
        self._ring()

    def _ring(self) -> None:
        for follower in self._followers:
            follower.set()


def _chosen(lines: list[bytes], options: LogOptions) -> list[bytes]:
    if options.since_seconds is not None:
        first = _stamp(time.time_ns() - options.since_seconds * 10**9)
        lines = [line for line in lines if line >= first]
    count = options.tail_lines
    return lines if count is None else lines[-count:] if count else []


def _stamp(nanoseconds: int) -> bytes:
    seconds, fraction = divmod(nanoseconds, 10**9)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{fraction:09d}Z ".encode()


def _joined(lines: list[bytes], options: LogOptions) -> bytes:
    return b"".join(lines if options.timestamps else (line[_STAMP:] for line in lines))
