"""`docker build` and `docker buildx build` on the daemonless builder.

What it does not do as a daemon would it says on stderr, each line beginning with `ekswiz:`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ekswiz_sim.images.daemonless import Unbuildable, build, stand_in
from ekswiz_sim.images.machine import host_platform
from ekswiz_sim.images.reference import BadReference, Reference, parse
from ekswiz_sim.runner.tools.docker_options import Command, Given, Kind, Stop
from ekswiz_sim.runner.tools.docker_store import Held, Store
from ekswiz_sim.seams import Image

OPTIONS: dict[str, Kind] = {
    **dict.fromkeys(("tag", "build-arg", "label", "cache-from", "cache-to", "secret", "ssh"), "list"),
    **dict.fromkeys(
        ("file", "platform", "progress", "provenance", "sbom", "metadata-file", "iidfile", "builder"), "value"
    ),
    **dict.fromkeys(("push", "load", "pull", "no-cache", "quiet", "rm", "force-rm"), "flag"),
}
KNOWN = frozenset(
    {
        *("add-host", "allow", "annotation", "attest", "build-context", "call", "cgroup-parent", "check", "compress"),
        *("cpu-period", "cpu-quota", "cpu-shares", "cpuset-cpus", "debug", "disable-content-trust", "isolation"),
        *("memory", "memory-swap", "network", "no-cache-filter", "output", "policy", "security-opt", "shm-size"),
        *("squash", "target", "ulimit"),
    }
)
SHORT = {"t": "tag", "f": "file", "q": "quiet"}
BUILD = Command("build", "build [OPTIONS] PATH | URL | -", OPTIONS, SHORT, KNOWN, 1, 1)
BUILDX = dataclasses.replace(BUILD, name="buildx build", usage="buildx build [OPTIONS] PATH | URL | -")
UNUSED = {
    "cache-from": "no cache is read",
    "cache-to": "no cache is written",
    "secret": "RUN is skipped, so nothing reads the secret",
    "ssh": "RUN is skipped, so nothing uses the agent",
    "sbom": "no bill of materials is made",
}


def run(given: Given) -> None:
    """Build, name, and push if asked to.

    Raises:
        Stop: The tags, the context or the Dockerfile are not usable, or the push was refused.
    """
    store, tags = Store.of_environment(), _tags(given)
    if given.on("push") and not tags:
        raise Stop("ERROR: failed to build: tag is needed when pushing to registry")
    image = _image(given, store)
    held = store.add(image, tags, time.time())
    _tell(given, held, tags, image.skipped)
    if given.on("push"):
        from ekswiz_sim.runner.tools.docker_transfer import push_one  # an HTTP client, if needed

        for tag in tags:
            push_one(store, held, tag, _progress(given))
    _write_files(given, held, tags)
    if given.on("quiet"):
        print(held.id)  # noqa: T201 - the command's output


def _tags(given: Given) -> list[Reference]:
    try:
        return [parse(tag) for tag in given.all("tag")]
    except BadReference as error:
        raise Stop(f'ERROR: failed to build: invalid tag "{given.one("tag")}": {error}') from error


def _image(given: Given, store: Store) -> Image:
    where = given.arguments[0]
    if where == "-" or "://" in where or where.startswith(("git@", "github.com/")):
        raise Stop("ERROR: failed to build: ekswiz's docker builds from a folder, not from standard input or a URL")
    context = Path(where)
    dockerfile = Path(given.one("file") or context / "Dockerfile")
    options = {
        "store": store.blobs,
        "labels": dict(_pair(label) for label in given.all("label")),
        "build_args": {name: value for name, value in map(_build_arg, given.all("build-arg")) if value is not None},
        "platform": given.one("platform") or host_platform(),
    }
    made = build(context, dockerfile, **options)  # type: ignore[arg-type]  # one table for both builders
    if isinstance(made, Unbuildable):
        return stand_in(context, dockerfile, made, **options)  # type: ignore[arg-type]
    return made


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _build_arg(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return name, value if equals else os.environ.get(name)


def _tell(given: Given, held: Held, tags: list[Reference], skipped: tuple[str, ...]) -> None:
    """BuildKit's plain progress, then what was not done."""
    say = _progress(given)
    steps = [step["created_by"] for step in held.config()["history"]]
    for number, step in enumerate(steps, start=1):
        say(f"#{number} [{number}/{len(steps)}] {step.splitlines()[0]}")
    number = len(steps) + 1
    say(f"#{number} exporting to image")
    say(f"#{number} writing image {held.id}")
    for tag in tags:
        say(f"#{number} naming to {tag}")
    for line in (*skipped, *_unused(given)):
        sys.stderr.write(f"ekswiz: {line}\n")


def _unused(given: Given) -> list[str]:
    lines = [f"--{name}: {why}" for name, why in UNUSED.items() if given.one(name) not in {"", "false"}]
    if given.one("provenance", "false") != "false":
        lines.append("--provenance: no attestation is made")
    return lines


def _progress(given: Given) -> Callable[[str], None]:
    return (lambda _line: None) if given.on("quiet") else _say


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _write_files(given: Given, held: Held, tags: list[Reference]) -> None:
    document = {
        "containerimage.config.digest": held.id,
        "containerimage.digest": held.image.digest,
        "containerimage.descriptor": {
            "mediaType": held.image.media_type,
            "digest": held.image.digest,
            "size": len(held.image.manifest),
        },
        "image.name": ",".join(map(str, tags)),
    }
    for option, text in (("metadata-file", json.dumps(document, indent=2)), ("iidfile", held.id)):
        if given.one(option):
            Path(given.one(option)).write_text(text)
