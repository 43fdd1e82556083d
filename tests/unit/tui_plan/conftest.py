"""An app on a fake product, and ways to wait for what it shows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from ekswiz.frontend import Draft, Given
from ekswiz.tui.app import EkswizApp
from ekswiz.tui.preview.tree import ChangeTree
from unit.tui.doubles import ACCOUNT, MIRA, FakeLook, FakeProduct, everything
from unit.tui_plan.plans import FakeRoad
from unit.tui_snapshots.snapshot import frozen, snapshot, text_of

__all__ = ["frozen", "snapshot"]
DEADLINE = 60.0
COMPLETE = {
    "profile": "dev-admin", "account": ACCOUNT, "region": "eu-west-1", "owner": "acme", "repo": "payments-api",
    "owner_id": "1001", "repo_id": "2002", "branch": "main", "cluster": "platform-dev",
}  # fmt: skip


class Seat:
    """A user at the app: waits, reads, presses."""

    def __init__(self, app: EkswizApp, pilot: Pilot[Any], road: FakeRoad) -> None:
        self.app, self.pilot, self.road = app, pilot, road
        self.patience = DEADLINE

    @property
    def text(self) -> str:
        return text_of(self.app)

    @property
    def screen(self) -> str:
        return type(self.app.screen).__name__

    async def until(self, seen: Callable[[], object]) -> None:
        end = time.monotonic() + self.patience
        while not seen():
            assert time.monotonic() < end, f"it never came to that:\n{self.text}"
            await asyncio.sleep(0.02)

    async def hears(self, *words: str) -> None:
        """A note says it; its text is wrapped on screen, so it is read where it comes from."""
        await self.until(
            lambda: all(any(word in f"{n.title} {n.message}" for n in self.app._notifications) for word in words)
        )

    async def sees(self, *words: str) -> None:
        await self.until(lambda: all(word in self.text for word in words))

    async def on(self, name: str) -> None:
        await self.until(lambda: self.screen == name and self.app.screen.is_mounted)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def preview(self, **given: Any) -> None:
        self.app.go("destroy" if given.get("verb") == "destroy" else "preview", **given)
        await self.on("PreviewScreen")
        await self.until(lambda: self.app.wizard.view is not None and self.app.wizard.view.permissions is not None)
        # The tree is drawn anew when the permissions come, and puts its cursor back after that.
        await self.until(lambda: all(tree.cursor_node for tree in self.app.screen.query(ChangeTree) if tree.display))

    async def agree(self) -> None:
        """From the preview through the box, with every tick and the digits."""
        await self.press("a")
        await self.on("ConfirmModal")
        for box in self.app.screen.query("TickBox"):
            box.focus()
            await self.press("space")
        self.app.screen.query_one("#confirm-digits").focus()
        await self.press(*ACCOUNT[-4:], "enter")


@pytest.fixture
def seat(tmp_path: Path) -> Callable[..., Any]:
    """`async with seat(road, size=...) as at:`: an app whose answers are complete, at its start."""

    @asynccontextmanager
    async def opened(
        road: FakeRoad | None = None, *, size: tuple[int, int] = (80, 24), sim: bool = False
    ) -> AsyncIterator[Seat]:
        road = road or FakeRoad()
        says = {**everything(), "draft": Draft(COMPLETE, {})}
        product = FakeProduct(FakeLook(says), open_road=lambda given, choice: road)
        app = EkswizApp(product, Given(source=tmp_path), sim=sim)
        app.animation_level = "none"  # a picture in the middle of a movement is another one each time
        async with app.run_test(size=size, notifications=True) as pilot:
            at = Seat(app, pilot, road)
            await at.until(lambda: app.wizard.identity == MIRA or sim)
            await at.until(lambda: app.wizard.draft.values.get("cluster"))
            await at.until(lambda: at.screen == "StartScreen")
            yield at

    return opened
