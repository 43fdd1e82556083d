"""The generated files beside those of a repository: what is new, what is the same, what is somebody's own.

Nothing here overwrites a file: what differs is shown, or put beside the other one under a name of its own.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ekswiz.deliver import RepositoryFile, pins
from ekswiz.errors import InputError

State = Literal["new", "same", "kept", "edited", "yours"]
SUFFIX = ".ekswiz"
"""What a side file's name ends in: neither GitHub nor kustomize reads such a file."""
MARK = "# Written by ekswiz for stack "
WORDS: dict[State, str] = {
    "new": "ekswiz apply writes it",
    "same": "it is there, as ekswiz writes it",
    "kept": "it is there and yours since it was begun: it stays as it is",
    "edited": "ekswiz wrote it, and it differs: ekswiz apply writes it anew",
    "yours": "it is yours: ekswiz never overwrites it; --diff shows, --side writes what it would say",
}
USES = re.compile(r"^\s*(?:-\s+)?uses:\s*['\"]?(?P<action>[\w.-]+/[\w./-]+)@(?P<ref>[^\s'\"#]+)", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Beside:
    """One generated file and what is in its place; `own` is that one's text, None if there is none."""

    file: RepositoryFile
    state: State
    own: str | None


@dataclass(frozen=True, slots=True)
class Use:
    """An action that a workflow of the repository uses by another ref than ours; `says` is what to think of it."""

    where: str
    action: str
    ref: str
    says: str


def compare(files: Sequence[RepositoryFile], source: Path) -> list[Beside]:
    """Every generated file with what is in its place."""
    return [_beside(file, _text(source / file.path)) for file in files]


def _beside(file: RepositoryFile, own: str | None) -> Beside:
    if own is None:
        return Beside(file, "new", None)
    if own == file.text:
        return Beside(file, "same", own)
    if file.kind == "manifest":
        return Beside(file, "kept", own)
    return Beside(file, "edited" if own.startswith(MARK) else "yours", own)


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes()[:LARGEST].decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise InputError("--source", f"{path} cannot be read: {error.strerror}.", "Make it readable.") from error


def lines(found: Sequence[Beside]) -> Iterator[str]:
    """One line a file: state, path, what that means."""
    width = max(len(each.file.path) for each in found)
    return (f"{each.state:<7} {each.file.path:<{width}}  {WORDS[each.state]}" for each in found)


def difference(each: Beside) -> Iterator[str]:
    """The lines that differ, from the file that is there to what ekswiz would write."""
    before = (each.own or "").splitlines(keepends=True)
    name = each.file.path if each.own is not None else "/dev/null"
    made = difflib.unified_diff(before, each.file.text.splitlines(keepends=True), name, f"{each.file.path} (ekswiz)")
    return (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in made)


def write_out(found: Sequence[Beside], folder: Path) -> list[Path]:
    """Write all files to a folder of their own; what was written. One that is there already must be the same.

    Raises:
        InputError: Another file is in the way, or the folder cannot be written.
    """
    texts = [(folder / each.file.path, each.file.text) for each in found]
    for path, text in texts:
        if _text(path) not in (None, text):
            raise InputError("--out", f"{path} is there, and another file.", "Name an empty folder.")
    return _write(texts, "--out")


def write_beside(found: Sequence[Beside], source: Path) -> list[Path]:
    """Put what ekswiz would write beside each file that differs; what was written.

    Raises:
        InputError: A side file cannot be written.
    """
    differing = [each for each in found if each.state in ("yours", "kept")]
    return _write([(source / f"{each.file.path}{SUFFIX}", each.file.text) for each in differing], "--side")


def _write(texts: Sequence[tuple[Path, str]], flag: str) -> list[Path]:
    written = []
    for path, text in texts:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        except OSError as error:
            raise InputError(flag, f"{path} cannot be written: {error.strerror}.", "Name another folder.") from error
        written.append(path)
    return written


def other_uses(source: Path) -> list[Use]:
    """Actions in the repository's workflows that can move, or are ours at another commit."""
    known = {pin.action: pin for pin in pins.PINS}
    folder = source / ".github" / "workflows"
    found = []
    for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]):
        for number, line in enumerate((_text(path) or "").splitlines(), start=1):
            use = USES.match(line)
            says = _says(use["action"], use["ref"], known) if use else ""
            if use and says:
                where = f"{path.relative_to(source).as_posix()}:{number}"
                found.append(Use(where, use["action"], use["ref"], says))
    return found


def _says(action: str, ref: str, known: dict[str, pins.Pin]) -> str:
    pin = known.get(action)
    if not COMMIT.fullmatch(ref):
        return f"can be moved to other code at any time; ours: {pin.uses}" if pin else "can be moved to other code"
    return f"is another commit than ours: {pin.uses}" if pin and ref != pin.commit else ""
