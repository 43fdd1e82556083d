"""An app on a fake product, and a user in front of it who waits for what is shown, never for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import zip_longest
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from textual.pilot import Pilot

from ekswiz.frontend import Given
from ekswiz.tui import screens
from ekswiz.tui.app import EkswizApp
from ekswiz.tui.frame import FrameScreen
from ekswiz.tui.keys import BACK
from ekswiz.tui.screens import Place
from unit.tui.doubles import FakeLook, FakeProduct, everything
from unit.tui_snapshots.snapshot import frozen, snapshot, text_of

__all__ = ["frozen", "snapshot"]
DEADLINE = 60.0


class Blank(FrameScreen):
    """Stands for the screens of other rooms; knows with what it was called."""

    STEP: ClassVar[str] = "preview"
    BINDINGS: ClassVar[list[Any]] = [BACK]
    last: ClassVar[dict[str, Any]] = {}

    def __init__(self, **given: Any) -> None:
        super().__init__()
        Blank.last = given


class Seat:
    """A user at the app."""

    def __init__(self, app: EkswizApp, pilot: Pilot[Any], product: FakeProduct) -> None:
        self.app, self.pilot, self.product, self.look = app, pilot, product, product.look

    @property
    def text(self) -> str:
        return text_of(self.app)

    @property
    def screen(self) -> str:
        return type(self.app.screen).__name__

    @property
    def focus(self) -> str:
        return (self.app.focused.id if self.app.focused else None) or ""

    def value(self, name: str) -> str:
        from ekswiz import steps

        return steps.value(self.app.wizard.draft, name)

    async def until(self, seen: Callable[[], object]) -> None:
        end = time.monotonic() + DEADLINE
        while not seen():
            assert time.monotonic() < end, f"it never came to that:\n{self.text}"
            await self.pilot.pause()
            await asyncio.sleep(0.005)
        await self.pilot.pause()

    async def sees(self, *words: str) -> None:
        """Words are on the screen, wherever lines are broken and whatever stands beside them."""
        await self.until(lambda: all(any(_squash(word) in each for each in _columns(self.text)) for word in words))

    async def focused(self, name: str) -> None:
        await self.until(lambda: self.focus == name)

    async def told(self, *words: str) -> None:
        """A notification says it."""
        await self.until(
            lambda: all(any(word in f"{n.title} {n.message}" for n in self.app._notifications) for word in words)
        )

    async def on(self, name: str) -> None:
        await self.until(lambda: self.screen == name and self.app.screen.is_mounted)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def write(self, text: str) -> None:
        """Empty the box that has the focus, and type."""
        await self.press("end", "ctrl+u", *({" ": "space", "/": "slash"}.get(sign, sign) for sign in text))

    async def settled(self) -> None:
        """Nothing is being looked up any more."""
        await self.until(lambda: not any(look.state == "loading" for look in self.app.lookups.known.values()))

    async def gather(self, step: str = "account") -> None:
        """On a step, with everything looked up."""
        await self.settled()
        self.app.go("gather", step=step)
        await self.until(lambda: self.app.screen.query(f"#form-{step} #row-{FIRST[step]}"))
        await self.pilot.pause()


def _squash(text: str) -> str:
    return " ".join(text.split())


def _columns(text: str) -> list[str]:
    """The whole, and each column of panes that stand side by side."""
    rows = [line.split("│") for line in text.splitlines()]
    return [_squash(text), *(_squash(" ".join(column)) for column in zip_longest(*rows, fillvalue=""))]


FIRST = {"account": "account", "github": "repository", "access": "stack", "target": "create_cluster"}


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`async with at(says, size=..., sim=...) as seat`: the app on a fake machine."""
    places = {name: Place(__name__, "Blank") for name in ("preview", "destroy", "apply", "result")}
    places["rehearsal"] = Place(__name__, "Blank", over=True)
    places["rehearsal-full"] = Place(__name__, "Blank", over=True, fixed={"full": True})
    monkeypatch.setattr(screens, "PLACES", {**screens.PLACES, **places})
    monkeypatch.setattr("ekswiz.tui.app.PLACES", screens.PLACES)
    monkeypatch.setattr("ekswiz.tui.screens.import_module", _modules(screens.import_module))

    @asynccontextmanager
    async def sit(
        says: dict[str, Any] | None = None,
        *,
        size: tuple[int, int] = (80, 24),
        sim: bool = False,
        hold: tuple[str, ...] = (),
        left: Any = None,
        given: Given | None = None,
    ) -> AsyncIterator[Seat]:
        look = FakeLook(everything() if says is None else says)
        look.hold(*hold)
        product = FakeProduct(look, lambda _given, _choice: SimpleNamespace(unfinished=lambda: left))  # type: ignore[arg-type,return-value]
        app = EkswizApp(product, given or Given(source=tmp_path), sim=sim)
        app.animation_level = "none"  # a picture in the middle of a movement is another one each time
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            try:
                yield Seat(app, pilot, product)
            finally:
                look.let(*look.held)

    return sit


def _modules(real: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda name: SimpleNamespace(Blank=Blank) if name == __name__ else real(name)
