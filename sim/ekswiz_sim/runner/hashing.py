"""`hashFiles`: one SHA-256 over the SHA-256 of each file that matches, in the order of their paths."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ekswiz.workflow.patterns import BadPattern, compile_pattern
from ekswiz.workflow.syntax import ExpressionError


def hash_files(workspace: Path, patterns: Sequence[str]) -> str:
    """The digest of the files below the workspace that match; empty if none does. A leading `!` excludes.

    Raises:
        ExpressionError: A pattern that cannot be read.
    """
    lines = [line.strip() for pattern in patterns for line in pattern.splitlines()]
    wanted = [line for line in lines if line and not line.startswith("#")]
    whole = hashlib.sha256()
    found = False
    for path in sorted(workspace.rglob("*")):
        if path.is_file() and _chosen(wanted, path.relative_to(workspace).as_posix()):
            found = True
            whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest() if found else ""


def _chosen(patterns: Sequence[str], name: str) -> bool:
    chosen = False
    for pattern in patterns:
        negative = pattern.startswith("!")
        plain = pattern.lstrip("!").removeprefix("./")
        try:
            fits = compile_pattern(plain).fullmatch(name) or compile_pattern(f"{plain.rstrip('/')}/**").fullmatch(name)
        except BadPattern as error:
            raise ExpressionError(f"hashFiles: {error}") from None
        if fits:
            chosen = not negative
    return chosen
