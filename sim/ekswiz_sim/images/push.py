"""Pushes an image as `docker push` does: ask for each blob, upload what is missing, then the manifest."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from ekswiz_sim.images.client import Client, RegistryError, Response
from ekswiz_sim.images.reference import Reference
from ekswiz_sim.seams import Image

OK, CREATED, ACCEPTED, UNAUTHORIZED, NOT_FOUND = 200, 201, 202, 401, 404
Say = Callable[[str], None]


def push(image: Image, reference: Reference, login: tuple[str, str] | None, say: Say) -> None:
    """Push an image to `host/name:tag`.

    Args:
        image: What to push.
        reference: Where to.
        login: User and password, or None without a login.
        say: Takes docker's lines of progress.

    Raises:
        RegistryError: Denied, unknown repository, immutable tag, no login: in docker's words.
    """
    client = Client(reference.host, login)
    try:
        say(f"The push refers to repository [{reference.repository}]")
        for digest in _order(image):
            fresh = _blob(client, reference.name, image, digest)
            say(f"{digest.removeprefix('sha256:')[:12]}: {'Pushed' if fresh else 'Layer already exists'}")
        _manifest(client, reference, image)
        say(f"{reference.target}: digest: {image.digest} size: {len(image.manifest)}")
    finally:
        client.close()


def _order(image: Image) -> list[str]:
    """Layers first, the config last, each once."""
    manifest = json.loads(image.manifest)
    return list(dict.fromkeys([*(one["digest"] for one in manifest["layers"]), manifest["config"]["digest"]]))


def _blob(client: Client, name: str, image: Image, digest: str) -> bool:
    """Upload one blob unless it is there; whether it was uploaded."""
    if client.request("HEAD", f"/v2/{name}/blobs/{digest}").status == OK:
        return False
    session = _expect(client.request("POST", f"/v2/{name}/blobs/uploads/", b""), ACCEPTED)
    with image.blobs[digest].open("rb") as file:
        size = image.blobs[digest].stat().st_size
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        sent = _expect(client.request("PATCH", _location(session), file, headers), ACCEPTED)
    where = _location(sent)
    joint = "&" if "?" in where else "?"
    _expect(client.request("PUT", f"{where}{joint}digest={quote(digest, safe=':')}", b""), CREATED)
    return True


def _manifest(client: Client, reference: Reference, image: Image) -> None:
    path = f"/v2/{reference.name}/manifests/{reference.target}"
    _expect(client.request("PUT", path, image.manifest, {"Content-Type": image.media_type}), CREATED)


def _location(response: Response) -> str:
    parts = urlsplit(response.headers.get("location", ""))
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _expect(response: Response, status: int) -> Response:
    if response.status == status:
        return response
    if response.status == UNAUTHORIZED:
        raise RegistryError("no basic auth credentials")
    raise RegistryError(response.error())
