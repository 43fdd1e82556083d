"""One build under way: instructions in, layers and settings out."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from ekswiz.errors import remedy_of
from ekswiz_sim.images import layers, settings, words
from ekswiz_sim.images.context import Context, NoSource, Source
from ekswiz_sim.images.dockerfile import Dockerfile, Instruction
from ekswiz_sim.images.layers import Entry, Layer
from ekswiz_sim.images.settings import BadInstruction, Settings
from ekswiz_sim.images.unbuildable import matters, pip_installs, required

CANNOT_RUN = "dev.ekswiz.cannot-run"
"""Label: why a local process cannot be this container."""
REQUIRES = "dev.ekswiz.requires"
"""Label: JSON list of the distributions that a skipped pip would have installed."""
CONTEXT = "dev.ekswiz.context"
"""Label: hash of the context, on an image that could not be built."""
FOLDERS = frozenset(
    {
        "bin",
        "boot",
        "dev",
        "etc",
        "home",
        "lib",
        "media",
        "mnt",
        "opt",
        "proc",
        "root",
        "run",
        "sbin",
        "srv",
        "sys",
        "tmp",
        "usr",
        "usr/bin",
        "usr/lib",
        "usr/local",
        "usr/local/bin",
        "usr/local/etc",
        "usr/local/lib",
        "usr/local/share",
        "usr/share",
        "usr/src",
        "var",
        "var/lib",
        "var/log",
        "var/run",
        "var/www",
    }
)
"""Folders that any base image has: COPY to one of them puts a file into it."""
PREDEFINED = frozenset(
    name
    for base in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (base, base.lower())
)


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the image's history."""

    created_by: str
    empty_layer: bool
    created: str = "1970-01-01T00:00:00Z"


