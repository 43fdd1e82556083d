"""The pictures of the documentation: every screen, on the way that a user goes. `make shots` makes them anew.

They are snapshots like all others, so a page never shows what is no longer so; beside each SVG stands its text.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from ekswiz.frontend import Check, Draft, Given
from ekswiz.plan import Action, Plan
from ekswiz.tui.app import EkswizApp
from unit.tui.doubles import ACCOUNT, FakeLook, FakeProduct, everything
from unit.tui_plan.plans import FakeRoad, Gated, full_plan
from unit.tui_rehearsal import hosts
from unit.tui_snapshots.snapshot import SIZES, UPDATE, Frozen, Snapshots, frozen, text_of

__all__ = ["frozen"]
PICTURES = Path(__file__).resolve().parents[3] / "docs" / "pictures"
SOURCES = {
    "profile": ("dev-admin", "from AWS_PROFILE"),
    "account": (ACCOUNT, "of dev-admin"),
    "region": ("eu-west-1", "from profile dev-admin"),
    "owner": ("acme", "from git remote origin"),
    "repo": ("payments-api", "from git remote origin"),
    "owner_id": ("1001", "from GitHub"),
    "repo_id": ("2002", "from GitHub"),
    "branch": ("main", "from the branch that is checked out"),
    "cluster": ("platform-dev", "the only cluster here"),
}
KNOWN = Draft({name: text for name, (text, _) in SOURCES.items()}, {name: said for name, (_, said) in SOURCES.items()})
CHECKS = (
    Check("identity", "AWS identity", "ok", "dev-admin, session 47 min", "Everything is made as this one."),
    Check("github", "GitHub", "ok", "signed in through gh as mira", "Ids and branch come from there."),
    Check("docker", "Docker", "warn", "not running", "Only the full rehearsal needs it.", "Start Docker."),
)
DEADLINE = 60.0
pytestmark = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
Size = tuple[int, int]


@pytest.fixture
def pictures() -> Snapshots:
    return Snapshots(PICTURES, os.environ.get(UPDATE) == "update")


@asynccontextmanager
async def wizard(size: Size, road: FakeRoad) -> AsyncIterator[Pilot[Any]]:
    """The wizard on a machine that is set up."""
    look = FakeLook({**everything(), "draft": KNOWN, "checks": CHECKS})
    app = EkswizApp(
        FakeProduct(look, open_road=lambda given, choice: road), Given(source=Path("/srv/payments")), sim=False
    )
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        await sees(pilot, "Docker", "not running", "acme/payments-api")
        yield pilot


async def sees(pilot: Pilot[Any], *words: str) -> None:
    await until(pilot, lambda: all(word in text_of(pilot.app) for word in words))


async def until(pilot: Pilot[Any], holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline, f"it never came to that:\n{text_of(pilot.app)}"
        await pilot.pause(0.02)
    await pilot.pause()


async def planned(pilot: Pilot[Any]) -> None:
    """A plan is on the screen, with everything that is known about it."""
    wizard = pilot.app.wizard  # type: ignore[attr-defined]  # ours
    await until(pilot, lambda: wizard.view is not None and wizard.view.permissions is not None)


async def test_from_the_start_to_the_result(pictures: Snapshots, frozen: Frozen, size: Size) -> None:
    gate = Gated()
    road = FakeRoad(run=gate)
    road.made = lambda: full_plan() if not road.applied else settled()
    async with wizard(size, road) as pilot:
        app = pilot.app
        await pictures.match(app, "S0-start")
        await pilot.press("home", "enter")
        for name, words in (
            ("S1-account", "Which AWS account do we set up?"),
            ("S2-github", "Which repository and branch may deploy?"),
            ("S3-access", "What may the pipeline do, once inside?"),
            ("S4-target", "Where does it run?"),
        ):
            await sees(pilot, words, *([] if name == "S1-account" else ["saved in ekswiz.toml"]))
            await pictures.match(app, name)
            await pilot.press("ctrl+n")
        await planned(pilot)
        await pictures.match(app, "S5-preview")
        await pilot.press("a")
        await sees(pilot, "the last 4 digits of the account")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "confirm-back")
        await pictures.match(app, "S6-confirm")
        await agree(pilot)
        await carried_out(pilot, gate, frozen, pictures)


def settled() -> Plan:
    """What is planned when all of it has been made."""
    asked = full_plan()
    kept = [replace(one, action=Action.KEEP, before=one.after or one.before, risks=()) for one in asked.changes]
    return replace(asked, changes=tuple(kept))


async def agree(pilot: Pilot[Any]) -> None:
    for box in pilot.app.screen.query("TickBox"):
        box.focus()
        await pilot.press("space")
    pilot.app.screen.query_one("#confirm-digits").focus()
    await pilot.press(*ACCOUNT[-4:], "enter")


async def carried_out(pilot: Pilot[Any], gate: Gated, frozen: Frozen, pictures: Snapshots) -> None:
    await sees(pilot, "Applying")
    for number in range(3):
        gate.step()
        await until(pilot, lambda done=number + 1: text_of(pilot.app).count(" done ") >= done)
    frozen.forward(14)
    await sees(pilot, "0:14", "slower than usual", "started   namespace.app")
    await pictures.match(pilot.app, "S7-apply")
    gate.step(100)
    await sees(pilot, "changes made in", "the files in your repository")
    await pictures.match(pilot.app, "S9-result")


async def test_the_rehearsal(pictures: Snapshots, frozen: Frozen, size: Size) -> None:
    gate = "tag-named-like-branch/push-image"
    product = hosts.Product(gates={gate: threading.Event()})
    async with hosts.rehearsing(product, size) as (pilot, screen):
        await until(pilot, lambda: len(screen.progress.cells) == 72)
        frozen.forward(7)
        await sees(pilot, "0:07")
        await pictures.match(pilot.app, "S8-rehearsal")


async def test_a_rehearsal_that_found_something(pictures: Snapshots, frozen: Frozen, size: Size) -> None:
    product = hosts.Product(events=list(hosts.road(("pull-request", "deploy"))), ok=False)
    async with hosts.rehearsing(product, size) as (pilot, screen):
        await hosts.over(pilot, screen)
        await pictures.match(pilot.app, "S8-surprise")
        await pilot.press("enter")
        await pilot.pause()
        await pictures.match(pilot.app, "S8-details")


async def test_removing(pictures: Snapshots, frozen: Frozen, size: Size) -> None:
    road = FakeRoad()
    async with wizard(size, replace(road)) as pilot:
        pilot.app.go("destroy")  # type: ignore[attr-defined]  # ours
        await planned(pilot)
        await pictures.match(pilot.app, "S10-destroy")
