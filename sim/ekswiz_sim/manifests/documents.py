"""YAML files of Kubernetes objects, with the line of everything in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ekswiz.errors import InputError

LARGEST = 1_000_000
"""Bytes of a manifest: etcd takes no larger object."""
FIX = "Correct it and run the same command again."
_SEGMENT = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a file. `name` is the file's, inside the repository; `value` holds JSON values only."""

    name: str
    value: Any
    _marked: Any

    def refusal(self, why: str, path: str = "") -> InputError:
        """The error for this object, with the line of the field at `path` (`spec.containers[0].image`)."""
        where = f"line {line}: " if (line := self._line(path)) else ""
        return InputError(self.name, f"{where}{why.rstrip('.')}.", FIX)

    def _line(self, path: str) -> int | None:
        """The line of a field, or of the innermost of its parents that is there."""
        at, line = self._marked, _first(self._marked)
        for name, index in _SEGMENT.findall(path):
            key: Any = int(index) if index else name
            try:
                line = (at.lc.item(key) if index else at.lc.key(key))[0] + 1
                at = at[key]
            except (AttributeError, KeyError, IndexError, TypeError):
                break
        return line


def read(file: Path, name: str) -> list[Document]:
    """The objects of a file; empty documents are left out.

    Raises:
        InputError: It cannot be read, or is no YAML; with the line.
    """
    from ruamel.yaml import YAML  # only repositories with manifests of their own pay for it
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="rt", pure=True)
    yaml.version = (1, 1)  # as kubectl reads it: yes and no are booleans
    try:
        if file.stat().st_size > LARGEST:
            raise InputError(name, f"is larger than {LARGEST} bytes.", "That is no manifest; leave it out.")
        found = [one for one in yaml.load_all(file.read_text(encoding="utf-8")) if one is not None]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(name, f"cannot be read: {error}.", FIX) from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(name, f"line {line}: no YAML: {error.problem}.", FIX) from error
    except (YAMLError, ValueError) as error:
        raise InputError(name, f"no YAML: {' '.join(str(error).split())}.", FIX) from error
    return [Document(name, _plain(one), one) for one in found]


def _first(marked: Any) -> int | None:
    at = getattr(marked, "lc", None)
    return at.line + 1 if at is not None and at.line is not None else None


def _plain(value: Any) -> Any:
    """JSON values: what YAML takes for a date is a string to Kubernetes."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, bool) or value is None:
        return value
    if type(value).__name__ == "ScalarBoolean":  # how ruamel keeps a boolean that has an anchor: an int
        return bool(value)
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def expanded(documents: list[Document]) -> Iterator[Document]:
    """The same with the items of every `kind: List`."""
    for one in documents:
        if isinstance(one.value, dict) and one.value.get("kind") == "List" and isinstance(one.value.get("items"), list):
            marked = one._marked["items"]  # noqa: SLF001 - its own class
            yield from (Document(one.name, value, marked[index]) for index, value in enumerate(one.value["items"]))
        else:
            yield one
