"""What a newcomer types first, and what is said then: see docs/stranger.md for where each of these was met."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from ekswiz.engine.journal import FileJournal
from ekswiz.errors import JournalError
from ekswiz.main import run


def test_a_rehearsal_where_no_repository_is_offers_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["rehearse"]) == 64
    assert "Or rehearse the bundled sample: add --sample." in capsys.readouterr().err


def test_a_plan_does_not_offer_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["plan"]) == 64
    assert "sample" not in capsys.readouterr().err


@pytest.mark.parametrize("place", ["nowhere", "file"])
@pytest.mark.parametrize("command", ["plan", "pins"])
def test_a_repository_that_is_not_there_is_named(tmp_path: Path, capsys: Any, command: str, place: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert run([command, "--source", str(tmp_path / place)]) == 64
    said = capsys.readouterr().err
    assert "--source" in said
    assert str(tmp_path / place) in said


def test_a_full_disk_asks_for_room_and_not_for_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(JournalError, match=r"No space left on device\. Make room on that disk\."):
        FileJournal.open(tmp_path / "journal", "hello")


def test_a_folder_without_rights_asks_for_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any, **__: Any) -> int:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(JournalError, match=r"Permission denied\. Make the folder writable, or set XDG_STATE_HOME"):
        FileJournal.open(tmp_path / "journal", "hello")
