"""What the screens of a plan and a run look like, at both sizes: for reviewers, and against surprises."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from ekswiz.errors import Refused
from ekswiz.plan import Action
from unit.tui_plan.plans import FakeRoad, Gated, change, full_plan, plan
from unit.tui_snapshots.snapshot import SIZES, Frozen, Snapshots

Show = Callable[[Any], Awaitable[None]]


async def loading(at: Any) -> None:
    at.road.hold = threading.Event()
    at.app.go("preview")
    await at.on("PreviewScreen")
    at.frozen.forward(1.0)
    await at.sees("Reading what exists")


async def failed(at: Any) -> None:
    def denied() -> Any:
        raise Refused("eks:DescribeCluster on cluster/platform-dev.", "Use another profile.")

    at.road.made = denied
    at.app.go("preview")
    await at.sees("Denied: eks:DescribeCluster", "r reread")


async def partial(at: Any) -> None:
    hidden = change("access_entry.deploy", Action.UNKNOWN, why="AccessDenied: eks:DescribeAccessEntry")
    at.road.made = lambda: plan(hidden, *full_plan().changes[:4])
    await at.preview()
    await at.sees("could not be read", "? Access entry deploy")


async def ready(at: Any) -> None:
    await at.preview()
    await at.press("down")
    await at.sees("Trust: who can become")


async def confirm(at: Any) -> None:
    await ready(at)
    await at.press("a")
    await at.on("ConfirmModal")
    await at.sees("Type 9012")


async def applying(at: Any) -> None:
    run = Gated()
    at.road.run = run
    at.let = run
    at.app.go("apply", plan=full_plan(), verb="apply")
    run.step(3)
    await at.sees("Applying 3 of 7", "now   + Namespace")
    at.frozen.forward(14.0)
    await at.sees("elapsed 0:14")


async def stopping(at: Any) -> None:
    await applying(at)
    await at.press("s")
    await at.sees("Stopping. Finishing:")


async def broken(at: Any) -> None:
    run = Gated(frozenset({"iam_role.deploy"}))
    at.road.run = run
    at.app.go("apply", plan=full_plan(), verb="apply")
    run.step(7)
    await at.sees("4 of 7 changes are made", "u undo")


async def result(at: Any) -> None:
    await at.preview()
    at.road.made = lambda: plan(*(replace(c, action=Action.KEEP, before=c.after) for c in full_plan().changes))
    await at.agree()
    await at.on("ResultScreen")
    await at.sees("ok   the roles exist", "waiting for your push")


async def destroy(at: Any) -> None:
    await at.preview(verb="destroy")
    await at.sees("a remove")


SHOWN: dict[str, Show] = {
    "preview-loading": loading,
    "preview-error": failed,
    "preview-partial": partial,
    "preview-ready": ready,
    "confirm": confirm,
    "apply-running": applying,
    "apply-stopping": stopping,
    "apply-failed": broken,
    "result": result,
    "destroy": destroy,
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SHOWN)
async def test_looks_as_before(
    seat: Any, snapshot: Snapshots, frozen: Frozen, name: str, size: tuple[int, int]
) -> None:
    async with seat(FakeRoad(), size=size) as at:
        at.frozen = frozen
        try:
            await SHOWN[name](at)
            await at.pilot.pause()
            await at.pilot.pause()
            await snapshot.match(at.app, name)
        finally:
            if at.road.hold is not None:
                at.road.hold.set()
            if isinstance(at.road.run, Gated):
                at.road.run.step(10)
