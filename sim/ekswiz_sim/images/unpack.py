"""Unpacks layers into a folder that will be some process's root, and into nothing else.

Names with `..` are refused. Folders on the way are followed as a container would follow them: a link never leads out
of the root, an absolute one starts at it. Files belong to whoever unpacks; set-user-id bits are dropped.
Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import stat
import tarfile
import zlib
from pathlib import Path
from typing import Protocol

GZIP = frozenset(
    {"application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip"},
)
PLAIN = "application/vnd.oci.image.layer.v1.tar"
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
LINKS = 40
"""Links on the way to a file, at most; as the kernel has it."""
PIECE = 1024 * 1024


class Refused(Exception):
    """A layer that will not be unpacked: broken, hostile or too large."""


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Counted:
    """Hashes what is read and stops a layer that grows beyond its bound."""

    def __init__(self, below: _Readable, most: int) -> None:
        self._below = below
        self._left = most
        self.hash = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        data = self._below.read(size)
        self.hash.update(data)
        self._left -= len(data)
        if self._left < 0:
            raise Refused("the layer unpacks to more bytes than this node takes")
        return data


def unpack(layer: Path, media_type: str, root: Path, diff_id: str, most: int) -> None:
    """Apply one layer on top of what is in `root`.

    Args:
        layer: The stored blob, already verified.
        media_type: Its type; gzip or plain tar.
        root: An existing folder.
        diff_id: The digest that the tar inside must have.
        most: Bytes that it may unpack to.

    Raises:
        Refused: Not a tar, a name that leads outside, a device, another digest inside, too large.
        OSError: The disk refuses.
    """
    if media_type not in GZIP and media_type != PLAIN:
        raise Refused(f"unsupported layer media type {media_type}")
    try:
        with layer.open("rb") as file:
            counted = _Counted(gzip.GzipFile(fileobj=file) if media_type in GZIP else file, most)
            with tarfile.open(fileobj=counted, mode="r|") as tar:  # type: ignore[call-overload]  # read() is enough
                _Layer(root).apply(tar)
            while counted.read(PIECE):
                pass
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, ValueError) as error:
        raise Refused(f"archive/tar: invalid tar header: {error}") from error
    if f"sha256:{counted.hash.hexdigest()}" != diff_id:
        raise Refused(f"wrong diff id calculated on extraction sha256:{counted.hash.hexdigest()}, expected {diff_id}")


class _Layer:
    """One layer being applied. Remembers its own names and the folders above: opaque ones hide lower layers only."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.realpath(root))
        self._own: set[Path] = set()

    def apply(self, tar: tarfile.TarFile) -> None:
        """Carry out every entry in order."""
        for member in tar:
            parts = _parts(member.name)
            if not parts:
                continue
            folder = self._folder(parts[:-1])
            if parts[-1].startswith(WHITEOUT):
                self._whiteout(folder, parts[-1])
            else:
                self._place(tar, member, folder / parts[-1])

    def _place(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
        self._own.update((path, *path.parents))
        if member.isdir():
            if path.is_symlink() or not path.is_dir():
                _remove(path)
                path.mkdir()
            path.chmod((member.mode & 0o777) | stat.S_IRWXU)
            return
        _remove(path)
        if member.isreg():
            self._file(tar, member, path)
        elif member.issym():
            path.symlink_to(self._inside(path, member.linkname))
        elif member.islnk():
            self._hardlink(member, path)
        else:
            raise Refused(f"'{member.name}' is a device or a pipe, which this node does not unpack")

    def _file(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
        content = tar.extractfile(member)
        if content is None:
            raise Refused(f"'{member.name}' has no content")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(content, file, PIECE)
            os.fchmod(file.fileno(), (member.mode & 0o777) | stat.S_IRUSR | stat.S_IWUSR)

    def _hardlink(self, member: tarfile.TarInfo, path: Path) -> None:
        parts = _parts(member.linkname)
        target = self._folder(parts[:-1], make=False) / parts[-1] if parts else self._root
        if target.is_symlink() or not target.is_file():
            raise Refused(f"'{member.name}' is a hard link to '{member.linkname}', which is no file of the image")
        os.link(target, path)

    def _inside(self, path: Path, target: str) -> str:
        """A link's target as a relative path that stays below the root, as it would in a container."""
        start = self._root if target.startswith("/") else path.parent
        parts = list(start.relative_to(self._root).parts)
        for part in target.split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in {"", "."}:
                parts.append(part)
        return os.path.relpath(self._root.joinpath(*parts), path.parent)

    def _folder(self, parts: list[str], *, make: bool = True) -> Path:
        """The real folder behind a path, following links inside the root and making what is missing."""
        here, todo, links = self._root, list(reversed(parts)), 0
        while todo:
            step = here / todo.pop()
            if step.is_symlink():
                links += 1
                if links > LINKS:
                    raise Refused("too many levels of symbolic links")
                joined = os.path.normpath(here / os.readlink(step))  # noqa: PTH115 - text, not a Path
                todo += reversed(Path(joined).relative_to(self._root).parts)
                here = self._root
                continue
            if not step.is_dir():
                if step.exists() or not make:
                    raise Refused(f"'{step.relative_to(self._root)}' is not a folder")
                step.mkdir()
            here = step
        return here

    def _whiteout(self, folder: Path, name: str) -> None:
        if name == OPAQUE:
            self._hide(folder)
            return
        hidden = name.removeprefix(WHITEOUT)
        if hidden in {"", ".", ".."}:
            raise Refused(f"'{name}' is no whiteout")
        _remove(folder / hidden)

    def _hide(self, folder: Path) -> None:
        for child in list(folder.iterdir()):
            if child not in self._own:
                _remove(child)
            elif child.is_dir() and not child.is_symlink():
                self._hide(child)


def _parts(name: str) -> list[str]:
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts or "\0" in name:
        raise Refused(f"invalid path '{name}': it leads outside of the image")
    return parts


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
