"""Reads a Dockerfile into instructions, each with its line.

It knows all instructions of the reference, continuation lines, comments, the escape directive, JSON and shell forms,
flags, and here-documents. What a builder does with them is not its business.
Source: https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ekswiz.errors import InputError

KNOWN = frozenset(
    {
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    }
)
HEREDOC = re.compile(r"(?<![<\\])<<(-?)\s*(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\2")
DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*")
FLAG = re.compile(r"--([a-z][a-z-]*)(?:=(\S*))?")


class DockerfileError(InputError):
    """A Dockerfile, or the context it names, cannot be used. Says file and line."""

    summary = "The image cannot be built"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. `words` is its JSON form, or None in shell form; `text` is what follows name and flags."""

    line: int
    name: str
    text: str
    flags: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] | None = None
    heredocs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.text}".strip()

    @staticmethod
    def json(text: str) -> tuple[str, ...] | None:
        """A JSON list of strings, or None for anything else: then it is the shell form."""
        if not text.startswith("["):
            return None
        try:
            words = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if not isinstance(words, list) or not all(isinstance(one, str) for one in words):
            return None
        return tuple(words)


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A parsed file. `name` is how messages call it."""

    name: str
    instructions: tuple[Instruction, ...]
    escape: str = "\\"

    def stages(self) -> tuple[Instruction, ...]:
        """Its FROM instructions."""
        return tuple(one for one in self.instructions if one.name == "FROM")

    def error(self, line: int, detail: str, remedy: str = "") -> DockerfileError:
        """An error at a line of this file."""
        return DockerfileError(f"{self.name}:{line}", detail, remedy)


@dataclass(slots=True)
class _Lines:
    """The file's physical lines, taken one by one."""

    rows: list[str]
    escape: str
    at: int = 0

    def logical(self) -> tuple[int, str] | None:
        """The next instruction with its continuation lines joined; comments and blank lines inside it vanish."""
        parts: list[str] = []
        first = 0
        while self.at < len(self.rows):
            row = self.rows[self.at]
            self.at += 1
            if not row.strip() or row.lstrip().startswith("#"):
                continue
            first = first or self.at
            stripped = row.rstrip()
            if not stripped.endswith(self.escape):
                parts.append(row if parts else row.lstrip())
                break
            parts.append(stripped[:-1] if parts else stripped[:-1].lstrip())
        return (first, "".join(parts).rstrip()) if parts else None

    def until(self, word: str, tabs: bool) -> str | None:
        """The body of a here-document; None if its end never comes."""
        start = self.at
        while self.at < len(self.rows):
            row = self.rows[self.at]
            self.at += 1
            if (row.lstrip("\t") if tabs else row) == word:
                return "\n".join(self.rows[start : self.at - 1]) + "\n"
        return None


def parse(text: str, name: str = "Dockerfile") -> Dockerfile:
    """Read a Dockerfile.

    Raises:
        DockerfileError: No instruction, an unknown one, one without arguments, something before FROM.
    """
    rows = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    escape = _escape(rows, name)
    lines = _Lines(rows, escape)
    found = tuple(_instructions(lines, name))
    if not found:
        raise DockerfileError(name, "file with no instructions.", "Write at least FROM and CMD.")
    early = next((one for one in found if one.name != "ARG"), found[0])
    if early.name != "FROM":
        raise DockerfileError(
            f"{name}:{early.line}", f"no build stage in current context: {early.name} stands before FROM.",
            "Begin with FROM; only ARG may stand before it.",
        )  # fmt: skip
    return Dockerfile(name, found, escape)


def _escape(rows: list[str], name: str) -> str:
    for number, row in enumerate(rows, start=1):
        match = DIRECTIVE.fullmatch(row.strip())
        if match is None:
            return "\\"
        if match[1].lower() == "escape":
            if match[2] not in {"\\", "`"}:
                raise DockerfileError(f"{name}:{number}", f"invalid escape token '{match[2]}' does not match ` or \\.")
            return match[2]
    return "\\"


def _instructions(lines: _Lines, name: str) -> Iterator[Instruction]:
    while (row := lines.logical()) is not None:
        number, text = row
        word, _, rest = text.partition(" ") if " " in text else text.partition("\t")
        if word.upper() not in KNOWN:
            raise DockerfileError(
                f"{name}:{number}",
                f"unknown instruction: {word}.",
                f"Dockerfiles know {', '.join(sorted(KNOWN))}.",
            )
        if not rest.strip():
            raise DockerfileError(f"{name}:{number}", f"{word.upper()} requires at least one argument.")
        yield _instruction(lines, name, number, word.upper(), rest.strip())


def _instruction(lines: _Lines, name: str, number: int, word: str, rest: str) -> Instruction:
    heredocs = tuple(_heredocs(lines, name, number, rest)) if word in {"RUN", "COPY", "ADD"} else ()
    flags, text = _flags(rest) if word in {"ADD", "COPY", "FROM", "HEALTHCHECK", "RUN"} else ({}, rest)
    if not text:
        raise DockerfileError(f"{name}:{number}", f"{word} requires at least one argument.")
    return Instruction(number, word, text, flags, Instruction.json(text), heredocs)


def _heredocs(lines: _Lines, name: str, number: int, rest: str) -> Iterator[str]:
    for tabs, _, word in HEREDOC.findall(rest):
        body = lines.until(word, tabs == "-")
        if body is None:
            raise DockerfileError(f"{name}:{number}", f"unterminated heredoc: no line holds {word} alone.")
        yield body


def _flags(rest: str) -> tuple[dict[str, str], str]:
    flags: dict[str, str] = {}
    while (match := FLAG.match(rest)) and (match.end() == len(rest) or rest[match.end()].isspace()):
        value = match[2] if match[2] is not None else "true"
        flags[match[1]] = f"{flags[match[1]]},{value}" if match[1] in flags else value
        rest = rest[match.end() :].lstrip()
    return flags, rest
