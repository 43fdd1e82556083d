"""What a world holds outside of its folder: containers, clusters, objects at an endpoint. Noted before it is made.

A note is a JSON file in the world's folder. The world that made it settles it (takes the thing away, then the note);
if that world was killed, the next one does so, before it removes the folder. A note that cannot be settled stays, and
its folder with it: whoever comes next tries again.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["container", "kind", "aws", "localstack"]
FOLDER = "holdings"
Settle = Callable[[Path, Mapping[str, Any]], list[str]]
"""Takes away what a note of a world's folder speaks of; returns what is left, in words. Must do nothing twice."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that is held."""

    kind: Kind
    file: Path
    facts: Mapping[str, Any]


def note(home: Path, kind: Kind, facts: Mapping[str, Any]) -> Note:
    """Write down what is about to be made. `facts` must say enough to find and remove it without the world."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    made = Note(kind, folder / f"{kind}-{secrets.token_hex(6)}.json", dict(facts))
    rewrite(made, facts)
    return made


def rewrite(held: Note, facts: Mapping[str, Any]) -> Note:
    """The note with other facts, on disk before this returns: whole or not at all."""
    scratch = held.file.with_suffix(".new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"kind": held.kind, "facts": dict(facts)}, stream)
    scratch.replace(held.file)
    return Note(held.kind, held.file, dict(facts))


def settled(held: Note) -> None:
    """What the note speaks of is gone."""
    held.file.unlink(missing_ok=True)


def notes(home: Path) -> Iterator[Note]:
    """Every readable note of a world's folder, newest last."""
    with contextlib.suppress(OSError):
        for file in sorted((home / FOLDER).glob("*.json"), key=lambda path: path.stat().st_mtime_ns):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                written = json.loads(file.read_text(encoding="utf-8"))
                yield Note(written["kind"], file, dict(written["facts"]))


def settle(home: Path, ways: Mapping[str, Settle] | None = None) -> list[str]:
    """Take away everything that the notes of a folder speak of, the newest first; what is left, in words."""
    left: list[str] = []
    for held in reversed(list(notes(home))):
        try:
            found = (_way(held.kind) if ways is None else ways[held.kind])(home, held.facts)
        except Exception as error:  # noqa: BLE001 - one thing that cannot be removed keeps no other from being removed
            found = [f"{held.kind}: {type(error).__name__} {error}".rstrip()]
        if not found:
            settled(held)
        left += found
    return left


def _way(kind: str) -> Settle:
    """Who takes away things of this kind; loaded only for a folder that has a note of one."""
    from ekswiz_sim import alternatives

    return alternatives.SETTLE[kind]()
