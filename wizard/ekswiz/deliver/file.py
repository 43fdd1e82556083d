"""A file for the user's repository, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """One file: its path inside the repository (with `/`), its text and why it is there.

    A "manifest" is a starting point for a repository that has none; a "workflow" is kept as ekswiz writes it.
    """

    path: str
    text: str
    why: str
    kind: Literal["workflow", "manifest"]
