from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import Static

from ekswiz.errors import Expired, Transient
from ekswiz.tui.area import DataArea
from unit.tui_snapshots.snapshot import frozen, text_of

__all__ = ["frozen"]


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield DataArea(Static("the data"), id="area")


async def test_the_five_states_say_what_they_are(frozen: Any) -> None:
    app = Host()
    async with app.run_test(size=(60, 8)) as pilot:
        area = app.query_one(DataArea)

        async def shown() -> str:
            await pilot.pause()
            return text_of(app)

        # empty: why, and the key
        area.empty("No plan yet. Press r to read one.")
        assert "No plan yet. Press r" in await shown()
        assert "the data" not in await shown()
        # loading: nothing for a moment, then what, then for how long
        area.reading("EKS access entries")
        assert "Reading" not in await shown()
        frozen.forward(0.2)
        area.reading("EKS access entries")
        assert "..  Reading EKS access entries" in await shown()
        frozen.forward(8)
        area.reading("EKS access entries", "3 of 9")
        said = await shown()
        assert "Still reading EKS access entries (8 s), 3 of 9" in said
        assert "the data" in said
        # partial: the data, and what failed
        area.partly(Transient("ecr did not answer"))
        said = await shown()
        assert "the data" in said
        assert "--  No answer: ecr did not answer." in said
        # error: four parts
        area.failed(Expired("it ended"))
        said = await shown()
        assert "the data" not in said
        assert "xx  The AWS session has expired." in said
        assert "Press l: aws sso login" in said
        # ready: the data alone
        area.ready()
        said = await shown()
        assert "the data" in said
        assert "session" not in said


async def test_the_seconds_go_on_by_themselves(frozen: Any) -> None:
    app = Host()
    async with app.run_test(size=(60, 8)) as pilot:
        area = app.query_one(DataArea)
        area.reading("clusters")
        frozen.forward(6)
        for _ in range(200):
            await pilot.pause(0.02)
            if "(6 s)" in text_of(app):
                break
        assert "Still reading clusters (6 s)" in text_of(app)
        area.ready()
        assert area._timer is None
