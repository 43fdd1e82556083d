"""The file that a report is written to, looked at before the work begins: not after minutes of it."""

from __future__ import annotations

import os
from pathlib import Path

from ekswiz.errors import InputError

FLAG = "--json"


def check(path: str | None, flag: str = FLAG) -> None:
    """Refuse a file that cannot be written. Nothing is created; no path is fine.

    Raises:
        InputError: It is a folder, its folder is missing, or it may not be written.
    """
    if path is None:
        return
    file = Path(path)
    if file.is_dir():
        raise InputError(flag, f"{path} is a folder.", "Name a file in it.")
    if not file.parent.is_dir():
        raise InputError(flag, f"{path} cannot be written: there is no folder {file.parent}.", "Make it first.")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise _unwritable(path, "permission denied", flag)


def write(path: str, text: str) -> None:
    """Write the report.

    Raises:
        InputError: It could not be written after all.
    """
    try:
        Path(path).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _unwritable(path: str, why: str, flag: str = FLAG) -> InputError:
    return InputError(flag, f"{path} cannot be written: {why}.", "Name another file.")
