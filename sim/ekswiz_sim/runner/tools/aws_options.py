"""Command line options as the AWS CLI reads them: `--name value`, `--name=value`, and lists of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["one", "many", "flag"]

GLOBAL: Mapping[str, Kind] = {
    "--region": "one",
    "--output": "one",
    "--query": "one",
    "--no-cli-pager": "flag",
    "--no-paginate": "flag",
    "--no-cli-auto-prompt": "flag",
}


class Usage(Exception):
    """The command line cannot be understood."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was given. Names are without dashes in front."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """The last value given for a name."""
        return self.values.get(name, (default,))[-1]

    def many(self, name: str) -> Sequence[str]:
        """All values given for a name."""
        return self.values.get(name, ())


def parse(arguments: Sequence[str], known: Mapping[str, Kind], required: Sequence[str]) -> Options:
    """Read the options after the command's words.

    Raises:
        Usage: An option is unknown, lacks its value, or a required one is missing.
    """
    kinds = {**GLOBAL, **known}
    found: dict[str, list[str]] = {}
    left = list(arguments)
    while left:
        name, equals, value = left.pop(0).partition("=")
        if name not in kinds:
            raise Usage(f"Unknown options: {name} (the rehearsal's aws knows {', '.join(sorted(kinds))})")
        found[name.removeprefix("--")] = [value] if equals else _values(name, kinds[name], left)
    missing = [name for name in required if name.removeprefix("--") not in found]
    if missing:
        raise Usage(f"the following arguments are required: {', '.join(missing)}")
    return Options(found)


def _values(name: str, kind: Kind, left: list[str]) -> list[str]:
    if kind == "flag":
        return []
    taken: list[str] = []
    while left and not left[0].startswith("--") and (kind == "many" or not taken):
        taken.append(left.pop(0))
    if not taken:
        raise Usage(f"argument {name}: expected {'one argument' if kind == 'one' else 'at least one argument'}")
    return taken


def shorthand(words: Sequence[str]) -> list[dict[str, str]]:
    """Structures in the CLI's shorthand: `imageTag=1 imageDigest=sha256:…,imageTag=2`.

    Raises:
        Usage: A piece has no `=`.
    """
    structures = []
    for word in words:
        pieces = [piece.partition("=") for piece in word.split(",")]
        if not all(equals for _, equals, _ in pieces):
            raise Usage(f"Error parsing parameter: Expected: '=', received: end of input for '{word}'")
        structures.append({name: value for name, _, value in pieces})
    return structures
