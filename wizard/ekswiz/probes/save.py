"""Answers to a file before they are complete, so that nothing typed is lost."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from ekswiz import answers_file
from ekswiz.answers import FLAGS, Answers, check_field
from ekswiz.errors import InputError
from ekswiz.fields.rules import NUMBERS
from ekswiz.frontend import Draft


def save(draft: Draft, file: Path) -> Path:
    """Write every answer that can be used; the file's absolute path.

    What is no answer (a profile) or cannot be used yet (half a name) is left out, so that the file can always be read.

    Raises:
        InputError: The place cannot be written, or what stands there is no answers file.
    """
    names = [field.name for field in fields(Answers)]
    typed = {name: _typed(name, draft.values[name]) for name in names if name in draft.values}
    place = file.absolute()
    answers_file.save_values(place, {name: value for name, value in typed.items() if _usable(name, value)})
    return place


def _typed(name: str, said: str) -> Any:
    """The value as a file holds it; text where it is none of the others."""
    if name in NUMBERS and said.isascii() and said.isdecimal():
        return int(said)
    if name in FLAGS and said.lower() in ("true", "false"):
        return said.lower() == "true"
    if name == "environment" and said.lower() == answers_file.NO_ENVIRONMENT:
        return None
    return said


def _usable(name: str, value: Any) -> bool:
    try:
        check_field(name, value)
    except InputError:
        return False
    return True
