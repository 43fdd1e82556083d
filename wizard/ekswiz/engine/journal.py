"""The journal: what we were about to do, and how it ended. One JSON line per record, on disk before the effect.

AWS is the state; the journal is no second truth. It answers three questions only: what was in flight when we died, what
was created by us (so that destroy removes nothing else), and what was adopted.

The surprising thing: every line carries a checksum, so that a damaged journal is told from one that was cut off. A cut
last line is a crash and is tolerated; anything else stops us, because forgetting is worse than stopping.
"""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ekswiz.engine.journal_records import JOURNAL_VERSION, Intent, Record, parse, serialise
from ekswiz.errors import JournalError, remedy_of
from ekswiz.plan import Action, Change, Json, encode
from ekswiz.resource import Live

OTHERWISE = "Make the folder writable, or set XDG_STATE_HOME to another one."
_MAKING = (Action.CREATE.value, Action.REPLACE.value)


class Journal(Protocol):
    """What planning, applying and destroying ask of a journal."""

    @property
    def stack(self) -> str:
        """The stack that this journal belongs to."""
        ...

    def begin(self, change: Change, token: str) -> int:
        """Record an intent; it is on disk when this returns. The number is for `end`."""
        ...

    def end(self, seq: int, live: Live[Any] | None, error: str | None) -> None:
        """Record how an intent ended: with the live object, without one (deleted), or with an error."""
        ...

    def adopt(self, address: str, unique_id: str) -> None:
        """Record that an object existed before us."""
        ...

    def pending(self) -> Mapping[str, Intent]:
        """Intents whose end is not known, by address."""
        ...

    def making(self) -> Mapping[str, datetime]:
        """When each object may have been made, by the last change of its address, as far as that has not failed."""
        ...

    def created(self) -> Mapping[str, str]:
        """Objects that we created and have not deleted: address to unique id."""
        ...

    def adopted(self) -> Mapping[str, str]:
        """Objects that existed before us: address to unique id."""
        ...

    def originals(self) -> Mapping[str, Json]:
        """Objects that we set out to change in place, as they were before the first time: address to attributes."""
        ...


