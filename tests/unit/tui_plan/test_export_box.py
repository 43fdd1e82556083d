"""The box that takes the plan out of the wizard: every form, any folder, nothing lost unasked, and what went where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from chaos.lab import Lab
from ekswiz import cli_export, export, saved
from ekswiz.plan import Plan
from ekswiz.tui.preview.exporting import FORMS, Form
from unit.engine.fakes import ANSWERS
from unit.tui_plan.plans import FakeRoad
from unit.tui_snapshots.snapshot import SIZES, Snapshots

STACK = f"ekswiz-{ANSWERS.stack}"
ORDER = [form.id for form in FORMS]
MADE: dict[str, list[str]] = {
    "json": ["ekswiz-plan.json"],
    "markdown": ["ekswiz-plan.md"],
    "bash": [f"ekswiz-export/{STACK}.sh"],
    "terraform": [f"ekswiz-export/{STACK}.tf"],
    "cloudformation": [f"ekswiz-export/{STACK}.cloudformation.yaml", f"ekswiz-export/{STACK}.kubernetes.yaml"],
    "eksctl": [f"ekswiz-export/{STACK}.eksctl.yaml"],
    "html": [f"ekswiz-export/{STACK}.html"],
}


@pytest.fixture(scope="module")
def made() -> Plan:
    """A plan of real answers: the forms look into every attribute."""
    with Lab(replace(ANSWERS, create_cluster=True)) as lab:
        return lab.session().bind(lab.target()).plan()


@pytest.fixture
def real(made: Plan) -> FakeRoad:
    return FakeRoad(made=lambda: made, answers=replace(ANSWERS, create_cluster=True))


async def opened(at: Any, form: str = "json") -> None:
    """The box, with the cursor on a form."""
    await at.preview()
    await at.press("e")
    await at.on("ExportModal")
    await at.press(*["down"] * ORDER.index(form))


async def written(at: Any, form: str, *more: str) -> None:
    await opened(at, form)
    await at.press(*more, "enter")


def files(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())


def test_the_box_offers_every_form_of_the_command_and_two_of_its_own() -> None:
    assert set(ORDER) == set(get_args(Form)) == {*cli_export.FORMS, *export.FORMS, "json", "hand-off"}


@pytest.mark.parametrize("form", MADE)
async def test_every_form_is_written_where_the_line_says(seat: Any, real: FakeRoad, tmp_path: Path, form: str) -> None:
    async with seat(real, size=(120, 40)) as at:
        await written(at, form)
        await at.sees("Written: ", *MADE[form])
        assert [*files(tmp_path)] == sorted(MADE[form])


async def test_the_json_is_a_plan_that_apply_takes(seat: Any, tmp_path: Path) -> None:
    async with seat() as at:
        await written(at, "json")
        await at.sees("Written: ekswiz-plan.json")
        assert saved.load(tmp_path / "ekswiz-plan.json") == at.app.wizard.view.plan
        assert json.loads((tmp_path / "ekswiz-plan.json").read_text())["cost"]["known_monthly"] == "0.10"


async def test_the_markdown_is_of_the_plan_on_screen(seat: Any, tmp_path: Path) -> None:
    async with seat() as at:
        await written(at, "markdown")
        await at.sees("Written: ekswiz-plan.md")
        assert "| `+` ! | Role ekswiz-payments-api-deploy" in (tmp_path / "ekswiz-plan.md").read_text()


@pytest.mark.parametrize("way", ["box", "key"])
async def test_a_hand_off_is_of_the_plan_on_screen(seat: Any, tmp_path: Path, way: str) -> None:
    async with seat() as at:
        at.app.wizard.application.look.says["hand_off"] = (tmp_path / "ekswiz-hand-off" / "hand-off.md",)
        await at.preview()
        await (at.press("h") if way == "key" else written(at, "hand-off"))
        await at.sees("Written: ekswiz-hand-off/hand-off.md")
        (about,) = [asked for name, asked in at.app.wizard.application.look.asked if name == "hand_off"]
        assert about[0] is at.app.wizard.view.plan
        assert about[2] == Path(tmp_path / "ekswiz-hand-off")


async def test_another_folder_is_made_and_is_offered_again(seat: Any, real: FakeRoad, tmp_path: Path) -> None:
    async with seat(real) as at:
        await opened(at, "terraform")
        await at.press("tab", *["backspace"] * len("ekswiz-export"), *"infra", "slash", *"ekswiz", "enter")
        await at.sees(f"Written: infra/ekswiz/{STACK}.tf")
        assert (tmp_path / "infra" / "ekswiz" / f"{STACK}.tf").is_file()
        await at.press("e")
        await at.on("ExportModal")
        await at.until(lambda: at.app.screen.query_one("#export-folder").value == "infra/ekswiz")
        assert ORDER[at.app.screen.query_one("#export-forms").highlighted] == "terraform"


async def test_a_form_suggests_its_folder_and_a_typed_one_stays(seat: Any) -> None:
    async with seat() as at:
        await opened(at)
        field = at.app.screen.query_one("#export-folder")
        assert field.value == "."
        await at.press("down", "down")
        assert field.value == "ekswiz-hand-off"
        await at.press("tab", "x", "shift+tab", "down")
        assert field.value == "ekswiz-hand-offx"


async def test_what_is_there_is_replaced_only_when_asked(seat: Any, tmp_path: Path) -> None:
    file = tmp_path / "ekswiz-plan.md"
    file.write_text("mine\n", encoding="utf-8")
    async with seat() as at:
        await written(at, "markdown")
        await at.on("ReplaceModal")
        await at.sees("Replace this file?", "ekswiz-plan.md")
        await at.press("enter")
        await at.on("PreviewScreen")
        assert file.read_text() == "mine\n"
        await at.press("e")
        await at.on("ExportModal")
        await at.press("enter")
        await at.on("ReplaceModal")
        await at.press("right", "enter")
        await at.sees("Written: ekswiz-plan.md")
        assert "Plan for" in file.read_text()


async def test_the_same_once_more_loses_nothing_and_is_not_asked_about(seat: Any, real: FakeRoad) -> None:
    async with seat(real) as at:
        await written(at, "eksctl")
        await at.sees("Written: ekswiz-export/")
        at.app.screen.query_one("SaidLine").say("")
        await at.press("e")
        await at.on("ExportModal")
        await at.press("enter")
        await at.sees("Written: ekswiz-export/")


async def test_escape_writes_nothing(seat: Any, tmp_path: Path) -> None:
    async with seat() as at:
        await opened(at, "bash")
        await at.press("escape")
        await at.on("PreviewScreen")
        assert [*files(tmp_path)] == []


async def test_a_folder_that_cannot_be_written_is_said_and_can_be_mended(
    seat: Any, real: FakeRoad, tmp_path: Path
) -> None:
    (tmp_path / "ekswiz-export").write_text("a file", encoding="utf-8")
    async with seat(real, size=(120, 40)) as at:
        await written(at, "html")
        await at.sees("Not written: ", "Choose another folder.")
        await at.press("e")
        await at.on("ExportModal")
        await at.press("tab", "2", "enter")
        await at.sees(f"Written: ekswiz-export2/{STACK}.html")


async def test_a_plan_in_a_folder_that_cannot_be_made_is_said(seat: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file", encoding="utf-8")
    async with seat(size=(120, 40)) as at:
        await opened(at)
        await at.press("tab", "backspace", *"file", "slash", "x", "enter")
        await at.sees("Not written: ", "Choose another folder.")


async def test_a_form_that_fails_for_a_reason_of_ours_ends_in_a_sentence(seat: Any) -> None:
    async with seat(size=(120, 40)) as at:
        await written(at, "bash")  # the fake plan's objects lack attributes that every real one has
        await at.sees("Not written: ", "A mistake in ekswiz: KeyError", "Please report it.")


async def test_the_line_goes_when_the_plan_is_read_again(seat: Any) -> None:
    async with seat() as at:
        await written(at, "json")
        await at.sees("Written: ekswiz-plan.json")
        at.app.screen.action_read()
        await at.until(lambda: "Written" not in at.text)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_looks_as_before(seat: Any, snapshot: Snapshots, size: tuple[int, int]) -> None:
    async with seat(size=size) as at:
        at.app.wizard.given = replace(at.app.wizard.given, source=Path("/srv/payments"))
        await opened(at, "cloudformation")
        await snapshot.match(at.app, "export")


async def test_the_smallest_window_shows_the_whole_box(seat: Any) -> None:
    async with seat(size=(60, 16)) as at:
        await opened(at, "html")
        await at.sees("Export the plan as", *ORDER, "Folder", "ekswiz-export", "Enter write")
