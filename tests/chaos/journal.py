"""Sweep: a journal that was cut anywhere, flipped anywhere, or written by another version. It never turns out empty."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chaos.death import clean
from chaos.figures import Figures
from chaos.lab import Lab
from ekswiz.answers import Answers
from ekswiz.engine.journal import FileJournal
from ekswiz.errors import JournalError

FLIPS = 200
BITS = 8


def content(answers: Answers) -> bytes:
    """The journal of a whole life."""
    with Lab(answers) as lab:
        clean(lab, "apply")
        clean(lab, "destroy")
        return lab.session().journal_path.read_bytes()


def check(path: Path, stack: str, original: bytes, damaged: bytes) -> str:
    """Reading damaged bytes refuses, or gives the records that are whole and says what was cut off."""
    path.write_bytes(damaged)
    try:
        journal = FileJournal.read(path, stack)
    except JournalError as error:
        assert "damaged" in str(error) or "belongs to" in str(error) or "version" in str(error), str(error)
        assert error.remedy
        assert path.read_bytes() == damaged, "a refused journal was touched"
        return "refused"
    lines = original.splitlines(keepends=True)
    kept = [json.dumps(record.to_json(), sort_keys=True) for record in journal._records]
    expected = [_bare(line) for line in lines[: len(kept)]]
    assert kept == expected, "its records are not the original's"
    assert kept, "a journal that was not empty reads as empty"
    if len(kept) == len(lines) and damaged == original:
        return "whole"
    cut_at_a_line = damaged == b"".join(lines[: len(kept)])
    assert cut_at_a_line or journal.torn, "lost without a word"
    _repaired(path, stack, kept)
    return "recovered"


def _repaired(path: Path, stack: str, kept: list[str]) -> None:
    """Opened for writing it is whole again, and goes on after the last whole record."""
    journal = FileJournal.open(path, stack)
    journal.adopt("fake.a", "id-1")
    journal.close()
    again = FileJournal.read(path, stack)
    assert again.torn is None
    found = [json.dumps(record.to_json(), sort_keys=True) for record in again._records]
    assert found[: len(kept)] == kept
    assert len(found) == len(kept) + 1


def _bare(line: bytes) -> str:
    values: dict[str, Any] = json.loads(line)
    values.pop("sum")
    return json.dumps(values, sort_keys=True)


def damages(original: bytes, size: int | None, seed: int) -> Iterator[tuple[str, bytes]]:
    """Every prefix and 200 bit flips; or a sample of so many of both."""
    chance = random.Random(seed)
    prefixes = range(len(original)) if size is None else sorted(chance.sample(range(len(original)), size))
    for length in prefixes:
        yield f"first {length} bytes", original[:length]
    for _ in range(FLIPS if size is None else size):
        at, bit = chance.randrange(len(original)), chance.randrange(BITS)
        flipped = bytearray(original)
        flipped[at] ^= 1 << bit
        yield f"bit {bit} of byte {at} flipped", bytes(flipped)
    for version in (0, 2):
        yield f"format {version}", other_version(original, version)
    for number in (0, 1, -1):
        yield f"line {number} missing", _without(original, number)
    yield "doubled", original + original


def other_version(original: bytes, version: int) -> bytes:
    """The same journal as another version of ekswiz would have written it, checksums and all."""
    made = []
    for line in original.splitlines():
        values = json.loads(line) | {"v": version}
        values.pop("sum")
        total = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
        made.append(json.dumps(values | {"sum": total}, sort_keys=True).encode())
    return b"\n".join(made) + b"\n"


def _without(original: bytes, number: int) -> bytes:
    lines = original.splitlines(keepends=True)
    del lines[number]
    return b"".join(lines)


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """Every damage (`size` None), or `size` prefixes and flips."""
    original = content(answers)
    figures = Figures(f"torn journal{name}", "refuses or recovers, never empties", seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        for number, (what, damaged) in enumerate(damages(original, size, seed)):
            if number % shard[1] == shard[0]:
                with figures.case(what):
                    figures.add(check(path, answers.stack, original, damaged))
    return figures
