"""The journal's lines: one record as JSON with a checksum, and the way back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ekswiz.errors import JournalError
from ekswiz.plan import Action

JOURNAL_VERSION = 1
PHASES = ("open", "begin", "end", "adopt")


@dataclass(frozen=True, slots=True)
class Intent:
    """A change that was begun and whose end is not known. `token` is its idempotency token."""

    seq: int
    address: str
    action: Action
    token: str


@dataclass(frozen=True, slots=True)
class Record:
    """One line.

    `seq` counts up by one; `of` is the intent that an "end" ends. The first line is "open": its `address` is the stack.
    """

    v: int
    seq: int
    at: str
    run: str
    phase: str
    address: str
    action: str
    of: int | None = None
    ok: bool | None = None
    before: Any = None
    unique_id: str | None = None
    token: str | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """This record as JSON values, without its checksum."""
        return asdict(self)


def serialise(record: Record) -> bytes:
    """One line, with its checksum and newline."""
    values = record.to_json()
    return json.dumps(values | {"sum": _checksum(values)}, sort_keys=True, allow_nan=False).encode() + b"\n"


def parse(content: bytes, path: Path, stack: str) -> list[Record]:
    """The records of whole lines, in order.

    Raises:
        JournalError: A line is damaged or missing, the file is empty, or it is another version's or stack's.
    """
    lines = content.splitlines()
    records = [_record(line, number, path) for number, line in enumerate(lines, 1)]
    if not records or records[0].phase != "open":
        raise _damaged(path, 1, "its first line is missing")
    if records[0].address != stack:
        raise JournalError(
            f"{path} belongs to stack {records[0].address!r}, not to {stack!r}.", "Check XDG_STATE_HOME."
        )
    for number, record in enumerate(records, 1):
        if record.seq != number:
            raise _damaged(path, number, f"it is number {record.seq}: lines are missing or doubled")
    return records


def parse_any(path: Path) -> list[Record]:
    """The whole records of any stack's journal; none if the file is not usable. For what only counts and measures."""
    try:
        lines = path.read_bytes().rpartition(b"\n")[0].splitlines()
        return [_record(line, number, path) for number, line in enumerate(lines, 1)]
    except (OSError, JournalError):
        return []


def _record(line: bytes, number: int, path: Path) -> Record:
    try:
        values = json.loads(line)
    except ValueError as error:
        raise _damaged(path, number, "it is not JSON") from error
    if not isinstance(values, dict) or "v" not in values:
        raise _damaged(path, number, "it is not a record")
    total = values.pop("sum", None)
    if total != _checksum(values):
        raise _damaged(path, number, "its checksum does not fit")
    if values["v"] != JOURNAL_VERSION:
        raise JournalError(
            f"{path} was written by another version of ekswiz (format {values['v']}, not {JOURNAL_VERSION}).",
            "Finish with that version, or move the file away: AWS's tags then tell what is ours.",
        )
    if set(values) != {f.name for f in fields(Record)} or values["phase"] not in PHASES:
        raise _damaged(path, number, "its fields are not a record's")
    return Record(**values)


def _checksum(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _damaged(path: Path, number: int, why: str) -> JournalError:
    return JournalError(
        f"line {number} of {path} is damaged: {why}.",
        "Restore the file, or move it away: AWS's tags then tell what is ours, and nothing else is deleted.",
    )
