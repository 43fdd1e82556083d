"""JSON documents as lines: pretty, complete, and where two differ, what differs."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ekswiz.plan import encode
from ekswiz.render import KNOWN_LATER
from ekswiz.tui.preview.ink import Ink, Line, line

CONTEXT = 2
"""Equal lines that are shown around a difference."""
LONGEST = 160
"""Characters of a value that the attribute list shows; the Policy tab shows all of it."""
_KEY = re.compile(r'^(\s*)("(?:[^"\\]|\\.)*")(:.*)$')
_MARKS: Mapping[str, Ink] = {"+": "create", "-": "delete", "@": "faint"}


def pretty(document: Any) -> str:
    """A document as JSON text that a person can read."""
    return json.dumps(encode(document), indent=2, ensure_ascii=False)


def json_lines(document: Any) -> Iterator[Line]:
    """A document, its keys told apart from its values."""
    for text in pretty(document).split("\n"):
        match = _KEY.match(text)
        yield ((match[1], "plain"), (match[2], "key"), (match[3], "plain")) if match else line(text)


def compared(before: str, after: str) -> Iterator[Line]:
    """What differs between two texts, line by line; equal stretches are counted, not shown."""
    old, new = before.splitlines(), after.splitlines()
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT):
        first = group[0][1]
        yield line(f"@ line {first + 1}", "faint")
        for tag, start, end, low, high in group:
            yield from _rows(tag, old[start:end], new[low:high])


def _rows(tag: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    if tag == "equal":
        yield from (line(f"  {text}") for text in old)
        return
    yield from (line(f"- {text}", "delete") for text in old)
    yield from (line(f"+ {text}", "create") for text in new)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value that is not a container, by its path, as text."""
    found = encode(value)
    if isinstance(found, Mapping) and found and "$ref" not in found:
        for key, item in found.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(found, list) and found:
        for number, item in enumerate(found):
            yield from leaves(item, f"{path}[{number}]")
    elif path:
        yield path, _text(found)


def attributes(before: Any, after: Any) -> Iterator[Line]:
    """Attribute by attribute what differs; equal ones are counted."""
    old, new = dict(leaves(before or {})), dict(leaves(after or {}))
    same = 0
    for path in [*old, *(path for path in new if path not in old)]:
        was, wanted = old.get(path), new.get(path)
        if was == wanted:
            same += 1
        else:
            yield from _attribute(path, was, wanted)
    if same:
        yield line(f"  {same} unchanged", "faint")


def _attribute(path: str, was: str | None, wanted: str | None) -> Iterator[Line]:
    if was is None:
        yield (("+ ", "create"), (f"{path}: ", "key"), (wanted or "", "plain"))
    elif wanted is None:
        yield (("- ", "delete"), (f"{path}: ", "key"), (was, "plain"))
    else:
        yield (("~ ", "update"), (f"{path}:", "key"))
        yield (("    ", "plain"), (was, "delete"))
        yield ((" -> ", "plain"), (wanted, "create"))


def _text(value: Any) -> str:
    if isinstance(value, Mapping) and "$ref" in value:
        return KNOWN_LATER
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
