"""Images between the world's registry and an engine that does not reach it: through us instead of by itself.

An engine in a virtual machine (Docker Desktop, Colima) has a loopback of its own. What it built is taken out of it and
pushed from here, with the step's login; what a pod wants is pulled from here as the node role. The registry judges
every request all the same. Source of the archive's form: https://github.com/moby/docker-image-spec
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from ekswiz_sim.containers import labels
from ekswiz_sim.images.push import push as push_image
from ekswiz_sim.images.reference import Reference
from ekswiz_sim.seams import Image, PulledImage

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_GZIP = b"\x1f\x8b"
Say = Callable[[str], None]


def push(client: Any, tag: Reference, login: tuple[str, str] | None, say: Say, notes: Path) -> str:
    """Push an image of the engine; its digest, which `notes` remembers with the engine's id of it.

    Raises:
        RegistryError: The registry refuses.
        EngineError: The engine has no such image.
    """
    identity = str(client.inspect_image(tag.familiar)["Id"])
    with tempfile.TemporaryDirectory(prefix="ekswiz-relay-") as folder:
        archive = Path(folder, "image.tar")
        with archive.open("wb") as file:
            file.writelines(client.get_image(tag.familiar))
        image = _image(archive, Path(folder))
        push_image(image, tag, login, say)
    notes.mkdir(parents=True, exist_ok=True)
    (notes / image.digest.replace(":", "-")).write_text(identity, encoding="ascii")
    return image.digest


def identity(client: Any, world: str, image: PulledImage, notes: Path) -> str:
    """The engine's id of an image that was pulled here: the one it was pushed from, or it is handed over now."""
    known = notes / image.digest.replace(":", "-")
    if known.exists():
        return known.read_text(encoding="ascii")
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            archive.add(image.root, "")
        file.seek(0)
        changes = [f"LABEL {name}={value}" for name, value in labels.of(world).items()]
        answer = client.import_image_from_data(file, changes=[*_changes(image.config), *changes])
    return str(json.loads(answer.splitlines()[-1])["status"])


def _image(archive: Path, folder: Path) -> Image:
    """What `docker save` wrote, as an OCI image."""
    with tarfile.open(archive) as saved:
        [listed] = json.loads(_member(saved, "manifest.json").read())
        config = _member(saved, listed["Config"]).read()
        layers = [_layer(_member(saved, name), folder) for name in listed["Layers"]]
    head = {"mediaType": CONFIG, "digest": _digest(config), "size": len(config)}
    (folder / "config").write_bytes(config)
    rows = [{"mediaType": LAYER, "digest": name, "size": path.stat().st_size} for name, path in layers]
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": head, "layers": rows}).encode()
    blobs = {**dict(layers), str(head["digest"]): folder / "config"}
    return Image(manifest, MANIFEST, _digest(manifest), blobs)


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    found = archive.extractfile(name)
    if found is None:
        raise FileNotFoundError(2, "not in the engine's archive", name)
    return found


def _layer(source: IO[bytes], folder: Path) -> tuple[str, Path]:
    """A compressed layer; the same bytes each time."""
    descriptor, name = tempfile.mkstemp(dir=folder)
    path = Path(name)
    start = source.read(2)
    source.seek(0)
    with open(descriptor, "wb") as raw:  # noqa: PTH123 - of a descriptor
        if start == _GZIP:
            shutil.copyfileobj(source, raw)
        else:
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=1) as packed:
                shutil.copyfileobj(source, packed)
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}", path


def _changes(config: Mapping[str, Any]) -> list[str]:
    """An image's configuration as instructions of a Dockerfile, as far as an import takes them."""
    made = [
        f"ENV {name}={json.dumps(value)}" for name, _, value in (one.partition("=") for one in config.get("Env") or ())
    ]
    made += [f"{name.upper()} {json.dumps(config[name])}" for name in ("Entrypoint", "Cmd") if config.get(name)]
    made += [f"EXPOSE {port}" for port in config.get("ExposedPorts") or ()]
    made += [
        f"{word} {config[name]}" for word, name in (("USER", "User"), ("WORKDIR", "WorkingDir")) if config.get(name)
    ]
    return made


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
