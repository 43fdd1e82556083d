"""How the rehearsal looks, as text and as SVG, in both sizes."""

from __future__ import annotations

import threading

import pytest

from ekswiz.errors import InputError
from unit.tui_rehearsal.hosts import Product, over, reached, rehearsing, road
from unit.tui_snapshots.snapshot import SIZES, Frozen, Snapshots

pytestmark = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
Size = tuple[int, int]
TROUBLE = InputError(
    "--dockerfile", "there is no Dockerfile in /srv/payments.", "Add one, or try: ekswiz --sim --sample."
)


async def test_while_the_workflow_runs(snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    gate = "build/Build and push"
    async with rehearsing(Product(gates={gate: threading.Event()}), size) as (pilot, screen):
        await reached(pilot, screen, "push/build/Log in to ECR")
        await snapshot.match(pilot.app, "running")


async def test_while_the_matrix_fills(snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    gate = "tag-named-like-branch/push-image"
    async with rehearsing(Product(gates={gate: threading.Event()}), size) as (pilot, screen):
        await reached(pilot, screen, "access")
        while len(screen.progress.cells) < 72:
            await pilot.pause(0.01)
        await pilot.pause()
        await snapshot.match(pilot.app, "filling")


async def test_all_as_intended(snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    async with rehearsing(Product(), size) as (pilot, screen):
        await over(pilot, screen)
        await snapshot.match(pilot.app, "green")


async def test_a_surprise(snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    product = Product(events=list(road(("pull-request", "deploy"))), ok=False)
    async with rehearsing(product, size) as (pilot, screen):
        await over(pilot, screen)
        await snapshot.match(pilot.app, "surprise")
        await pilot.press("enter")
        await pilot.pause()
        await snapshot.match(pilot.app, "surprise-details")


async def test_the_matrix_alone(snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    async with rehearsing(Product(), size) as (pilot, screen):
        await over(pilot, screen)
        await pilot.press("m")
        await pilot.pause()
        await snapshot.match(pilot.app, "matrix")


async def test_what_cannot_be_rehearsed(snapshot: Snapshots, frozen: Frozen, size: Size) -> None:
    async with rehearsing(Product(error=TROUBLE), size) as (pilot, screen):
        await over(pilot, screen)
        await snapshot.match(pilot.app, "trouble")
