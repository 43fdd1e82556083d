"""How start and questions look when something is missing, wrong or under way: as text and as SVG, in both sizes."""

from __future__ import annotations

from typing import Any

import pytest

from ekswiz.errors import Expired, Transient
from ekswiz.frontend import Draft
from unit.tui.doubles import FROM, KNOWN, everything, nothing
from unit.tui_snapshots.snapshot import SIZES, Frozen, Snapshots

pytestmark = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
Size = tuple[int, int]


async def test_while_everything_is_looked_up(at: Any, snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    async with at(size=size, hold=("identity", "repository", "checks")) as seat:
        await seat.sees("asking who dev-admin is", "ok Repository")
        await snapshot.match(seat.app, "start-looking")


async def test_when_nothing_is_known(at: Any, snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    async with at(nothing(), size=size) as seat:
        await seat.gather()
        await seat.focused("box-account")
        await snapshot.match(seat.app, "account-empty")


async def test_when_the_session_has_expired(at: Any, snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    async with at({**everything(), "identity": Expired("it ended at 11:00")}, size=size) as seat:
        await seat.gather()
        await seat.focused("box-account")
        await snapshot.match(seat.app, "account-expired")


async def test_when_github_does_not_answer(at: Any, snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    async with at({**everything(), "repository": Transient("api.github.com timed out")}, size=size) as seat:
        await seat.gather("github")
        await seat.focused("box-owner_id")
        await snapshot.match(seat.app, "github-silent")


async def test_a_cluster_that_is_made(at: Any, snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    said = {**everything(), "draft": Draft({**KNOWN, "create_cluster": "true", "cluster": "shop"}, FROM)}
    async with at(said, size=size) as seat:
        await seat.gather("target")
        await seat.focused("to-next")
        await snapshot.match(seat.app, "target-new-cluster")


async def test_the_list_of_a_pick(at: Any, snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    async with at(size=size) as seat:
        await seat.gather()
        seat.app.screen.query_one("#box-profile").focus()
        await seat.press("space")
        await seat.on("PickList")
        await seat.sees("prod us-east-1")
        await snapshot.match(seat.app, "pick-list")
