import json
import os
import random
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ekswiz.engine.journal import FileJournal
from ekswiz.errors import JournalError
from ekswiz.plan import Action
from ekswiz.resource import Live
from unit.engine.fakes import Thing, change


def live(unique_id: str) -> Live[Thing]:
    return Live(Thing(), {}, unique_id, "payments")


def a_history(path: Path) -> FileJournal:
    """Three creations, one of them failed, one deletion, one adoption, one intent without end."""
    journal = FileJournal.open(path, "payments")
    journal.adopt("fake.shared", "id-0")
    journal.end(journal.begin(change("fake.a"), "t1"), live("id-1"), None)
    journal.end(journal.begin(change("fake.b"), "t2"), live("id-2"), None)
    journal.end(journal.begin(change("fake.c"), "t3"), None, "denied")
    journal.end(journal.begin(change("fake.b", Action.DELETE), "t4"), None, None)
    journal.begin(change("fake.d"), "t5")
    journal.close()
    return journal


def test_a_journal_tells_what_is_ours_adopted_and_in_flight(tmp_path: Path) -> None:
    a_history(tmp_path / "j.jsonl")
    journal = FileJournal.read(tmp_path / "j.jsonl", "payments")
    assert journal.created() == {"fake.a": "id-1"}
    assert journal.adopted() == {"fake.shared": "id-0"}
    assert {a: i.token for a, i in journal.pending().items()} == {"fake.d": "t5"}
    assert journal.torn is None


def test_a_later_update_of_our_object_moves_its_identity_along(tmp_path: Path) -> None:
    journal = FileJournal.open(tmp_path / "j.jsonl", "payments")
    journal.end(journal.begin(change("fake.a"), "t"), live("id-1"), None)
    journal.end(journal.begin(change("fake.a", Action.UPDATE), "t"), live("id-2"), None)
    journal.end(journal.begin(change("fake.foreign", Action.UPDATE), "t"), live("id-9"), None)
    assert journal.created() == {"fake.a": "id-2"}


def test_an_object_that_is_changed_in_place_is_remembered_as_it_was_before_the_first_time(tmp_path: Path) -> None:
    journal = FileJournal.open(tmp_path / "j.jsonl", "payments")
    for size in (1, 2):
        update = replace(change("fake.shared", Action.UPDATE), before={"size": size, "names": ("a", "b")})
        journal.end(journal.begin(update, "t"), live("id-9"), None)
    journal.begin(change("fake.new"), "t")
    journal.close()
    assert FileJournal.read(journal.path, "payments").originals() == {"fake.shared": {"size": 1, "names": ["a", "b"]}}


def test_an_intent_is_on_disk_before_begin_returns_even_if_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    program = f"""
import os, signal, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from ekswiz.engine.journal import FileJournal
from unit.engine.fakes import change
journal = FileJournal.open(Path({str(path)!r}), "payments")
journal.begin(change("fake.a"), "token-1")
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False, timeout=30)
    assert killed.returncode == -signal.SIGKILL
    assert FileJournal.read(path, "payments").pending()["fake.a"].token == "token-1"


def test_begin_fsyncs_after_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "j.jsonl"
    journal = FileJournal.open(path, "payments")
    sizes = []
    real = os.fsync

    def fsync(file: int) -> None:
        sizes.append(os.fstat(file).st_size)
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    journal.begin(change(), "t")
    assert sizes == [path.stat().st_size]


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "j.jsonl"
    FileJournal.open(path, "payments").close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_every_line_has_the_contracts_fields(tmp_path: Path) -> None:
    a_history(tmp_path / "j.jsonl")
    fields = {"v", "seq", "at", "run", "address", "action", "phase", "ok", "before", "unique_id", "token", "error"}
    for line in (tmp_path / "j.jsonl").read_text().splitlines():
        assert fields <= set(json.loads(line))


def test_every_prefix_is_refused_or_recovered_and_never_empties(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    short = FileJournal.open(path, "payments")
    short.end(short.begin(change("fake.a"), "t1"), live("id-1"), None)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        if length < first:
            with pytest.raises(JournalError):
                FileJournal.read(path, "payments")
            continue
        journal = FileJournal.read(path, "payments")
        lines = whole[:length].count(b"\n")
        assert len(journal._records) == lines
        assert (journal.torn is not None) == (whole[length - 1 : length] != b"\n")


def test_a_torn_end_is_cut_off_reported_and_written_past(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    a_history(path)
    path.write_bytes(path.read_bytes()[:-7])
    journal = FileJournal.open(path, "payments")
    assert journal.torn is not None
    assert "left by a crash" in journal.torn
    assert "fake.d" not in journal.pending()
    journal.begin(change("fake.e"), "t6")
    journal.close()
    again = FileJournal.read(path, "payments")
    assert again.torn is None
    assert "fake.e" in again.pending()


def test_flipped_bits_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    a_history(path)
    whole = path.read_bytes()
    reference = FileJournal.read(path, "payments")._records
    chance, refused = random.Random(7), 0
    for _ in range(400):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(damaged))
        try:
            journal = FileJournal.read(path, "payments")
        except JournalError:
            refused += 1
            continue
        # Only a flip in the very last newline looks like a crash: the last record is cut off, and that is said.
        assert journal.torn is not None
        assert journal._records == reference[:-1]
    assert refused > 390


def test_a_missing_line_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    a_history(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    with pytest.raises(JournalError, match="missing"):
        FileJournal.open(path, "payments")
    assert path.read_bytes() == b"".join(lines[:2] + lines[3:])


def test_another_version_is_refused_by_number(tmp_path: Path) -> None:
    import dataclasses

    from ekswiz.engine.journal_records import Record, serialise

    path = tmp_path / "j.jsonl"
    header = Record(1, 1, "2026-01-01", "r", "open", "payments", "=")
    path.write_bytes(serialise(dataclasses.replace(header, v=2)))
    with pytest.raises(JournalError, match="format 2"):
        FileJournal.open(path, "payments")


def test_another_stacks_journal_is_refused(tmp_path: Path) -> None:
    a_history(tmp_path / "j.jsonl")
    with pytest.raises(JournalError, match="belongs to stack"):
        FileJournal.open(tmp_path / "j.jsonl", "other")


def test_an_unwritable_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError) as caught:
        FileJournal.open(tmp_path / "file" / "j.jsonl", "payments")
    assert "XDG_STATE_HOME" in caught.value.remedy


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "j.jsonl"
    journal = FileJournal.open(path, "payments")
    real = os.write

    def half(file: int, data: bytes) -> int:
        real(file, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(JournalError, match="No space left"):
        journal.begin(change("fake.a"), "t")
    monkeypatch.undo()
    journal.begin(change("fake.b"), "t")
    assert set(FileJournal.read(path, "payments").pending()) == {"fake.b"}


def test_threads_write_whole_numbered_lines(tmp_path: Path) -> None:
    journal = FileJournal.open(tmp_path / "j.jsonl", "payments")
    threads = [threading.Thread(target=journal.begin, args=(change(f"fake.{n}"), "t")) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(FileJournal.read(tmp_path / "j.jsonl", "payments").pending()) == 16
