"""What a world makes at an endpoint: noted before each call, and taken away when the world ends, however it ends.

What others keep there is left alone: only objects that this world made are in the note. An object whose id the
endpoint chooses is known by its tags until the answer is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ekswiz_sim import holdings
from ekswiz_sim.aws.endpoint import removal
from ekswiz_sim.aws.endpoint.wire import Wire
from ekswiz_sim.seams import ServiceError

Thing = tuple[str, str]
"""Kind and name or id; the kind "asked" holds an EC2 call that has no answer yet, as JSON."""
ASKED = "asked"


class Made:
    """The note of one world. An empty note is none."""

    def __init__(self, home: Path, wire: Wire) -> None:
        self._home = home
        self._wire = wire
        self._things: list[Thing] = []
        self._note: holdings.Note | None = None

    def begin(self, thing: Thing) -> None:
        """Note what the next call makes; on disk before it is sent."""
        self._things.append(thing)
        self._write()

    def end(self, thing: Thing, became: Thing | None) -> None:
        """What became of it: what there is now, or None where nothing was made or it is gone again."""
        if thing in self._things:
            self._things.remove(thing)
        if became is not None:
            self._things.append(became)
        self._write()

    def forget(self, thing: Thing) -> None:
        """It is gone."""
        if thing in self._things:
            self.end(thing, None)

    def _write(self) -> None:
        facts = {
            "url": self._wire.url,
            "account": self._wire.account,
            "region": self._wire.region,
            "things": [list(thing) for thing in self._things],
        }
        if self._note is None:
            self._note = holdings.note(self._home, "aws", facts)
        else:
            self._note = holdings.rewrite(self._note, facts)


def settle(home: Path, facts: Mapping[str, Any]) -> list[str]:
    """Take away what a note speaks of; what is left, in words. Nothing is sent where nothing was made."""
    del home
    things = [(str(kind), str(name)) for kind, name in facts["things"]]
    if not things:
        return []
    wire = Wire(str(facts["url"]), str(facts["account"]), str(facts["region"]))
    try:
        known = [*(thing for thing in things if thing[0] != ASKED), *_unanswered(wire, things)]
        return removal.remove(wire, known)
    except ServiceError as error:
        return [f"objects at {wire.url}: {error.message}"]
    finally:
        wire.close()


def asked(operation: str, kind: str, form: Mapping[str, str], before: Sequence[str]) -> Thing:
    """A create call of EC2's before its answer: its tags will find what it made, if the answer never comes."""
    tags: dict[str, str] = {}
    for name, value in form.items():
        if name.startswith("TagSpecification.") and name.endswith(".Key"):
            tags[value] = form.get(f"{name.removesuffix('.Key')}.Value", "")
    return ASKED, json.dumps({"operation": operation, "kind": kind, "tags": tags, "before": sorted(before)})


def _unanswered(wire: Wire, things: Sequence[Thing]) -> Iterator[Thing]:
    """What calls without an answer made: objects of that kind with exactly those tags that were not there before."""
    noted = {name for _, name in things}
    for kind, text in things:
        if kind != ASKED:
            continue
        call = json.loads(text)
        for name, tags in removal.tagged(wire, call["kind"]):
            if call["tags"] and tags == call["tags"] and name not in call["before"] and name not in noted:
                yield call["kind"], name
