"""Snapshots of screens, for all tests: what a screen looks like, as SVG and as text, beside the test that made it.

A test takes the `snapshot` fixture and, with the app running under Pilot, calls
`await snapshot.match(app, "start-ready")`: it waits until the screen comes to look like that.
Two files are compared, `NAME-80x24.svg` and `NAME-80x24.txt` (the size is the app's), in the folder `snapshots` beside
the test's module. `EKSWIZ_SNAPSHOTS=update pytest ...` writes them. The text is what a reviewer reads; the SVG holds
the colours as well. Use the `frozen` fixture where a screen shows times.

In another folder's conftest.py: `from unit.tui_snapshots.snapshot import frozen, snapshot`.
"""

from __future__ import annotations

import asyncio
import difflib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

UPDATE = "EKSWIZ_SNAPSHOTS"
SIZES = ((80, 24), (120, 40))
"""Every snapshot is made at both."""
THEME = "ekswiz"
PATIENCE = 30.0
"""Seconds. A busy machine draws late; a picture that is right ends the wait at once."""
NOON = 1_767_268_800.0
"""2026-01-01T12:00:00Z."""
GLANCE = 0.05
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_ID = re.compile(r"terminal-\d+")
_DEAD_WEIGHT = (
    re.compile(r"<clipPath id=\"ekswiz-line-\d+\">.*?</clipPath>\s*", re.DOTALL),
    re.compile(r" clip-path=\"url\(#ekswiz-line-\d+\)\""),
    re.compile(r"<text [^>]*>(?:&#160;|\s)*</text>"),
)
"""A clip for each line and texts of spaces: two thirds of the bytes, nothing to be seen."""


@dataclass(frozen=True)
class Snapshots:
    """Compares screens with what was seen before."""

    folder: Path
    update: bool

    async def match(self, app: Any, name: str) -> None:
        """Wait until the screen that `app` shows looks like the snapshot of this name, in both forms.

        Raises:
            AssertionError: It never came to look like that (the text's difference is shown), or there is none yet.
        """
        still(app)
        stem = self.folder / f"{name}-{app.size.width}x{app.size.height}"
        if self.update:
            await at_rest(app)
        else:
            await _comes_to_look_like(stem, app)
        for suffix, form in FORMS.items():
            self._compare(Path(f"{stem}{suffix}"), form(app))

    def _compare(self, file: Path, found: str) -> None:
        if self.update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(found, encoding="utf-8")
            return
        assert file.is_file(), f"there is no {file.name}; make it with {UPDATE}=update and look at it\n{found[:4000]}"
        wanted = file.read_text(encoding="utf-8")
        if file.suffix == ".svg":
            assert found == wanted, f"{file.name}: the colours or styles differ"
        lines = difflib.unified_diff(wanted.splitlines(), found.splitlines(), "seen before", "now", lineterm="")
        assert found == wanted, f"{file.name} differs:\n" + "\n".join(lines)


async def _comes_to_look_like(stem: Path, app: Any) -> None:
    """Return when it does, or when patience ends. Nothing announces a drawn screen, so it is looked at."""
    for _ in range(int(PATIENCE / GLANCE)):
        if _looks_like(stem, app):
            return
        await asyncio.sleep(GLANCE)


def _looks_like(stem: Path, app: Any) -> bool:
    """The text first: it costs a tenth of the SVG."""
    files = {Path(f"{stem}{suffix}"): form for suffix, form in FORMS.items()}
    if not all(file.is_file() for file in files):
        return True
    return all(file.read_text(encoding="utf-8") == form(app) for file, form in files.items())


async def at_rest(app: Any) -> None:
    """Until ten looks in a row, a twentieth of a second apart, have shown the same."""
    seen: list[str] = []
    while len(seen) < 10 or len(set(seen[-10:])) > 1:
        await asyncio.sleep(GLANCE)
        still(app)
        seen.append(svg_of(app))


def still(app: Any) -> None:
    """Nothing that moves by itself: no animation, no blinking cursor, the one theme."""
    from textual.widgets import Input, TextArea

    app.animation_level = "none"
    for field in app.screen.query(Input):
        field.cursor_blink = False
    for area in app.screen.query(TextArea):
        area.cursor_blink = False
    if app.theme != THEME and THEME in app.available_themes:
        app.theme = THEME


def text_of(app: Any) -> str:
    """The screen as text, a line per row, without trailing spaces."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def svg_of(app: Any) -> str:
    """The screen as SVG that refers to nothing outside itself and is the same whenever the screen is."""
    found = app.export_screenshot(title="ekswiz", simplify=True)
    found = _ID.sub("ekswiz", _FONTS.sub("", found))
    for pattern in _DEAD_WEIGHT:
        found = pattern.sub("", found)
    return "\n".join(line.rstrip() for line in found.replace("</text><text", "</text>\n<text").splitlines()) + "\n"


FORMS = {".txt": text_of, ".svg": svg_of}


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Snapshots:
    return Snapshots(Path(request.path).parent / "snapshots", os.environ.get(UPDATE) == "update")


@dataclass
class Frozen:
    """The clock of the screens, in the test's hand."""

    at: float = NOON

    def forward(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Frozen:
    """`ekswiz.tui.clock` stands at noon, UTC, until the test moves it."""
    from ekswiz.tui import clock

    held = Frozen()
    monkeypatch.setattr(clock, "steady", lambda: held.at)
    monkeypatch.setattr(clock, "wall", lambda: held.at)
    monkeypatch.setattr(clock, "of_day", lambda at: time.strftime("%H:%M:%S", time.gmtime(at)))
    return held
