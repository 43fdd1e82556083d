"""A container's files: a private copy of the image's root, with volumes mounted in it as links.

There is no mount namespace here, so a path of the image means a path below the root: the working directory, arguments
and variables are translated. A path that is written in the program's code is not; that is this tier's limit.
"""

from __future__ import annotations

import posixpath
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ekswiz_sim.kubernetes.embedded.store import Obj

_PATH_LISTS = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
_OWN_PARTS = 2
"""Parts that a path needs before a variable's value is taken for one: `/app` may be a URL prefix."""


@dataclass(frozen=True, slots=True)
class Files:
    """`root` stands for the container's `/`; `mounts` are the container paths of its volumes."""

    root: Path
    home: Path
    mounts: tuple[str, ...] = ()

    def inside(self, path: str) -> Path:
        """Where a path of the container is on this machine; never outside the root."""
        clean = posixpath.normpath("/" + path.lstrip("/"))
        return self.root / clean.lstrip("/")

    def argument(self, text: str) -> str:
        """A program's argument, translated if it is a path that exists in the container."""
        option, equals, value = text.partition("=")
        if equals and option.startswith("-"):
            return f"{option}={self.argument(value)}"
        return str(self.inside(text)) if self._is_path(text, parts=1) else text

    def variable(self, name: str, text: str) -> str:
        """A variable's value, translated likewise; lists of paths part by part."""
        if name in _PATH_LISTS:
            return ":".join(str(self.inside(one)) for one in text.split(":") if self._is_path(one, parts=1))
        return str(self.inside(text)) if self._is_path(text, parts=_OWN_PARTS) else text

    def _is_path(self, text: str, *, parts: int) -> bool:
        if not text.startswith("/") or "\n" in text or "\0" in text:
            return False
        count = len([part for part in text.split("/") if part])
        mounted = any(text == one or text.startswith(f"{one}/") for one in self.mounts)
        return (count >= parts or mounted) and bool(count) and _exists(self.inside(text))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long is no path
        return False


def prepare(image: Path, folder: Path, mounts: Iterable[Obj], volumes: Mapping[str, Path]) -> Files:
    """Make a container's files anew: what a former run wrote is gone, as in a container. Blocks."""
    shutil.rmtree(folder, ignore_errors=True)
    root, home = folder / "root", folder / "home"
    shutil.copytree(image, root, symlinks=True)
    home.mkdir()
    wanted = list(mounts)
    files = Files(root, home, tuple(posixpath.normpath(one["mountPath"]) for one in wanted))
    files.inside("/tmp").mkdir(exist_ok=True)  # noqa: S108 - of the container
    for one in wanted:
        _mount(files.inside(one["mountPath"]), volumes[one["name"]], one.get("subPath", ""))
    return files


def _mount(target: Path, volume: Path, part: str) -> None:
    source = volume / posixpath.normpath("/" + part).lstrip("/")
    if part and not source.exists():
        source.mkdir(parents=True)
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)
