"""Record a rehearsal in a terminal as an asciicast (version 2), for `asciinema play docs/pictures/rehearsal.cast`.

Keys are pressed by this script: it starts the wizard, chooses the rehearsal, looks at a surprise-free matrix, at the
details of one cell, and leaves.
"""

from __future__ import annotations

import codecs
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import bench_tui
from bench_tui import SIZE, Screen, wizard

FILE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "rehearsal.cast"
LONGEST_PAUSE = 1.5
"""Seconds; whoever watches need not wait for this machine."""
GLANCE = 1.2
"""Seconds to look at what has come."""


@dataclass
class Recorded(Screen):
    """A screen that remembers when what came."""

    heard: list[tuple[float, bytes]] = field(default_factory=list)

    def read(self, seconds: float) -> bool:
        """Take what has come, and note the time."""
        before = len(self.seen)
        if not super().read(seconds):
            return False
        self.heard.append((time.monotonic(), bytes(self.seen[before:])))
        return True

    def look(self, seconds: float = GLANCE) -> None:
        """Let a user see it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.read(0.02)


def play(screen: Recorded) -> None:
    """The road that is shown."""
    screen.wait("Rehearse on this machine")
    screen.look()
    at = screen.press(b"\x1b[H\x1b[B")
    screen.look()
    screen.press(b"\r")
    screen.wait("Everything works as intended", "FAIL", since=at)
    screen.look()
    for keys in (b"m", b"\x1b[B" * 4, b"\x1b[C", b"\r", b"\x1b", b"m"):
        screen.press(keys)
        screen.look()


def lines(heard: list[tuple[float, bytes]]) -> Iterator[str]:
    """The file, line by line."""
    height, width = SIZE
    yield json.dumps({"version": 2, "width": width, "height": height, "title": "ekswiz: a rehearsal", "env": {}})
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    at, last = 0.0, heard[0][0]
    for when, data in heard:
        at, last = at + min(when - last, LONGEST_PAUSE), when
        text = decode(data)
        if text:
            yield json.dumps([round(at, 3), "o", text], ensure_ascii=False)


def main() -> int:
    """Record it; the file's name and size."""
    bench_tui.Screen = Recorded  # type: ignore[misc]  # what `wizard` opens
    with tempfile.TemporaryDirectory() as folder:
        with wizard([sys.executable, "-m", "ekswiz.main", "--sim", "--sample"], Path(folder)) as screen:
            assert isinstance(screen, Recorded)
            play(screen)
            heard = list(screen.heard)
        text = "\n".join(lines(heard)).replace(folder, "/home/mira/hello-eks") + "\n"
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text, encoding="utf-8")
    print(f"{FILE}: {len(text) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