@dataclass(slots=True)
class Assembly:
    """The state of a build."""

    dockerfile: Dockerfile
    context: Context
    store: Path
    build_args: dict[str, str]
    platform: str
    settings: Settings = field(default_factory=Settings)
    layers: list[Layer] = field(default_factory=list)
    history: list[Step] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    cannot_run: list[str] = field(default_factory=list)
    base: str = ""
    _args: dict[str, str] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=lambda: set(FOLDERS))
    _texts: dict[str, Path] = field(default_factory=dict)
    _requires: set[str] = field(default_factory=set)

    def run(self, instructions: Iterable[Instruction]) -> None:
        """Carry out instructions in order.

        Raises:
            DockerfileError: One of them cannot be carried out.
        """
        for instruction in instructions:
            try:
                self._step(instruction)
            except (BadInstruction, words.BadWord) as error:
                self._fail(instruction, f"{instruction.name}: {error}.")
            except OSError as error:
                self._fail(
                    instruction, f"{instruction}: {error}.", remedy_of(error, "Make the file readable and try again.")
                )
        for name in sorted(self.build_args.keys() - self._used - PREDEFINED):
            self.skipped.append(f"--build-arg {name} is used by no ARG")
        if self._requires:
            self.settings.labels[REQUIRES] = json.dumps(sorted(self._requires))

    def _step(self, instruction: Instruction) -> None:
        before = len(self.layers)
        if instruction.name in {"COPY", "ADD"}:
            self._copy(instruction)
        elif instruction.name == "RUN":
            self._skip(instruction)
        elif not settings.apply(self.settings, instruction, self._expand):
            self._define(instruction)
        if instruction.name == "WORKDIR":
            self._write(self._parents(self.settings.workdir.lstrip("/") + "/"))
        self.history.append(Step(str(instruction), len(self.layers) == before))

    def _define(self, instruction: Instruction) -> None:
        if instruction.name == "FROM":
            self._from(instruction)
        elif instruction.name == "ARG":
            self._declare(instruction)
        elif instruction.name == "MAINTAINER":
            self.settings.labels["maintainer"] = instruction.text
        else:
            escape = self.dockerfile.escape
            for name, value in words.pairs(instruction.text, escape):
                chosen = self.settings.env if instruction.name == "ENV" else self.settings.labels
                chosen[words.expand(name, self._variables(), escape)] = self._expand(value)

    def _from(self, instruction: Instruction) -> None:
        name = self._expand(instruction.text.split()[0])
        if not name:
            self._fail(instruction, f"base name ({instruction.text}) should not be blank.", "Give its ARG a value.")
        self.base = name
        self._args.clear()
        if name != "scratch":
            self.skipped.append(f"FROM {name} recorded, not pulled: this host's Python stands in for it")

    def _declare(self, instruction: Instruction) -> None:
        for word in words.split(instruction.text, self.dockerfile.escape):
            name, given, default = word.partition("=")
            self._used.add(name)
            if name in self.build_args:
                self._args[name] = self.build_args[name]
            elif given:
                self._args[name] = self._expand(default)
            elif name in (known := self._platform_args() | self._global_args()):
                self._args[name] = known[name]

    def _platform_args(self) -> dict[str, str]:
        system, architecture, *variant = self.platform.split("/")
        parts = {"PLATFORM": self.platform, "OS": system, "ARCH": architecture, "VARIANT": "".join(variant)}
        return {side + name: value for side in ("TARGET", "BUILD") for name, value in parts.items()}

    def _global_args(self) -> dict[str, str]:
        """ARGs from before FROM: a stage sees them when it declares them again."""
        found: dict[str, str] = {}
        for one in self.dockerfile.instructions:
            if one.name != "ARG":
                break
            for word in words.split(one.text, self.dockerfile.escape):
                name, _, default = word.partition("=")
                found[name] = self.build_args.get(name) or words.expand(default, found, self.dockerfile.escape)
        return found

    def _variables(self) -> dict[str, str]:
        return self._args | self.settings.env

    def _expand(self, text: str) -> str:
        return words.expand(text, self._variables(), self.dockerfile.escape)

    def _skip(self, instruction: Instruction) -> None:
        line = str(instruction).splitlines()[0]
        short = line if len(line) <= 100 else line[:99] + "…"  # noqa: PLR2004 - a line of a log
        self.skipped.append(f"{short} skipped (line {instruction.line})")
        reason = matters(instruction)
        if reason:
            self.cannot_run.append(f"{self.dockerfile.name}:{instruction.line} {reason}, which was skipped")
        for kind, name in pip_installs(instruction):
            if kind == "name":
                self._requires.add(name)
            elif kind == "file":
                self._requires |= required(self._text(name) or "", self._text)

    def _text(self, name: str) -> str | None:
        """A requirements file that an earlier COPY brought in."""
        path = self._texts.get(self.settings.absolute(name).lstrip("/"))
        return path.read_text(encoding="utf-8", errors="replace") if path else None

    def _copy(self, instruction: Instruction) -> None:
        given = list(instruction.words) if instruction.words is not None else instruction.text.split()
        *sources, target = [self._expand(word) for word in given] or [""]
        if not sources:
            self._fail(instruction, f"{instruction.name} requires at least two arguments, a source and a destination.")
        try:
            found = [one for source in sources for one in self.context.find(source)]
        except NoSource as error:
            self._fail(instruction, f"{instruction}: {error.why}.", error.remedy)
        many = len(found) > 1 or len(sources) > 1
        into = target.endswith(("/", "/.")) or target in {".", ".."}
        if many and not into:
            self._fail(
                instruction,
                f"{instruction}: with more than one source the destination must be a folder and end with /.",
                f"Write {target}/.",
            )
        target = self.settings.absolute(target).lstrip("/")
        self._write(self._entries(instruction, found, target, into or target in self._folders or not target))

    def _entries(self, instruction: Instruction, found: list[Source], target: str, into: bool) -> Iterator[Entry]:
        mode, uid, gid = self._owner(instruction)
        for source in found:
            if not source.is_folder:
                name = posixpath.join(target, posixpath.basename(source.path)) if into else target
                yield from self._parents(name)
                yield Entry(name, source, mode, uid, gid)
                continue
            yield from self._parents(target + "/")
            for below in self.context.below(source.path):
                relative = below.path if source.path == "." else below.path[len(source.path) + 1 :]
                name = posixpath.join(target, relative)
                yield from self._parents(name)
                yield Entry(name, below, mode if not below.is_folder else None, uid, gid)

    def _parents(self, name: str) -> Iterator[Entry]:
        """Folders above a name that no layer has yet."""
        folder = posixpath.dirname(name)
        if folder and folder not in self._folders:
            yield from self._parents(folder)
            yield Entry(folder)

    def _owner(self, instruction: Instruction) -> tuple[int | None, int, int]:
        mode, owner = instruction.flags.get("chmod"), self._expand(instruction.flags.get("chown", ""))
        user, _, group = owner.partition(":")
        numeric = user.isdecimal() and (group or user).isdecimal()
        if owner and not numeric:
            self.skipped.append(f"--chown={owner} skipped (line {instruction.line}): files belong to root")
        if mode is not None and not re.fullmatch("[0-7]{1,4}", mode):
            self._fail(instruction, f"--chmod={mode} is not an octal mode.", "Write e.g. --chmod=755.")
        bits = int(mode, 8) if mode else None
        return (bits, int(user), int(group or user)) if numeric else (bits, 0, 0)

    def _write(self, entries: Iterable[Entry]) -> None:
        chosen: dict[str, Entry] = {}
        for entry in entries:
            chosen[entry.name] = entry
            if entry.source is None or entry.source.is_folder:
                self._folders.add(entry.name)
            elif entry.name.endswith((".txt", ".in")):
                self._texts[entry.name] = entry.source.file
        if chosen:
            self.layers.append(layers.write(chosen.values(), self.store))

    def _fail(self, instruction: Instruction, detail: str, remedy: str = "") -> NoReturn:
        raise self.dockerfile.error(instruction.line, detail, remedy)
