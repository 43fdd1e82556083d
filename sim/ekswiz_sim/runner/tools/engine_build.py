"""`docker build` by the engine: every instruction runs, every line of its progress is printed."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from ekswiz_sim.containers.engine import EngineError, guarded
from ekswiz_sim.images.daemonless import read
from ekswiz_sim.images.dockerfile import Dockerfile
from ekswiz_sim.images.reference import BadReference, Reference, parse
from ekswiz_sim.runner.tools import docker_build, engine, engine_buildkit
from ekswiz_sim.runner.tools.docker_options import Given, Stop

BASE = "BASE_IMAGE"
"""The build argument that names another base: an offline machine has one of its own."""
BASE_VARIABLE = "EKSWIZ_BASE_IMAGE"
BUILD = dataclasses.replace(
    docker_build.BUILD,
    options={**docker_build.OPTIONS, "target": "value", "network": "value"},
    known=docker_build.KNOWN - {"target", "network"},
)
BUILDX = dataclasses.replace(BUILD, name="buildx build", usage="buildx build [OPTIONS] PATH | URL | -")
_FAILED = "ERROR: failed to build"
_NO_BASE = re.compile(
    r"pull access denied|manifest.* not found|manifest unknown|lookup |dial tcp|TLS|no such host|timeout"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """What is to be built."""

    context: Path
    dockerfile: Path
    tags: tuple[Reference, ...]
    arguments: dict[str, str]
    labels: dict[str, str]
    given: Given


def run(given: Given) -> None:
    """Build, name, and push if asked to.

    Raises:
        Stop: The command line is not usable, the build fails, or the push is refused.
    """
    order = _order(given)
    parsed = read(order.dockerfile)
    if given.on("push") and not order.tags:
        raise Stop(f"{_FAILED}: tag is needed when pushing to registry")
    _base(order, parsed)
    client = engine.client()
    reason = engine_buildkit.needed(parsed, given)
    identity = engine_buildkit.build(order, reason) if reason else _build(client, order)
    for tag in order.tags:
        guarded(lambda one=tag: client.tag(identity, one.repository, one.tag, force=True))  # type: ignore[misc]  # mypy and defaults
    digest = _push(client, order) if given.on("push") else ""
    _notes(given)
    _write_files(order, identity, digest)
    if given.on("quiet"):
        sys.stdout.write(f"{identity}\n")


def _order(given: Given) -> Order:
    where = given.arguments[0]
    if where == "-" or "://" in where or where.startswith(("git@", "github.com/")):
        raise Stop(f"{_FAILED}: ekswiz's docker builds from a folder, not from standard input or a URL")
    context = Path(where).absolute()
    if not context.is_dir():
        raise Stop(f'{_FAILED}: path "{where}" not found')
    try:
        tags = tuple(parse(tag) for tag in given.all("tag"))
    except BadReference as error:
        raise Stop(f'{_FAILED}: invalid tag "{given.one("tag")}": {error}') from error
    pairs = [text.partition("=") for text in given.all("build-arg")]
    arguments = {name: value if equals else os.environ.get(name) for name, equals, value in pairs}
    said = {name: value for name, _, value in (text.partition("=") for text in given.all("label"))}
    dockerfile = Path(given.one("file") or context / "Dockerfile").absolute()
    known = {name: value for name, value in arguments.items() if value is not None}
    return Order(context, dockerfile, tags, known, {**said, **engine.marks()}, given)


def _base(order: Order, parsed: Dockerfile) -> None:
    """Give the Dockerfile another base, if one was named and it takes one."""
    base = os.environ.get(BASE_VARIABLE, "")
    if not base or BASE in order.arguments:
        return
    if any(one.name == "ARG" and one.text.partition("=")[0].strip() == BASE for one in parsed.instructions):
        order.arguments[BASE] = base
    else:
        said = f"--base-image {base}: not used, since {parsed.name} has no `ARG {BASE}` before a `FROM ${{{BASE}}}`"
        sys.stderr.write(f"ekswiz: {said}\n")


def _build(client: Any, order: Order) -> str:
    """By the engine's own builder; the image's id."""
    given = order.given
    options: dict[str, Any] = {"network_mode": given.one("network") or None, "target": given.one("target") or None}
    options |= {"pull": given.on("pull"), "nocache": given.on("no-cache"), "platform": given.one("platform") or None}
    try:
        lines = guarded(
            lambda: client.build(
                path=str(order.context),
                dockerfile=str(order.dockerfile),
                buildargs=order.arguments,
                labels=order.labels,
                rm=True,
                forcerm=True,
                decode=True,
                **options,
            )
        )
        facts = guarded(lambda: engine.report(lines, quiet=given.on("quiet")))
    except EngineError as error:
        hint = f"\nekswiz: {_hint(str(error))}" if _NO_BASE.search(str(error)) else ""
        raise Stop(f"{_FAILED}: {error}{hint}") from error
    return str(facts["ID"])


def _hint(_error: str) -> str:
    return (
        "the engine could not download the base image. Offline, name one that it has: --base-image IMAGE "
        f"(the Dockerfile takes it as `ARG {BASE}`)."
    )


def _push(client: Any, order: Order) -> str:
    from ekswiz_sim.runner.tools.engine_transfer import push_one  # if needed

    digests = [push_one(client, tag, quiet=order.given.on("quiet")) for tag in order.tags]
    return digests[-1]


def _notes(given: Given) -> None:
    for name in ("cache-from", "cache-to", "sbom"):
        if given.one(name) not in {"", "false"}:
            sys.stderr.write(f"ekswiz: --{name}: {docker_build.UNUSED[name]}\n")
    if given.one("provenance", "false") != "false":
        sys.stderr.write("ekswiz: --provenance: no attestation is made\n")


def _write_files(order: Order, identity: str, digest: str) -> None:
    document: dict[str, Any] = {"containerimage.config.digest": identity, "image.name": ",".join(map(str, order.tags))}
    if digest:
        document["containerimage.digest"] = digest
    for option, text in (("metadata-file", json.dumps(document, indent=2)), ("iidfile", identity)):
        if order.given.one(option):
            Path(order.given.one(option)).write_text(text, encoding="utf-8")
