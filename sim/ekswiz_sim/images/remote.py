"""One image at a registry, as containerd asks for it: resolve, then fetch with every digest verified.

Source of the texts: https://github.com/containerd/containerd/tree/main/core/remotes/docker
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from ekswiz_sim.images.reference import DIGEST, Reference

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
LARGEST_MANIFEST = 4 * 1024 * 1024
PIECE = 1024 * 1024
OK, UNAUTHORIZED, NOT_FOUND = 200, 401, 404
NO_LOGIN = (
    "pull access denied, repository does not exist or may require authorization: "
    "authorization failed: no basic auth credentials"
)


class Failed(Exception):
    """What follows `failed to pull and unpack image "…": `."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A descriptor. `kind` is containerd's word in the name of its transfer: manifest, config or layer."""

    kind: str
    digest: str
    size: int
    media_type: str


def blob(kind: str, descriptor: object) -> Blob:
    """Read a descriptor of a manifest.

    Raises:
        Failed: It is none.
    """
    row = descriptor if isinstance(descriptor, dict) else {}
    digest, size, media_type = row.get("digest"), row.get("size"), row.get("mediaType")
    known = isinstance(digest, str) and DIGEST.fullmatch(digest) and isinstance(media_type, str)
    if not known or not isinstance(size, int):
        raise Failed(f"the manifest's {kind} descriptor is malformed: invalid argument")
    return Blob(kind, str(digest), size, str(media_type))


class Remote:
    """One reference at its registry."""

    def __init__(self, session: aiohttp.ClientSession, wanted: Reference) -> None:
        self._session = session
        self._wanted = wanted

    async def resolve(self) -> Blob:
        """The manifest that the reference stands for.

        Raises:
            Failed: Not found, denied, not reachable.
        """
        try:
            return await self._head()
        except Failed as failed:
            raise Failed(f'failed to resolve reference "{self._wanted}": {failed}') from failed

    async def _head(self) -> Blob:
        async with self._ask("HEAD", f"manifests/{self._wanted.target}") as answer:
            if answer.status != OK:
                raise Failed(await self._unresolved(answer))
            row = {
                "digest": self._wanted.digest or answer.headers.get("Docker-Content-Digest"),
                "size": answer.content_length,
                "mediaType": answer.content_type,
            }
            return blob("manifest", row)

    async def document(self, wanted: Blob) -> Mapping[str, Any]:
        """A manifest or config, verified.

        Raises:
            Failed: As `download`, or it is not JSON.
        """
        body = bytearray()
        async for piece in self._pieces(wanted, LARGEST_MANIFEST):
            body += piece
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Failed(f"{wanted.kind} {wanted.digest} is not JSON: invalid argument") from error
        if not isinstance(document, dict):
            raise Failed(f"{wanted.kind} {wanted.digest} is not an object: invalid argument")
        return document

    async def download(self, wanted: Blob, path: Path) -> None:
        """A blob to a file, verified before it returns.

        Raises:
            Failed: Absent, denied, another size or another digest.
        """
        with path.open("wb") as file:
            async for piece in self._pieces(wanted, wanted.size):
                await asyncio.to_thread(file.write, piece)

    async def _pieces(self, wanted: Blob, most: int) -> AsyncIterator[bytes]:
        """The bytes of a blob; the last step is the comparison of its digest."""
        total, size = hashlib.sha256(), 0
        folder = "manifests" if wanted.kind in {"manifest", "index"} else "blobs"
        async with self._ask("GET", f"{folder}/{wanted.digest}") as answer:
            if answer.status != OK:
                raise Failed(await _not_copied(answer))
            async for piece in answer.content.iter_chunked(PIECE):
                total.update(piece)
                size += len(piece)
                if size > most:
                    break
                yield piece
        name = f'failed commit on ref "{wanted.kind}-{wanted.digest}"'
        if size != wanted.size:
            raise Failed(f"{name}: {size} bytes, not {wanted.size}: failed size validation: failed precondition")
        actual = f"sha256:{total.hexdigest()}"
        if actual != wanted.digest:
            raise Failed(f"{name}: unexpected commit digest {actual}, expected {wanted.digest}: failed precondition")

    @asynccontextmanager
    async def _ask(self, method: str, what: str) -> AsyncIterator[aiohttp.ClientResponse]:
        url = f"http://{self._wanted.host}/v2/{self._wanted.name}/{what}"
        headers = {"Accept": ", ".join((*MANIFESTS, *INDEXES, "*/*")), "Accept-Encoding": "identity"}
        try:
            async with self._session.request(method, url, headers=headers, allow_redirects=False) as answer:
                yield answer
        except aiohttp.ClientConnectorError as error:
            cause = f"dial tcp {self._wanted.host}: connect: {_words(error.os_error)}"
            raise Failed(f'failed to do request: {method.capitalize()} "{url}": {cause}') from error
        except (aiohttp.ClientError, TimeoutError) as error:
            cause = str(error) or "timeout"
            raise Failed(f'failed to do request: {method.capitalize()} "{url}": {cause}') from error

    async def _unresolved(self, answer: aiohttp.ClientResponse) -> str:
        if answer.status == NOT_FOUND:
            return f"{self._wanted}: not found"
        if answer.status == UNAUTHORIZED:
            return NO_LOGIN
        return _unexpected(answer) + await self._reason()

    async def _reason(self) -> str:
        """The registry's own words: a HEAD has no body, so the refused request is made once more as a GET."""
        async with self._ask("GET", f"manifests/{self._wanted.target}") as answer:
            return await _words_of(answer)


async def _not_copied(answer: aiohttp.ClientResponse) -> str:
    start = "failed to copy: httpReadSeeker: failed open"
    if answer.status == NOT_FOUND:
        return f"{start}: content at {answer.url} not found: not found"
    return f"{start}: {_unexpected(answer)}{await _words_of(answer)}"


def _unexpected(answer: aiohttp.ClientResponse) -> str:
    return f"unexpected status from {answer.method} request to {answer.url}: {answer.status} {answer.reason}"


async def _words_of(answer: aiohttp.ClientResponse) -> str:
    body = await answer.content.read(LARGEST_MANIFEST)
    try:
        first = json.loads(body)["errors"][0]
        return f": {first['code'].lower()}: {first['message']}"
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return ""


def _words(error: OSError) -> str:
    return "connection refused" if isinstance(error, ConnectionRefusedError) else (error.strerror or str(error)).lower()