class FileJournal:
    """A journal in one file, readable by its owner alone.

    `torn` says what was cut off at the end by a crash, None if nothing was.
    """

    def __init__(self, path: Path, stack: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self.run = uuid.uuid4().hex[:12]
        self.torn: str | None = None
        self._stack = stack
        self._now = now
        self._lock = threading.Lock()
        self._records: list[Record] = []
        self._file = -1

    @property
    def stack(self) -> str:
        """The stack that this journal belongs to."""
        return self._stack

    @classmethod
    def read(cls, path: Path, stack: str) -> FileJournal:
        """Read a journal without touching its file; an absent file is an empty journal.

        Raises:
            JournalError: The file cannot be read, is damaged, or belongs to another stack or version.
        """
        journal = cls(path, stack)
        journal._load()
        return journal

    @classmethod
    def open(cls, path: Path, stack: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FileJournal:
        """Read a journal and make it ready to be written; an absent file is created.

        Raises:
            JournalError: As for `read`, or the file cannot be written.
        """
        journal = cls(path, stack, now)
        with _explained(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                journal._create()
        journal._load(repair=True)
        with _explained(path):
            journal._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
            os.fchmod(journal._file, 0o600)
        return journal

    def close(self) -> None:
        """Close the file; the journal can still be read."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def begin(self, change: Change, token: str) -> int:
        """Record an intent; it is on disk when this returns."""
        return self._append(
            phase="begin",
            address=change.address,
            action=change.action.value,
            before=encode(change.before),
            token=token,
        )

    def end(self, seq: int, live: Live[Any] | None, error: str | None) -> None:
        """Record how intent `seq` ended."""
        begun = next(record for record in self._records if record.phase == "begin" and record.seq == seq)
        unique_id = live.unique_id if live else None
        self._append("end", begun.address, begun.action, of=seq, ok=error is None, unique_id=unique_id, error=error)

    def adopt(self, address: str, unique_id: str) -> None:
        """Record that an object existed before us; once is enough."""
        if self.adopted().get(address) != unique_id:
            self._append("adopt", address, Action.KEEP.value, ok=True, unique_id=unique_id)

    def pending(self) -> Mapping[str, Intent]:
        """Intents whose end is not known, by address; a later intent for the same address takes its place."""
        ended = {record.of for record in self._records if record.phase == "end"}
        last = {record.address: record for record in self._records if record.phase == "begin"}
        open_ones = (record for record in last.values() if record.seq not in ended)
        return {r.address: Intent(r.seq, r.address, Action(r.action), r.token or "") for r in open_ones}

    def making(self) -> Mapping[str, datetime]:
        """When each object may have been made, by the last change of its address, as far as that has not failed."""
        ends = {record.of: record for record in self._records if record.phase == "end"}
        begun = {record.address: record for record in self._records if record.phase == "begin"}
        making = (record for record in begun.values() if record.action in _MAKING)
        failed = {of for of, end in ends.items() if not end.ok}
        # An intent that is open may have had its effect as late as anything that was written.
        last = {
            record.address: ends.get(record.seq, self._records[-1]) for record in making if record.seq not in failed
        }
        return {address: datetime.fromisoformat(record.at) for address, record in last.items()}

    def created(self) -> Mapping[str, str]:
        """Objects that we created and have not deleted: address to the unique id that we saw last."""
        found: dict[str, str] = {}
        for record in self._records:
            if record.phase == "end" and record.ok:
                _follow(found, record)
        return found

    def adopted(self) -> Mapping[str, str]:
        """Objects that existed before us: address to unique id."""
        return {r.address: r.unique_id or "" for r in self._records if r.phase == "adopt"}

    def originals(self) -> Mapping[str, Json]:
        """Objects that we set out to change in place, as they were before the first time: address to attributes."""
        changes = [r for r in self._records if r.phase == "begin" and r.action == Action.UPDATE.value and r.before]
        return {record.address: record.before for record in reversed(changes)}

    def _append(self, phase: str, address: str, action: str, of: int | None = None, **values: Any) -> int:
        with self._lock, _explained(self.path):
            seq = (self._records[-1].seq if self._records else 0) + 1
            record = Record(
                JOURNAL_VERSION, seq, self._now().isoformat(), self.run, phase, address, action, of, **values
            )
            self._write(serialise(record))
            self._records.append(record)
            return seq

    def _write(self, line: bytes) -> None:
        """A line is on disk whole, or (disk full) not at all: the next one must not be glued to its first half."""
        size = os.fstat(self._file).st_size
        try:
            _write_all(self._file, line)
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, size)
            raise

    def _create(self) -> None:
        """The file appears whole, with its first line, or not at all: so an empty file is always damage."""
        scratch = self.path.with_name(f".{self.path.name}.{uuid.uuid4().hex}")
        header = Record(JOURNAL_VERSION, 1, self._now().isoformat(), self.run, "open", self._stack, "=")
        file = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _write_all(file, serialise(header))
            os.fsync(file)
        finally:
            os.close(file)
        scratch.replace(self.path)
        _sync_folder(self.path.parent)

    def _load(self, *, repair: bool = False) -> None:
        with _explained(self.path):
            try:
                content = self.path.read_bytes()
            except FileNotFoundError:
                return
            whole, cut = _split(content)
            self._records = parse(whole, self.path, self._stack)
            if cut:
                self.torn = f"{len(cut)} bytes of an unfinished record at the end of {self.path} were left by a crash."
                if repair:
                    os.truncate(self.path, len(content) - len(cut))


def _follow(found: dict[str, str], record: Record) -> None:
    """What one successful end means for the objects that are ours."""
    if record.action == Action.DELETE.value or record.unique_id is None:
        found.pop(record.address, None)
    elif record.action in _MAKING or record.address in found:
        found[record.address] = record.unique_id


def _split(content: bytes) -> tuple[bytes, bytes]:
    """Whole lines, and what stands after the last newline."""
    end = content.rfind(b"\n") + 1
    return content[:end], content[end:]


def _write_all(file: int, line: bytes) -> None:
    while line:
        line = line[os.write(file, line) :]


def _sync_folder(folder: Path) -> None:
    """Make a rename durable."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """The one place where the file system's errors become ours."""
    try:
        yield
    except OSError as error:
        raise JournalError(
            f"{path}: {error.strerror or error}.",
            f"{remedy_of(error, OTHERWISE)} Nothing is changed without a journal.",
        ) from error
