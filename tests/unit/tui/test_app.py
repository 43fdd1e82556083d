from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.color import Color

from ekswiz.errors import Exit, TargetError
from ekswiz.frontend import Draft, Given
from ekswiz.tui.palette import commands
from ekswiz.tui.themes import CONTRAST, OURS
from ekswiz.tui.words import grouped, session, short_arn
from unit.tui.doubles import FROM, KNOWN, MIRA, FakeLook, FakeProduct, everything


class TestLeaving:
    async def test_ctrl_q_quits_when_nothing_is_in_flight(self, at: Any) -> None:
        async with at() as seat:
            await seat.settled()
            await seat.press("ctrl+q")
            assert seat.app.return_value is Exit.OK

    async def test_ctrl_c_asks_and_stay_is_the_default(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather()
            await seat.press("ctrl+c")
            await seat.on("QuitBox")
            await seat.focused("stay")
            assert "^p palette" not in seat.text.splitlines()[-1]
            await seat.press("enter")
            await seat.on("GatherScreen")

    @pytest.mark.parametrize("key", ["y", "ctrl+c"])
    async def test_ctrl_c_and_yes_quits(self, at: Any, key: str) -> None:
        async with at() as seat:
            await seat.settled()
            await seat.press("ctrl+c")
            await seat.on("QuitBox")
            await seat.press(key)
            assert seat.app.return_value is Exit.OK

    async def test_escape_never_quits(self, at: Any) -> None:
        async with at() as seat:
            await seat.settled()
            await seat.press("escape", "escape", "ctrl+b")
            await seat.on("StartScreen")
            assert seat.app._exit is False

    @pytest.mark.parametrize("key", ["ctrl+c", "ctrl+q"])
    async def test_while_something_is_in_flight_it_is_stopped_and_nobody_quits(self, at: Any, key: str) -> None:
        async with at() as seat:
            await seat.settled()
            stop = seat.app.begin("apply")
            await seat.press(key)
            assert stop.is_set()
            await seat.told("Stopping after the change in flight.")
            # a second time explains and kills nothing
            await seat.press(key)
            await seat.told("Still stopping")
            assert seat.app._exit is False
            # when it has ended, quitting works again and tells how it ended
            seat.app.end(Exit.STOPPED)
            await seat.press("ctrl+q")
            assert seat.app.return_value is Exit.STOPPED

    async def test_a_signal_stops_what_is_in_flight_and_quits_after_it(self, at: Any) -> None:
        async with at() as seat:
            await seat.settled()
            stop = seat.app.begin("apply")
            seat.app.signalled(Exit.TERMINATED, hung_up=True)
            assert (stop.is_set(), stop.exit_code) == (True, Exit.TERMINATED)
            assert seat.app._exit is False
            seat.app.end(Exit.TERMINATED)
            await seat.pilot.pause()
            assert seat.app.return_value is Exit.TERMINATED

    async def test_a_signal_quits_at_once_when_nothing_is_in_flight(self, at: Any) -> None:
        async with at() as seat:
            await seat.settled()
            seat.app.signalled(Exit.TERMINATED)
            await seat.pilot.pause()
            assert seat.app.return_value is Exit.TERMINATED


class TestPalette:
    async def test_it_holds_every_action_and_the_screens_own_first(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather()
            titles = [command.title for command in commands(seat.app, seat.app.screen)]
            assert titles.index("Next") < titles.index("Start")
            assert "Focus next" not in titles
            wanted = {"Back", "Defaults", "Why", "Start", "Step: GitHub", "Preview", "Rehearse", "Destroy", "Doctor"}
            assert wanted | {"Save answers", "Look again", "Sign in to AWS", "Theme", "Keys", "Quit"} <= set(titles)

    async def test_it_leads_nowhere_else_while_something_is_in_flight(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather()
            seat.app.begin("apply")
            titles = {command.title for command in commands(seat.app, seat.app.screen)}
            assert not titles & {"Start", "Preview", "Rehearse", "Destroy"}
            assert "Quit" in titles

    async def test_a_command_runs(self, at: Any) -> None:
        async with at() as seat:
            await seat.settled()
            await seat.press("ctrl+p", *"step target")
            await seat.pilot.pause(0.3)
            await seat.press("enter")
            await seat.sees("Where does it run?")


class TestFrame:
    @pytest.mark.parametrize("size", [(59, 24), (80, 15), (20, 5)])
    async def test_a_window_that_is_too_small_says_what_to_do(self, at: Any, size: tuple[int, int]) -> None:
        async with at(size=size) as seat:
            assert "Set up" not in seat.text
            await seat.sees("60 columns" if size[0] > 30 else "ekswiz")

    async def test_it_comes_back_when_the_window_grows(self, at: Any) -> None:
        async with at(size=(50, 12)) as seat:
            await seat.pilot.resize_terminal(100, 40)
            await seat.sees("Set up a pipeline")

    async def test_the_account_is_on_every_screen(self, at: Any) -> None:
        async with at() as seat:
            await seat.settled()
            for step in ("account", "github", "access", "target"):
                await seat.gather(step)
                assert "1234-5678-9012 (acme-dev)" in seat.text.splitlines()[1]
            seat.app.go("preview")
            await seat.on("Blank")
            assert "1234-5678-9012 (acme-dev)" in seat.text.splitlines()[1]

    async def test_the_rail_says_where_one_is(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather("access")
            assert "v Account  v GitHub  * Access  o Target  o Preview  o Apply     LIVE" in seat.text

    async def test_a_narrow_rail_names_the_step_alone(self, at: Any) -> None:
        async with at(size=(60, 20)) as seat:
            await seat.gather("access")
            assert "* Access, step 3 of 6" in seat.text

    async def test_words_of_the_rail_can_be_clicked(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather()
            await seat.pilot.click("#top-line", offset=(seat.text.index("Target"), 0))
            await seat.sees("Where does it run?")
            await seat.pilot.click("#top-line", offset=(seat.text.index("Apply"), 0))
            await seat.pilot.click("#top-line", offset=(2, 0))
            await seat.on("GatherScreen")
            await seat.pilot.click("#top-line", offset=(seat.text.index("Preview"), 0))
            await seat.on("Blank")

    async def test_the_rail_leads_to_the_gap_before_the_preview(self, at: Any) -> None:
        async with at({**everything(), "clusters": ()}) as seat:
            await seat.gather()
            await seat.pilot.click("#top-line", offset=(seat.text.index("Preview"), 0))
            await seat.sees("Where does it run?")

    async def test_ctrl_s_saves_and_says_where(self, at: Any, tmp_path: Path) -> None:
        async with at() as seat:
            await seat.settled()
            await seat.press("ctrl+s")
            await seat.told(f"Saved in {tmp_path / 'ekswiz.toml'}")

    async def test_a_simulation_saves_only_what_it_did_not_invent(self, at: Any) -> None:
        said = Draft({**KNOWN, "account": "111122223333"}, {**FROM, "account": "invented for the rehearsal"})
        async with at({**everything(), "draft": said}, sim=True) as seat:
            await seat.settled()
            await seat.press("ctrl+s")
            await seat.told("Saved in")
            draft, _ = seat.look.saved[-1]
            assert dict(draft.values) == dict(KNOWN)

    async def test_the_windows_title_follows(self, at: Any) -> None:
        async with at() as seat:
            await seat.gather("target")
            assert seat.app.title == "ekswiz Target"
            seat.app.title_now("4/7")
            assert seat.app.title == "ekswiz 4/7"

    async def test_help_shows_the_keys(self, at: Any) -> None:
        async with at(size=(120, 40)) as seat:
            await seat.settled()
            await seat.press("question_mark")
            await seat.sees("doctor")
            assert seat.app.screen.query("HelpPanel")


class TestColours:
    async def test_without_colour_everything_is_still_said(self, at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        said = {**everything(), "clusters": TargetError("nobody answers")}
        async with at(said) as seat:
            await seat.gather("target")
            for words in ("* Target", "v Access", "xx", "ok", "(*)", "LIVE"):
                assert words in seat.text
            colours = {
                colour.triplet
                for strip in seat.app.screen._compositor.render_strips()
                for segment in strip
                for colour in (segment.style.color, segment.style.bgcolor)
                if segment.style and colour and colour.triplet
            }
            assert all(r == g == b for r, g, b in colours)

    @pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
    def test_text_can_be_read(self, theme: Any) -> None:
        least = 7.0 if theme is CONTRAST else 4.5
        grounds = (theme.background, theme.surface, theme.panel)
        for name in ("foreground", "primary", "secondary", "accent", "success", "warning", "error"):
            for ground in grounds:
                assert contrast(getattr(theme, name), ground) >= least, (name, ground)

    def test_green_and_red_are_not_the_pair(self) -> None:
        # under deuteranopia red and green fall together; blue does not (teal and coral differ in blue by far)
        for theme in OURS[:1]:
            good, bad = Color.parse(theme.success), Color.parse(theme.error)
            assert abs(good.b - bad.b) > 50 or abs(good.brightness - bad.brightness) > 0.2


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(text: str) -> float:
    def linear(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    colour = Color.parse(text)
    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b)


def test_words_of_the_frame() -> None:
    assert grouped("123456789012") == "1234-5678-9012"
    assert short_arn(MIRA.arn) == "AdministratorAccess/mira"
    assert short_arn("arn:aws:iam::123456789012:user/ops/mira") == "ops/mira"
    assert short_arn("arn:aws:iam::123456789012:root") == "root"
    assert session(MIRA) == "session 47 min"


def test_a_world_of_our_own_is_made_once_made_anew_for_other_answers_and_removed() -> None:
    from ekswiz.steps.world import OwnWorld

    product = FakeProduct(FakeLook(everything()))
    world = OwnWorld(product)
    world.ensure(Given({"branch": "main"}))
    world.ensure(Given({"branch": "main"}))
    world.ensure(Given({"branch": "other"}))
    assert product.worlds == ["up", "down", "up"]
    assert world.close() == []
    assert product.worlds[-1] == "down"
    assert world.close() == []


def test_somebody_elses_world_is_used_and_left_alone() -> None:
    from ekswiz.steps.world import OwnWorld

    product = FakeProduct(FakeLook(everything()), up={"aws_url": "http://127.0.0.1:9"})
    world = OwnWorld(product)
    assert world.ensure(Given())["aws_url"] == "http://127.0.0.1:9"
    world.close()
    assert product.worlds == []
