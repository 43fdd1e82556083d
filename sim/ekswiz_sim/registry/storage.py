"""Blobs on disk, named by their SHA-256.

An upload becomes a blob only when its bytes hash to the digest that the client named. Repositories share the bytes and
keep their own lists of what they hold, so a blob of one repository is not visible in another.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


class Corrupt(Exception):
    """Stored bytes no longer hash to their name."""


class DigestMismatch(Exception):
    """Uploaded bytes do not hash to the digest that was named."""


def digest_of(data: bytes) -> str:
    """`sha256:…` of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(slots=True)
class Upload:
    """Bytes on their way in. Not thread-safe: one writer at a time."""

    id: str
    path: Path
    file: BinaryIO
    size: int = 0
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)

    def write(self, chunk: bytes) -> None:
        """Append a chunk."""
        self.file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def digest(self) -> str:
        """The digest of all bytes so far."""
        return "sha256:" + self._hash.hexdigest()

    def abort(self) -> None:
        """Forget the upload; a second call does nothing."""
        self.file.close()
        self.path.unlink(missing_ok=True)


class Storage:
    """Content-addressed files below one directory, readable by their owner only."""

    def __init__(self, root: Path) -> None:
        self._blobs = root / "blobs"
        self._incoming = root / "incoming"
        for folder in (root, self._blobs, self._incoming):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, digest: str) -> Path:
        """Where a blob is, or would be.

        Raises:
            ValueError: This is no `sha256:…` digest.
        """
        if not DIGEST.fullmatch(digest):
            msg = f"not a sha256 digest: {digest!r}"
            raise ValueError(msg)
        return self._blobs / digest.removeprefix("sha256:")

    def has(self, digest: str) -> bool:
        """Whether the blob is stored."""
        return bool(DIGEST.fullmatch(digest)) and self.path(digest).is_file()

    def size(self, digest: str) -> int:
        """Bytes of a stored blob."""
        return self.path(digest).stat().st_size

    def begin(self) -> Upload:
        """Start an upload."""
        name = str(uuid.uuid4())
        path = self._incoming / name
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return Upload(name, path, os.fdopen(handle, "wb"))

    def commit(self, upload: Upload, digest: str) -> None:
        """Make an upload a blob.

        Raises:
            DigestMismatch: The bytes hash to something else; the upload is gone.
        """
        upload.file.close()
        if upload.digest() != digest:
            upload.abort()
            raise DigestMismatch(upload.digest())
        upload.path.replace(self.path(digest))

    def put(self, data: bytes) -> str:
        """Store small bytes (a manifest) and answer their digest."""
        upload = self.begin()
        upload.write(data)
        digest = upload.digest()
        self.commit(upload, digest)
        return digest

    def read(self, digest: str) -> bytes:
        """The bytes of a small blob, verified.

        Raises:
            Corrupt: They changed on disk.
            FileNotFoundError: There is no such blob.
        """
        data = self.path(digest).read_bytes()
        if digest_of(data) != digest:
            raise Corrupt(digest)
        return data

    def remove(self, digest: str) -> None:
        """Delete a blob; nothing happens if it is gone."""
        self.path(digest).unlink(missing_ok=True)
