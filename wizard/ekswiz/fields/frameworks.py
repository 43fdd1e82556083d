"""Which framework a folder's code uses and what its image would start, where the files leave no doubt.

Reads files only, runs nothing. One doubt is enough to say nothing: whoever asks then has to be told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

PYTHON = ("fastapi", "flask", "django")
CLASSES = {"fastapi": "FastAPI", "flask": "Flask"}
LARGEST = 200_000
"""Bytes of a file that is looked at."""
MOST = 200
"""Python modules of a folder that are looked at."""


def framework(folder: Path) -> Mapping[str, str]:
    """`framework` and `app_entry` of the code in a folder; empty if there is none, more than one, or any doubt."""
    found = [name for name in PYTHON if name in _requirements(folder)]
    found += ["node"] if (folder / "package.json").is_file() else []
    found += ["go"] if (folder / "go.mod").is_file() else []
    if not found and _site(folder):
        found = ["static"]
    if len(found) != 1:
        return {}
    entry = _ENTRIES[found[0]](folder)
    return {"framework": found[0], "app_entry": entry} if entry else {}


def _requirements(folder: Path) -> set[str]:
    """Names of the packages in requirements.txt, in lower case."""
    return {
        match[0].lower()
        for line in _text(folder / "requirements.txt").splitlines()
        if (match := re.match(r"[\w.-]+", line))
    }


def _object(folder: Path, kind: str) -> str:
    """`module:name` of the one object of that class among the folder's own modules."""
    pattern = re.compile(rf"^(\w+)(?::[^=\n]+)?\s*=\s*(?:\w+\.)?{CLASSES[kind]}\(", re.MULTILINE | re.ASCII)
    modules = [path for path in sorted(folder.glob("*.py"))[:MOST] if path.stem.isidentifier()]
    found = [f"{path.stem}:{match[1]}" for path in modules for match in pattern.finditer(_text(path))]
    return found[0] if len(found) == 1 else ""


def _django(folder: Path) -> str:
    found = [path.parent.name for path in sorted(folder.glob("*/wsgi.py")) if path.parent.name.isidentifier()]
    return f"{found[0]}.wsgi:application" if len(found) == 1 and (folder / "manage.py").is_file() else ""


def _node(folder: Path) -> str:
    """What `npm start` runs, if that is node and a file; else the package's `main`."""
    try:
        package = json.loads(_text(folder / "package.json"))
        start = str(package.get("scripts", {}).get("start", ""))
        main = str(package.get("main", ""))
    except (ValueError, AttributeError):
        return ""
    if not (folder / "package-lock.json").is_file():
        return ""  # `npm ci` needs one
    match = re.fullmatch(r"node\s+(?:\./)?([\w./-]+)", start, re.ASCII)
    named = match[1] if match else "" if start else main.removeprefix("./")
    return named if re.fullmatch(r"[\w./-]+", named, re.ASCII) and (folder / named).is_file() else ""


def _go(folder: Path) -> str:
    """The folder's own program, or its only command."""
    if any(re.search(r"^package main$", _text(path), re.MULTILINE) for path in sorted(folder.glob("*.go"))[:MOST]):
        return "."
    commands = [path for path in sorted((folder / "cmd").glob("*")) if (path / "main.go").is_file()]
    return f"cmd/{commands[0].name}" if len(commands) == 1 else ""


def _site(folder: Path) -> str:
    """The folder with the index; only one that holds nothing but the site."""
    return next((name for name in ("public", "dist", "site") if (folder / name / "index.html").is_file()), "")


_ENTRIES: Mapping[str, Callable[[Path], str]] = {
    "fastapi": lambda folder: _object(folder, "fastapi"),
    "flask": lambda folder: _object(folder, "flask"),
    "django": _django,
    "node": _node,
    "go": _go,
    "static": _site,
}


def _text(path: Path) -> str:
    try:
        return path.read_bytes()[:LARGEST].decode("utf-8", "replace")
    except OSError:
        return ""
