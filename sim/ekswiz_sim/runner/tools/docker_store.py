"""The images that the docker command has: blobs and an index in one folder, safe for several commands at once."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ekswiz_sim.images.reference import BadReference, Reference, parse
from ekswiz_sim.runner.tools.docker_options import Stop
from ekswiz_sim.seams import Image

VARIABLE = "EKSWIZ_DOCKER_STORE"
"""The environment variable that names the folder."""


@dataclass(frozen=True, slots=True)
class Held:
    """An image of the store. `id` is the digest of its config, as docker's classic store has it."""

    id: str
    image: Image
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    created: float

    def config(self) -> dict[str, Any]:
        """The OCI config document."""
        document: dict[str, Any] = json.loads(self.image.blobs[self.id].read_bytes())
        return document


class Store:
    """One folder of images."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.blobs = root / "blobs"
        self.blobs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._index = root / "images.json"

    @classmethod
    def of_environment(cls) -> Store:
        """The store that the environment names.

        Raises:
            Stop: It names none: this command is not run by a rehearsal.
        """
        folder = os.environ.get(VARIABLE)
        if not folder:
            raise Stop(f"Cannot connect to the Docker daemon: ekswiz's docker works in a rehearsal only ({VARIABLE})")
        return cls(Path(folder))

    def add(self, image: Image, tags: list[Reference], created: float) -> Held:
        """Keep an image under tags; they are taken from whoever had them."""
        manifest = self.blobs / image.digest.removeprefix("sha256:")
        manifest.write_bytes(image.manifest)
        identity = json.loads(image.manifest)["config"]["digest"]
        with self._changing() as index:
            known = index["images"].setdefault(identity, {"digests": [], "created": created})
            known |= {"manifest": image.digest, "media_type": image.media_type}
            index["tags"] |= {str(tag): identity for tag in tags}
        return self.find(identity)

    def tag(self, held: Held, reference: Reference) -> None:
        """One more name for an image."""
        with self._changing() as index:
            index["tags"][str(reference)] = held.id

    def pushed(self, held: Held, reference: Reference) -> None:
        """Remember the digest that a registry has the image under."""
        name = f"{reference.repository}@{held.image.digest}"
        with self._changing() as index:
            digests = index["images"][held.id]["digests"]
            if name not in digests:
                digests.append(name)

    def untag(self, name: str) -> list[str]:
        """Remove a tag, or an image by id with all its tags; the lines that docker prints."""
        held = self.find(name)
        reference = None if _is_id(held, name) else str(parse(name))
        gone = list(held.tags) if reference is None else [reference]
        lines = [f"Untagged: {parse(tag).familiar}" for tag in gone]
        with self._changing() as index:
            for tag in gone:
                index["tags"].pop(tag, None)
            if held.id not in index["tags"].values():
                index["images"].pop(held.id, None)
                lines.append(f"Deleted: {held.id}")
        return lines

    def all(self) -> list[Held]:
        """Every image, the newest first."""
        index = self._read()
        images = [self._held(index, identity) for identity in index["images"]]
        return sorted(images, key=lambda held: -held.created)

    def find(self, name: str) -> Held:
        """An image by id (or its beginning), tag, or repository digest.

        Raises:
            KeyError: There is none.
        """
        index = self._read()
        wanted = name.removeprefix("sha256:")
        by_id = [one for one in index["images"] if len(wanted) >= 4 and one[7:].startswith(wanted)]  # noqa: PLR2004
        if len(by_id) == 1:
            return self._held(index, by_id[0])
        with contextlib.suppress(BadReference):
            full = parse(name)
            if full.digest:
                known = f"{full.repository}@{full.digest}"
                return self._held(index, next(i for i, row in index["images"].items() if known in row["digests"]))
            return self._held(index, index["tags"][str(full)])
        raise KeyError(name)

    def _held(self, index: dict[str, Any], identity: str) -> Held:
        row = index["images"][identity]
        body = (self.blobs / row["manifest"].removeprefix("sha256:")).read_bytes()
        manifest = json.loads(body)
        names = [manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]
        blobs = {name: self.blobs / name.removeprefix("sha256:") for name in names}
        image = Image(body, row["media_type"], row["manifest"], blobs)
        tags = tuple(tag for tag, owner in index["tags"].items() if owner == identity)
        return Held(identity, image, tags, tuple(row["digests"]), row["created"])

    def _read(self) -> dict[str, Any]:
        try:
            index: dict[str, Any] = json.loads(self._index.read_text())
        except FileNotFoundError:
            return {"images": {}, "tags": {}}
        return index

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """The index to change: one command at a time, written in one step."""
        with (self._root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            index = self._read()
            yield index
            new = self._index.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps(index))
            new.replace(self._index)


def _is_id(held: Held, name: str) -> bool:
    return held.id.removeprefix("sha256:").startswith(name.removeprefix("sha256:"))
