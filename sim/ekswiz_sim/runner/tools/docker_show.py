"""What docker shows of its images: `images` and `inspect`."""

from __future__ import annotations

import json
import time
from typing import Any

from ekswiz_sim.images.reference import parse
from ekswiz_sim.runner.tools.docker_format import render
from ekswiz_sim.runner.tools.docker_options import Command, Given, Stop
from ekswiz_sim.runner.tools.docker_store import Held, Store

INSPECT = Command(
    "inspect",
    "inspect [OPTIONS] NAME|ID [NAME|ID...]",
    {"format": "value", "type": "value"},
    {"f": "format"},
    frozenset({"size", "platform"}),
    1,
)
IMAGES = Command(
    "images",
    "images [OPTIONS] [REPOSITORY[:TAG]]",
    {"quiet": "flag", "no-trunc": "flag", "digests": "flag", "format": "value", "all": "flag"},
    {"q": "quiet", "a": "all"},
    frozenset({"filter", "tree"}),
    0,
    1,
)


def inspect(given: Given) -> None:
    """Print images as JSON or by a template; those that are not there are named at the end."""
    store = Store.of_environment()
    if given.one("type", "image") != "image":
        raise Stop(f"ekswiz's docker has images only: it cannot inspect a {given.one('type')}")
    found, missing = [], []
    for name in given.arguments:
        try:
            found.append(document(store.find(name)))
        except KeyError:
            missing.append(name)
    template = given.one("format")
    if template and template != "json":
        for one in found:
            _print(render(template, one))
    else:
        _print(json.dumps(found, indent=None if template else 4))
    if missing:
        raise Stop("\n".join(f"Error: No such object: {name}" for name in missing))


def document(held: Held) -> dict[str, Any]:
    """An image as `docker image inspect` shows it."""
    config = held.config()
    return {
        "Id": held.id,
        "RepoTags": [parse(tag).familiar for tag in held.tags],
        "RepoDigests": [parse(one).familiar for one in held.digests],
        "Parent": "",
        "Comment": "",
        "Created": config.get("created", ""),
        "Author": config.get("author", ""),
        "Config": config.get("config", {}),
        "Architecture": config["architecture"],
        "Os": config["os"],
        "Size": sum(path.stat().st_size for path in held.image.blobs.values()),
        "RootFS": {"Type": "layers", "Layers": config["rootfs"]["diff_ids"]},
        "Metadata": {"LastTagTime": _time(held.created)},
    }


def images(given: Given) -> None:
    """The table of images, their ids, or a template per image."""
    rows = [row for held in Store.of_environment().all() for row in _rows(held, given)]
    if given.arguments:
        wanted = parse(given.arguments[0])
        rows = [row for row in rows if _matches(row, wanted.familiar, given.arguments[0])]
    if given.one("format"):
        for row in rows:
            _print(json.dumps(row) if given.one("format") == "json" else render(given.one("format"), row))
    elif given.on("quiet"):
        for identity in dict.fromkeys(row["ID"] for row in rows):
            _print(identity)
    else:
        columns = ["Repository", "Tag", *(["Digest"] if given.on("digests") else []), "ID", "CreatedSince", "Size"]
        table([[heading(name) for name in columns], *([row[name] for name in columns] for row in rows)])


def _rows(held: Held, given: Given) -> list[dict[str, str]]:
    identity = held.id if given.on("no-trunc") else held.id.removeprefix("sha256:")[:12]
    total = sum(path.stat().st_size for path in held.image.blobs.values())
    digests = {one.partition("@")[0]: one.partition("@")[2] for one in held.digests}
    names = [parse(tag) for tag in held.tags]
    common = {
        "ID": identity,
        "CreatedSince": "Less than a day ago",
        "CreatedAt": _time(held.created),
        "Size": size(total),
    }
    rows = [
        {
            "Repository": name.familiar.removesuffix(f":{name.tag}"),
            "Tag": str(name.tag),
            "Digest": digests.get(name.repository, "<none>"),
            **common,
        }
        for name in names
    ]
    return rows or [{"Repository": "<none>", "Tag": "<none>", "Digest": "<none>", **common}]


def _matches(row: dict[str, str], familiar: str, asked: str) -> bool:
    tagged = ":" in asked.rpartition("/")[2]
    return f"{row['Repository']}:{row['Tag']}" == familiar if tagged else row["Repository"] == asked


def heading(name: str) -> str:
    """A column's title."""
    return {"ID": "IMAGE ID", "CreatedSince": "CREATED"}.get(name, name.upper())


def table(rows: list[list[str]]) -> None:
    """Print rows in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        _print("   ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def size(count: float) -> str:
    """Bytes as docker shows them."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:  # noqa: PLR2004 - docker counts in decimal units
            return f"{count:.3g}{unit}"
        count /= 1000
    return f"{count:.3g}GB"


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _print(text: str) -> None:
    print(text)  # noqa: T201 - the command's output
