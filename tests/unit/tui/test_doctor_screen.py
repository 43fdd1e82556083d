from __future__ import annotations

from typing import Any

from ekswiz.errors import TargetError
from unit.tui.doubles import everything, nothing


async def test_every_check_with_why_and_fix(at: Any) -> None:
    async with at() as seat:
        await seat.settled()
        await seat.press("d")
        await seat.on("DoctorScreen")
        await seat.sees("ok AWS identity: dev-admin", "-- Docker: not running", "xx Clock: off by 400 s")
        await seat.press("down", "down")
        await seat.sees("Clock (clock)", "AWS refuses signatures", "Fix: Set the clock.")
        await seat.press("y")
        assert seat.app.clipboard == "Set the clock."
        await seat.press("escape")
        await seat.on("StartScreen")


async def test_checks_are_made_again_on_demand(at: Any) -> None:
    async with at() as seat:
        await seat.settled()
        await seat.press("d")
        await seat.on("DoctorScreen")
        seat.look.says["checks"] = everything()["checks"][:1]
        await seat.press("r")
        await seat.settled()
        await seat.until(lambda: "Docker" not in seat.text)


async def test_what_comes_while_looking_is_shown(at: Any) -> None:
    async with at(hold=("checks",)) as seat:
        await seat.press("d")
        await seat.on("DoctorScreen")
        await seat.sees("Reading what can be checked")
        seat.look.let("checks")
        await seat.sees("Docker: not running")


async def test_nothing_to_check_and_checks_that_broke(at: Any) -> None:
    async with at(nothing()) as seat:
        await seat.settled()
        await seat.press("d")
        await seat.sees("There is nothing to check yet. Press r")
        seat.look.says["checks"] = TargetError("the doctor is ill", "Call another one.")
        await seat.press("r")
        await seat.sees("the doctor is ill", "Call another one.", "Press r: try again")
