"""The build context: which files COPY means, and nothing outside of it."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from ekswiz.errors import InputError
from ekswiz_sim.images.patterns import BadPattern, Ignore, compiled, has_wildcard


class NoSource(Exception):
    """A COPY source cannot be used: why, and what to do."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Source:
    """One file, folder or symbolic link of the context. `path` is relative to it, `/`-separated."""

    path: str
    file: Path
    mode: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder (a link to one is not)."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)


class Context:
    """A folder seen through its .dockerignore.

    Raises:
        InputError: The folder does not exist, or a pattern in .dockerignore is broken.
    """

    def __init__(self, root: Path, dockerfile: Path) -> None:
        if not root.is_dir():
            raise InputError("context", f"{root} is no folder.", "Name the folder that holds the service's files.")
        self.root = Path(os.path.realpath(root))
        self._ignore = _ignore(self.root, dockerfile)

    def find(self, pattern: str) -> list[Source]:
        """What a COPY source names: one path, or all that a wildcard matches.

        Raises:
            NoSource: Nothing there, left out by .dockerignore, or outside of the context.
        """
        path = posixpath.normpath(pattern.lstrip("/") or ".")
        if path == ".." or path.startswith("../"):
            raise NoSource(
                f"'{pattern}' lies outside of the build context {self.root}",
                "Copy it into the context, or build from a folder above.",
            )
        if not has_wildcard(path):
            return [self._one(path, pattern)]
        found = list(self._matching(path))
        if not found:
            raise NoSource(f"no file in the build context matches '{pattern}'", "Correct the pattern.")
        return found

    def below(self, folder: str) -> Iterator[Source]:
        """Everything below a folder, sorted, parents before children; what is ignored is left out."""
        base = self.root / folder
        for entry in sorted(os.scandir(base), key=lambda one: one.name):
            path = entry.name if folder == "." else f"{folder}/{entry.name}"
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                yield from self._folder(Source(path, Path(entry.path), mode))
            elif not stat.S_ISSOCK(mode) and not self._ignore.excludes(path):
                yield Source(path, Path(entry.path), mode)

    def _folder(self, source: Source) -> Iterator[Source]:
        if self._ignore.prunes(source.path):
            return
        if not self._ignore.excludes(source.path):
            yield source
        yield from self.below(source.path)

    def _matching(self, path: str) -> Iterator[Source]:
        try:
            expression = compiled(path)
        except BadPattern as error:
            raise NoSource(f"'{path}' is no pattern: syntax error in pattern", "Correct it.") from error
        return (one for one in self.below(".") if expression.fullmatch(one.path))

    def _one(self, path: str, asked: str) -> Source:
        file = self.root / path
        if path != "." and self._ignore.excludes(path) and not (file.is_dir() and not self._ignore.prunes(path)):
            raise NoSource(f"'{asked}' is left out by .dockerignore", "Take it out of .dockerignore.")
        real = Path(os.path.realpath(file))
        if not real.is_relative_to(self.root):
            raise NoSource(f"'{asked}' is a link that leads outside of the build context", "Copy the file itself.")
        try:
            mode = real.stat().st_mode
        except (OSError, ValueError) as error:
            raise NoSource(f"'{asked}' does not exist in the build context {self.root}", self._hint(path)) from error
        return Source(path, real, mode)

    def _hint(self, path: str) -> str:
        folder, name = posixpath.split(path)
        try:
            names = os.listdir(self.root / folder)  # noqa: PTH208 - names are all that is wanted
        except OSError:
            names = []
        close = get_close_matches(name, names, 1)
        return f"Did you mean '{posixpath.join(folder, close[0])}'?" if close else "Create it, or correct the path."


def _ignore(root: Path, dockerfile: Path) -> Ignore:
    for file in (dockerfile.with_name(dockerfile.name + ".dockerignore"), root / ".dockerignore"):
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").removeprefix("\ufeff").splitlines()
            return Ignore(lines)
        except FileNotFoundError:
            continue
        except BadPattern as error:
            raise InputError(str(file), f"syntax error in pattern '{error}'.", "Correct or remove it.") from error
    return Ignore(())
