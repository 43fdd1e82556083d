"""Notes on what a world holds outside of its folder, and who settles them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ekswiz_sim import alternatives, holdings, home


@pytest.fixture
def world(tmp_path: Path) -> Path:
    made = tmp_path / f"{home.PREFIX}one"
    made.mkdir()
    return made


def test_a_note_is_on_disk_for_its_owner_alone(world: Path) -> None:
    held = holdings.note(world, "container", {"name": "x"})
    assert json.loads(held.file.read_text()) == {"kind": "container", "facts": {"name": "x"}}
    assert held.file.stat().st_mode & 0o777 == 0o600
    assert held.file.parent.stat().st_mode & 0o777 == 0o700


def test_the_newest_goes_first_and_a_settled_note_is_gone(world: Path) -> None:
    first, second = (holdings.note(world, "container", {"name": name}) for name in "ab")
    os.utime(first.file, ns=(1, 1))
    os.utime(second.file, ns=(2, 2))
    gone: list[str] = []

    def settle(folder: Path, facts: Mapping[str, Any]) -> list[str]:
        assert folder == world
        gone.append(facts["name"])
        return []

    assert holdings.settle(world, {"container": settle}) == []
    assert gone == ["b", "a"]
    assert list(holdings.notes(world)) == []


def test_what_cannot_be_settled_stays_and_keeps_nothing_else(world: Path) -> None:
    holdings.note(world, "container", {"name": "a"})
    holdings.note(world, "kind", {"name": "b"})

    def broken(folder: Path, facts: Mapping[str, Any]) -> list[str]:
        raise ConnectionError("nobody there")

    left = holdings.settle(world, {"container": broken, "kind": lambda *_: []})
    assert left == ["container: ConnectionError nobody there"]
    assert [note.kind for note in holdings.notes(world)] == ["container"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", '{"kind": "kind"}', '{"kind": "kind", "facts": 5}', '{"facts": {}}']
)
def test_a_broken_note_hinders_nobody(world: Path, text: str) -> None:
    held = holdings.note(world, "kind", {})
    held.file.write_text(text)
    assert list(holdings.notes(world)) == []
    assert holdings.settle(world, {}) == []


def test_a_note_is_whole_or_not_there(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = holdings.note(world, "kind", {"name": "a"})
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        holdings.rewrite(held, {"name": "b"})
    assert [note.facts for note in holdings.notes(world)] == [{"name": "a"}]


def test_the_next_start_settles_what_a_killed_world_held(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A folder whose owner is gone, with a thing that can be taken away and files of the world.
    (world / home.OWNER).write_text(json.dumps({"pid": 2**22 + 1, "started": time.time()}))
    (world / "registry").mkdir()
    (world / "world.log").write_text("x")
    holdings.note(world, "kind", {"name": "a"})
    asked: list[str] = []
    answers = [["cluster a"], []]

    def settle(folder: Path, facts: Mapping[str, Any]) -> list[str]:
        asked.append(facts["name"])
        return answers.pop(0)

    monkeypatch.setitem(alternatives.SETTLE, "kind", lambda: settle)
    # First it cannot be taken away: the note stays, and the owner that is gone; the rest goes.
    assert home.reap(world.parent) == [world]
    assert sorted(path.name for path in world.iterdir()) == [holdings.FOLDER, home.OWNER]
    # Then it can.
    home.reap(world.parent)
    assert not world.exists()
    assert asked == ["a", "a"]


def test_every_kind_of_note_has_somebody_who_settles_it() -> None:
    import typing

    kinds = set(typing.get_args(holdings.Kind))
    assert kinds == set(alternatives.SETTLE)
    for load in alternatives.SETTLE.values():
        assert callable(load())
