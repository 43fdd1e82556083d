"""What a registry gives out and takes in by name: blobs, manifests, tags.

Blobs are sent as they are on disk: whoever pulls verifies the digest, as with any registry. Manifests are small and
verified before they are sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web

from ekswiz_sim.aws.ecr_manifests import LARGEST, TAG
from ekswiz_sim.aws.ecr_state import StoredImage
from ekswiz_sim.registry.door import Door
from ekswiz_sim.registry.errors import OciError, of_ecr
from ekswiz_sim.registry.storage import DIGEST, Corrupt
from ekswiz_sim.seams import Principal, ServiceError

TOO_LARGE = 413


class Contents:
    """The routes of blobs, manifests and tags."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def head_blob(self, request: web.Request, principal: Principal) -> web.StreamResponse:
        """HEAD blob: ecr:BatchCheckLayerAvailability."""
        digest = self._blob(request, principal, "ecr:BatchCheckLayerAvailability")
        size = self._door.storage.size(digest)
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        return web.Response(headers={**headers, "Docker-Content-Digest": digest, "Accept-Ranges": "bytes"})

    async def get_blob(self, request: web.Request, principal: Principal) -> web.StreamResponse:
        """GET blob, ranges too: ecr:GetDownloadUrlForLayer."""
        digest = self._blob(request, principal, "ecr:GetDownloadUrlForLayer")
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
        return web.FileResponse(self._door.storage.path(digest), headers=headers)

    async def get_manifest(self, request: web.Request, principal: Principal) -> web.Response:
        """HEAD and GET manifest: ecr:BatchGetImage."""
        name, reference = request.match_info["name"], request.match_info["reference"]
        self._door.admit(principal, name, "ecr:BatchGetImage")
        image = self._image(name, reference)
        try:
            body = await asyncio.to_thread(self._door.storage.read, image.digest)
        except (Corrupt, FileNotFoundError) as error:
            text = f"stored manifest {image.digest} is damaged"
            raise OciError("UNKNOWN", text, status=500) from error
        if request.method == "GET":
            self._door.ecr.pulled(image)
        headers = {"Content-Type": image.media_type, "Docker-Content-Digest": image.digest}
        return web.Response(body=body, headers=headers)

    async def put_manifest(self, request: web.Request, principal: Principal) -> web.Response:
        """PUT manifest: ecr:PutImage."""
        name, reference = request.match_info["name"], request.match_info["reference"]
        self._door.admit(principal, name, "ecr:PutImage")
        body = await _read(request)
        by_digest = ":" in reference
        if by_digest and not DIGEST.fullmatch(reference):
            raise OciError("DIGEST_INVALID", "provided digest is not a sha256 digest")
        if not by_digest and not TAG.fullmatch(reference):
            raise OciError("TAG_INVALID", f"The image tag must satisfy regular expression '{TAG.pattern}'")
        named = {"digest": reference} if by_digest else {"tag": reference}
        media_type = request.headers.get("Content-Type", "").partition(";")[0].strip() or None
        try:
            image = await asyncio.to_thread(self._door.ecr.push_manifest, name, body, media_type, **named)
        except ServiceError as error:
            raise of_ecr(error) from error
        return web.Response(status=201, headers=_stored(name, image))

    async def list_tags(self, request: web.Request, principal: Principal) -> web.Response:
        """GET tags, a page at a time (`n`, `last`): ecr:ListImages."""
        name = request.match_info["name"]
        self._door.admit(principal, name, "ecr:ListImages")
        last = request.query.get("last")
        tags = [tag for tag in self._door.ecr.image_tags(name) if last is None or tag > last]
        size = _size(request.query.get("n"), len(tags))
        return web.json_response({"name": name, "tags": tags[:size]}, headers=_next(name, tags, size))

    async def referrers(self, request: web.Request, principal: Principal) -> web.Response:
        """GET referrers: signatures and attestations are not kept by this registry, said so by name."""
        self._door.admit(principal, request.match_info["name"], "ecr:ListImageReferrers")
        raise OciError("UNSUPPORTED", "referrers are not modelled by this registry", status=404)

    async def refuse(self, _request: web.Request, _principal: Principal) -> web.Response:
        """Anything else. ECR deletes through its API, not through this door."""
        raise OciError("UNSUPPORTED", "The operation is unsupported.")

    async def ping(self, _request: web.Request, _principal: Principal) -> web.Response:
        """GET /v2/: credentials are good."""
        return web.json_response({})

    def _blob(self, request: web.Request, principal: Principal, action: str) -> str:
        name, digest = request.match_info["name"], request.match_info["digest"]
        self._door.admit(principal, name, action)
        if not DIGEST.fullmatch(digest):
            raise OciError("DIGEST_INVALID", "provided digest is not a sha256 digest")
        if not self._door.ecr.has_blob(name, digest):
            raise OciError("BLOB_UNKNOWN", "blob unknown to registry")
        return digest

    def _image(self, name: str, reference: str) -> StoredImage:
        try:
            if ":" in reference:
                return self._door.ecr.find_image(name, digest=reference)
            return self._door.ecr.find_image(name, tag=reference)
        except ServiceError as error:
            raise of_ecr(error) from error


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST:
            raise OciError("MANIFEST_INVALID", f"a manifest has at most {LARGEST} bytes", status=TOO_LARGE)
    return bytes(body)


def _stored(name: str, image: StoredImage) -> dict[str, str]:
    headers = {"Location": f"/v2/{name}/manifests/{image.digest}", "Docker-Content-Digest": image.digest}
    return headers | ({"OCI-Subject": image.subject} if image.subject else {})


def _size(given: str | None, default: int) -> int:
    if given is None:
        return default
    if not given.isascii() or not given.isdigit():
        raise OciError("PAGINATION_NUMBER_INVALID", "invalid number of results requested")
    return int(given)


def _next(name: str, tags: Sequence[str], size: int) -> dict[str, str]:
    if not 0 < size < len(tags):
        return {}
    return {"Link": f'</v2/{name}/tags/list?n={size}&last={tags[size - 1]}>; rel="next"'}
