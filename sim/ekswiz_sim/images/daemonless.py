"""Builds an OCI image from a Dockerfile and a folder, without a daemon, a base image or root.

COPY, ADD of local files, ENV, WORKDIR and their like become layers and configuration as any builder makes them. FROM is
recorded, not pulled: whoever runs the container stands in for the base. RUN is skipped. Both are said in
`Image.skipped`, and what would keep the container from running is written into its labels, where `runnable` finds it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ekswiz.errors import InputError
from ekswiz_sim.images.assembly import CANNOT_RUN, CONTEXT, Assembly
from ekswiz_sim.images.context import Context
from ekswiz_sim.images.dockerfile import Dockerfile, Instruction, parse
from ekswiz_sim.images.machine import host_platform
from ekswiz_sim.images.unbuildable import Unbuildable, judge
from ekswiz_sim.seams import Image

__all__ = ["Unbuildable", "build", "read", "stand_in"]

NOTHING: Mapping[str, str] = {}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
EPOCH = "1970-01-01T00:00:00Z"
LARGEST = 1024 * 1024
"""Bytes of a Dockerfile: more is surely another file."""


def build(
    context: Path,
    dockerfile: Path,
    *,
    store: Path,
    labels: Mapping[str, str] = NOTHING,
    build_args: Mapping[str, str] = NOTHING,
    platform: str = "",
) -> Image | Unbuildable:
    """Build an image.

    Args:
        context: The folder that COPY sees.
        dockerfile: The Dockerfile; it may lie outside of the context.
        store: A folder for blobs, each named by the hex part of its digest.
        labels: More labels, over those of the Dockerfile.
        build_args: Values for ARG.
        platform: `os/architecture`, by default this machine's on Linux.

    Returns:
        The image, or which line this builder cannot do.

    Raises:
        InputError: The Dockerfile or the context is not usable; says file and line.
    """
    parsed = read(dockerfile)
    beyond = judge(parsed)
    if beyond is not None:
        return beyond
    assembly = _assembly(parsed, Context(context, dockerfile), store, build_args, platform)
    assembly.run(parsed.instructions)
    assembly.settings.labels.update(labels)
    return _image(assembly, store)


def stand_in(
    context: Path,
    dockerfile: Path,
    beyond: Unbuildable,
    *,
    store: Path,
    labels: Mapping[str, str] = NOTHING,
    build_args: Mapping[str, str] = NOTHING,
    platform: str = "",
) -> Image:
    """An image without files for a Dockerfile that this builder cannot do, labelled as such.

    It has the last stage's ports, environment and command, so that all around the container can be rehearsed, and
    another digest for each state of the context.

    Raises:
        InputError: As `build` does.
    """
    parsed = read(dockerfile)
    assembly = _assembly(parsed, Context(context, dockerfile), store, build_args, platform)
    assembly.run(_without_files(_lineage(parsed)))
    assembly.skipped.insert(0, str(beyond))
    assembly.cannot_run.insert(0, f"{beyond.dockerfile}:{beyond.line}: {beyond.reason}")
    assembly.settings.labels.update({**labels, CONTEXT: _fingerprint(assembly.context, dockerfile)})
    return _image(assembly, store)


def read(path: Path) -> Dockerfile:
    """Read and parse a Dockerfile.

    Raises:
        InputError: It is missing, unreadable, or not a Dockerfile.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise InputError("Dockerfile", f"{path} is larger than a Dockerfile can be.", "Name another with -f.")
        return parse(path.read_text(encoding="utf-8"), path.name)
    except FileNotFoundError as error:
        raise InputError("Dockerfile", f"{path} does not exist.", "Write one, or name another with -f.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("Dockerfile", f"{path} cannot be read: {error}.", "Name another with -f.") from error


def _assembly(
    parsed: Dockerfile, context: Context, store: Path, build_args: Mapping[str, str], platform: str
) -> Assembly:
    store.mkdir(parents=True, exist_ok=True)
    return Assembly(parsed, context, store, dict(build_args), _platform(platform))


def _platform(text: str) -> str:
    chosen = text or host_platform()
    parts = chosen.split("/")
    if "," in chosen or not 2 <= len(parts) <= 3 or not all(parts):  # noqa: PLR2004 - os/architecture[/variant]
        raise InputError("--platform", f"'{chosen}' is not one os/architecture.", "Name one, e.g. linux/amd64.")
    return chosen


def _lineage(parsed: Dockerfile) -> tuple[Instruction, ...]:
    """The last stage's instructions, after those of the stages that it is FROM."""
    before: list[Instruction] = []
    stages: dict[str, list[Instruction]] = {}
    current = before
    for one in parsed.instructions:
        if one.name != "FROM":
            current.append(one)
            continue
        base, *alias = one.text.lower().split()
        current = [*stages[base]] if base in stages else [*before, one]
        stages[alias[-1] if alias else str(len(stages))] = current
    return tuple(current)


def _without_files(instructions: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    return tuple(one for one in instructions if one.name not in {"COPY", "ADD", "RUN", "ONBUILD"})


def _fingerprint(context: Context, dockerfile: Path) -> str:
    total = hashlib.sha256(dockerfile.read_bytes())
    for source in context.below("."):
        total.update(f"{source.path}\0{source.mode & 0o111 and 'x'}\0".encode())
        if source.file.is_file() and not source.is_link:
            with source.file.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def _image(assembly: Assembly, store: Path) -> Image:
    config = _put(store, _config(assembly))
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, **config},
            "layers": [{"mediaType": LAYER, "digest": one.digest, "size": one.size} for one in assembly.layers],
            "annotations": {"org.opencontainers.image.base.name": assembly.base},
        }
    )
    blobs = {layer.digest: layer.path for layer in assembly.layers}
    blobs[config["digest"]] = store / config["digest"].removeprefix("sha256:")
    digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
    return Image(manifest, MANIFEST, digest, blobs, tuple(dict.fromkeys(assembly.skipped)))


def _config(assembly: Assembly) -> bytes:
    settings = assembly.settings
    if assembly.cannot_run:
        settings.labels[CANNOT_RUN] = "; ".join(assembly.cannot_run)
    system, architecture, *variant = assembly.platform.split("/")
    return _json(
        {
            "architecture": architecture,
            "os": system,
            **({"variant": variant[0]} if variant else {}),
            "created": EPOCH,
            "config": settings.document(),
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in assembly.layers]},
            "history": [dataclasses.asdict(step) for step in assembly.history],
        }
    )


def _put(store: Path, data: bytes) -> dict[str, Any]:
    name = hashlib.sha256(data).hexdigest()
    (store / name).write_bytes(data)
    return {"digest": f"sha256:{name}", "size": len(data)}


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
