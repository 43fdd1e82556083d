"""`docker push` and `docker pull`."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable

from ekswiz_sim.images.client import Client, RegistryError
from ekswiz_sim.images.push import push
from ekswiz_sim.images.reference import Reference, parse
from ekswiz_sim.runner.tools.docker_login import credentials
from ekswiz_sim.runner.tools.docker_names import reference
from ekswiz_sim.runner.tools.docker_options import Command, Given, Stop
from ekswiz_sim.runner.tools.docker_store import Held, Store
from ekswiz_sim.seams import Image

PUSH = Command(
    "push",
    "push [OPTIONS] NAME[:TAG]",
    {"quiet": "flag", "all-tags": "flag"},
    {"q": "quiet", "a": "all-tags"},
    frozenset({"platform", "disable-content-trust"}),
    1,
    1,
)
PULL = Command(
    "pull",
    "pull [OPTIONS] NAME[:TAG|@DIGEST]",
    {"quiet": "flag", "platform": "value"},
    {"q": "quiet"},
    frozenset({"all-tags", "disable-content-trust"}),
    1,
    1,
)
OK, UNAUTHORIZED = 200, 401
ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
Say = Callable[[str], None]


def run_push(given: Given) -> None:
    """Push one tag, or all tags of a repository."""
    store, wanted = Store.of_environment(), reference(given.arguments[0])
    if wanted.digest:
        raise Stop("cannot push a digest reference")
    tags = [wanted]
    if given.on("all-tags"):
        tags = [one for held in store.all() for tag in held.tags if (one := parse(tag)).repository == wanted.repository]
    if not tags:
        raise Stop(f"An image does not exist locally with the tag: {wanted.repository}")
    for tag in tags:
        try:
            held = store.find(str(tag))
        except KeyError as error:
            text = f"The push refers to repository [{tag.repository}]\nAn image does not exist locally with the tag: "
            raise Stop(text + tag.repository) from error
        push_one(store, held, tag, _quiet if given.on("quiet") else _say)
    if given.on("quiet"):
        _say(str(wanted))


def push_one(store: Store, held: Held, tag: Reference, say: Say) -> None:
    """Push an image under one tag and remember its digest.

    Raises:
        Stop: The registry refuses; docker's words.
    """
    try:
        push(held.image, tag, credentials(tag.host), say)
    except RegistryError as error:
        raise Stop(str(error)) from error
    store.pushed(held, tag)


def run_pull(given: Given) -> None:
    """Pull an image, every digest verified."""
    store, wanted = Store.of_environment(), reference(given.arguments[0])
    try:
        client = Client(wanted.host, credentials(wanted.host))
        image = _fetch(client, store, wanted)
    except RegistryError as error:
        raise Stop(f"Error response from daemon: {error}") from error
    held = store.add(image, [] if wanted.digest else [wanted], time.time())
    store.pushed(held, wanted)
    if not given.on("quiet"):
        _say(f"Digest: {image.digest}\nStatus: Downloaded newer image for {wanted}")
    _say(str(wanted))


def _fetch(client: Client, store: Store, wanted: Reference) -> Image:
    answer = client.request("GET", f"/v2/{wanted.name}/manifests/{wanted.target}", headers={"Accept": ACCEPT})
    if answer.status == UNAUTHORIZED:
        raise RegistryError(
            f'Head "http://{wanted.host}/v2/{wanted.name}/manifests/{wanted.target}": no basic auth credentials'
        )
    if answer.status != OK:
        raise RegistryError(answer.error())
    digest = _digest(answer.body)
    if digest != (wanted.digest or answer.headers.get("docker-content-digest")):
        raise RegistryError(f"manifest verification failed for digest {wanted.digest}")
    manifest = json.loads(answer.body)
    media_type = answer.headers.get("content-type", "")
    if media_type not in ACCEPT.split(", "):
        raise RegistryError(f"ekswiz's docker does not model images of type {media_type}")
    blobs = {}
    for one in (manifest["config"], *manifest["layers"]):
        body = client.request("GET", f"/v2/{wanted.name}/blobs/{one['digest']}")
        if body.status != OK:
            raise RegistryError(body.error())
        if _digest(body.body) != one["digest"]:
            raise RegistryError(f"filesystem layer verification failed for digest {one['digest']}")
        blobs[one["digest"]] = path = store.blobs / one["digest"].removeprefix("sha256:")
        path.write_bytes(body.body)
    return Image(answer.body, media_type, digest, blobs)


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the command's output


def _quiet(_line: str) -> None:
    return
