"""Writes layers: gzipped tar files whose bytes depend on names, modes and contents alone.

Owner is root, times are the epoch, entries are sorted; the executable bit is the only part of a mode that is kept. So
the same commit gives the same digest on every machine.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ekswiz_sim.images.context import Source

MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
LEVEL = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a layer (no leading slash). Without a source it is a folder. `mode` overrides the source's."""

    name: str
    source: Source | None = None
    mode: int | None = None
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True)
class Layer:
    """A written layer: digest and bytes as stored, and the digest of the tar inside."""

    digest: str
    diff_id: str
    size: int
    path: Path


class _Tee(io.RawIOBase):
    """Hashes and counts what goes through."""

    def __init__(self, below: BinaryIO | gzip.GzipFile) -> None:
        self._below = below
        self.hash = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]  # RawIOBase takes any buffer
        self.hash.update(view)
        self.size += view.nbytes
        self._below.write(view)
        return view.nbytes


def write(entries: Iterable[Entry], blobs: Path) -> Layer:
    """Write a layer below `blobs`, named by its digest.

    Raises:
        OSError: A source cannot be read or changed while it was read.
    """
    handle, name = tempfile.mkstemp(dir=blobs, prefix="layer-")
    try:
        with os.fdopen(handle, "wb") as file:
            stored = _Tee(file)
            with gzip.GzipFile("", "wb", LEVEL, stored, mtime=0) as packed:
                inner = _Tee(packed)
                with tarfile.open(fileobj=inner, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                    for entry in sorted(entries, key=lambda one: one.name):
                        _add(tar, entry)
        path = blobs / stored.hash.hexdigest()
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Layer(f"sha256:{stored.hash.hexdigest()}", f"sha256:{inner.hash.hexdigest()}", stored.size, path)


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.name)
    info.uid, info.gid = entry.uid, entry.gid
    source = entry.source
    if source is None or source.is_folder:
        info.type, info.mode = tarfile.DIRTYPE, entry.mode or 0o755
        tar.addfile(info)
    elif source.is_link:
        info.type, info.mode, info.linkname = tarfile.SYMTYPE, 0o777, os.readlink(source.file)  # noqa: PTH115 - as it is
        tar.addfile(info)
    else:
        info.mode = entry.mode or (0o755 if source.mode & 0o111 else 0o644)
        _add_file(tar, info, source.file)


def _add_file(tar: tarfile.TarFile, info: tarfile.TarInfo, path: Path) -> None:
    if not path.is_file():
        msg = f"{path} is neither a file nor a folder nor a link"
        raise OSError(msg)
    with path.open("rb") as file:
        info.size = os.fstat(file.fileno()).st_size
        tar.addfile(info, file)
