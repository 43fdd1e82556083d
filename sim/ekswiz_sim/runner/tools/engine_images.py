"""Names and looks of images at the engine: `tag`, `inspect`, `images`, `rmi`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from ekswiz_sim.containers import labels
from ekswiz_sim.containers.engine import EngineError, guarded
from ekswiz_sim.images.reference import parse
from ekswiz_sim.runner.tools import docker_names, docker_show, engine
from ekswiz_sim.runner.tools.docker_format import render
from ekswiz_sim.runner.tools.docker_names import reference
from ekswiz_sim.runner.tools.docker_options import Given, Stop

_T = TypeVar("_T")
TAG, REMOVE = docker_names.TAG, docker_names.REMOVE
INSPECT, IMAGES = docker_show.INSPECT, docker_show.IMAGES
_ABSENT = 404


def tag(given: Given) -> None:
    """One more name for an image."""
    target = reference(given.arguments[1])
    if target.digest:
        raise Stop("refusing to create a tag with a digest reference")
    client = engine.client()
    _said(lambda: client.tag(given.arguments[0], target.repository, target.tag, force=True))


def inspect(given: Given) -> None:
    """Print images as JSON or by a template; those that are not there are named at the end."""
    if given.one("type", "image") != "image":
        raise Stop(f"ekswiz's docker has images only: it cannot inspect a {given.one('type')}")
    client = engine.client()
    found, missing = [], []
    for name in given.arguments:
        try:
            found.append(guarded(lambda one=name: client.inspect_image(one)))  # type: ignore[misc]  # mypy and defaults
        except EngineError as error:
            if error.status != _ABSENT:
                raise Stop(f"Error response from daemon: {error}") from error
            missing.append(name)
    template = given.one("format")
    if template and template != "json":
        _print("\n".join(render(template, one) for one in found))
    else:
        _print(json.dumps(found, indent=None if template else 4))
    if missing:
        raise Stop("\n".join(f"Error: No such object: {name}" for name in missing))


def images(given: Given) -> None:
    """This world's images: the engine's others are not its business."""
    client = engine.client()
    name = parse(given.arguments[0]).familiar if given.arguments and ":" in given.arguments[0] else None
    asked = name or (given.arguments[0] if given.arguments else None)
    found = _said(lambda: client.images(asked, filters=labels.only(engine.world())))
    rows = [row for one in found for row in _rows(one, full=given.on("no-trunc"))]
    if given.one("format"):
        for row in rows:
            _print(json.dumps(row) if given.one("format") == "json" else render(given.one("format"), row))
    elif given.on("quiet"):
        _print("\n".join(dict.fromkeys(row["ID"] for row in rows)))
    else:
        columns = ["Repository", "Tag", *(["Digest"] if given.on("digests") else []), "ID", "CreatedSince", "Size"]
        docker_show.table(
            [[docker_show.heading(one) for one in columns], *([row[one] for one in columns] for row in rows)]
        )


def remove(given: Given) -> None:
    """`docker rmi`, of this world's images only."""
    client = engine.client()
    for name in given.arguments:
        found = _said(lambda one=name: client.inspect_image(one))  # type: ignore[misc]  # mypy and defaults
        if (found["Config"].get("Labels") or {}).get(labels.WORLD) != engine.world():
            raise Stop(
                f"Error response from daemon: {name} is not of this rehearsal, which removes only its own images"
            )
        gone = _said(lambda one=name: client.remove_image(one, force=given.on("force")))  # type: ignore[misc]  # mypy and defaults
        for line in gone or ():
            _print("\n".join(f"{verb}: {what}" for verb, what in line.items()))


def _rows(found: dict[str, Any], *, full: bool) -> list[dict[str, str]]:
    identity = str(found["Id"])
    digests = dict(str(one).split("@", 1) for one in found.get("RepoDigests") or ())
    common = {
        "ID": identity if full else identity.removeprefix("sha256:")[:12],
        "CreatedSince": "Less than a day ago",
        "CreatedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(found["Created"])),
        "Size": docker_show.size(found["Size"]),
    }
    names = [str(one).rsplit(":", 1) for one in found.get("RepoTags") or ["<none>:<none>"]]
    return [
        {"Repository": name, "Tag": tagged, "Digest": digests.get(name, "<none>"), **common} for name, tagged in names
    ]


def _said(work: Callable[[], _T]) -> _T:
    try:
        return guarded(work)
    except EngineError as error:
        raise Stop(f"Error response from daemon: {error}") from error


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n" if text else "")
