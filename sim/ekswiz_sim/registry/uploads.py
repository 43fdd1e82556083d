"""Blob uploads: POST opens a session, PATCH adds bytes, PUT names the digest.

A session belongs to the repository and the principal that opened it. Bytes go to disk as they come, in pieces of a
megabyte, so that a large layer costs no memory.
Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from aiohttp import web

from ekswiz_sim.registry.door import Door
from ekswiz_sim.registry.errors import OciError, of_ecr
from ekswiz_sim.registry.storage import DIGEST, DigestMismatch, Upload
from ekswiz_sim.seams import Principal, ServiceError

PIECE = 1024 * 1024
"""Bytes that are written at a time."""


@dataclass(slots=True)
class _Session:
    """An upload and whose it is."""

    name: str
    owner: str
    upload: Upload
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)


class Uploads:
    """The upload routes."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._sessions: dict[str, _Session] = {}

    async def start(self, request: web.Request, principal: Principal) -> web.Response:
        """POST: a new session; with `digest` the whole blob at once; with `mount` a blob of another repository."""
        name = request.match_info["name"]
        self._door.admit(principal, name, "ecr:InitiateLayerUpload")
        if self._mountable(request, principal):
            digest = request.query["mount"]
            self._door.ecr.add_blob(name, digest)
            return _created(name, digest)
        upload = await asyncio.to_thread(self._door.storage.begin)
        session = _Session(name, principal.arn, upload)
        self._sessions[upload.id] = session
        if "digest" in request.query:
            self._door.admit(principal, name, "ecr:UploadLayerPart", "ecr:CompleteLayerUpload")
            return await self._finish(request, session)
        return _accepted(session)

    async def patch(self, request: web.Request, principal: Principal) -> web.Response:
        """PATCH: bytes for a session, in order."""
        session = self._session(request, principal, "ecr:UploadLayerPart")
        async with session.busy:
            _check_range(request, session.upload.size)
            await _receive(request, session.upload)
        return _accepted(session)

    async def status(self, request: web.Request, principal: Principal) -> web.Response:
        """GET: how far a session is."""
        session = self._session(request, principal, "ecr:UploadLayerPart")
        return web.Response(status=204, headers=_progress(session))

    async def cancel(self, request: web.Request, principal: Principal) -> web.Response:
        """DELETE: forget a session."""
        session = self._session(request, principal, "ecr:UploadLayerPart")
        self._forget(session)
        return web.Response(status=204)

    async def finish(self, request: web.Request, principal: Principal) -> web.Response:
        """PUT: the last bytes, if any, and the digest of them all."""
        session = self._session(request, principal, "ecr:CompleteLayerUpload")
        async with session.busy:
            if session.upload.id not in self._sessions:
                raise _unknown(session.upload.id)
            return await self._finish(request, session)

    def close(self) -> None:
        """Abort what is still open."""
        for session in list(self._sessions.values()):
            self._forget(session)

    async def _finish(self, request: web.Request, session: _Session) -> web.Response:
        digest = request.query.get("digest", "")
        if not DIGEST.fullmatch(digest):
            raise OciError("DIGEST_INVALID", "provided digest is not a sha256 digest")
        _check_range(request, session.upload.size)
        await _receive(request, session.upload)
        del self._sessions[session.upload.id]
        try:
            await asyncio.to_thread(self._door.storage.commit, session.upload, digest)
            self._door.ecr.add_blob(session.name, digest)
        except DigestMismatch as mismatch:
            text = f"provided digest did not match uploaded content: {digest} is not {mismatch}"
            raise OciError("DIGEST_INVALID", text) from mismatch
        except ServiceError as error:
            raise of_ecr(error) from error
        return _created(session.name, digest)

    def _mountable(self, request: web.Request, principal: Principal) -> bool:
        """Whether a mount was asked for and may be; otherwise the client uploads, as the specification has it."""
        source, digest, ecr = request.query.get("from"), request.query.get("mount", ""), self._door.ecr
        if source is None or not ecr.mounting() or not ecr.has_blob(source, digest):
            return False
        try:
            self._door.admit(principal, source, "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer")
        except OciError:
            return False
        return True

    def _session(self, request: web.Request, principal: Principal, action: str) -> _Session:
        name, number = request.match_info["name"], request.match_info["session"]
        self._door.admit(principal, name, action)
        session = self._sessions.get(number)
        if session is None or session.name != name or session.owner != principal.arn:
            raise _unknown(number)
        return session

    def _forget(self, session: _Session) -> None:
        self._sessions.pop(session.upload.id, None)
        session.upload.abort()


async def _receive(request: web.Request, upload: Upload) -> None:
    buffer = bytearray()
    async for chunk in request.content.iter_any():
        buffer += chunk
        if len(buffer) >= PIECE:
            await asyncio.to_thread(upload.write, bytes(buffer))
            buffer.clear()
    if buffer:
        await asyncio.to_thread(upload.write, bytes(buffer))


def _check_range(request: web.Request, size: int) -> None:
    given = request.headers.get("Content-Range")
    if given is None:
        return
    match = re.fullmatch(r"(?:bytes )?(\d+)-(\d+)(?:/\S+)?", given, re.ASCII)
    if match is None or int(match[1]) != size:
        headers = {"Range": f"0-{max(size - 1, 0)}"}
        raise OciError("BLOB_UPLOAD_INVALID", f"the next byte of this upload is {size}", headers)


def _progress(session: _Session) -> dict[str, str]:
    return {
        "Location": f"/v2/{session.name}/blobs/uploads/{session.upload.id}",
        "Docker-Upload-UUID": session.upload.id,
        "Range": f"0-{max(session.upload.size - 1, 0)}",
    }


def _accepted(session: _Session) -> web.Response:
    return web.Response(status=202, headers=_progress(session))


def _created(name: str, digest: str) -> web.Response:
    headers = {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest}
    return web.Response(status=201, headers=headers)


def _unknown(number: str) -> OciError:
    return OciError("BLOB_UPLOAD_UNKNOWN", f"Upload with id '{number}' could not be found")
