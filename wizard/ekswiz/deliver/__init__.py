"""Files for the user's repository: `files(answers)` returns their paths and texts, and writes nothing."""

from __future__ import annotations

from ekswiz.deliver.repository import RepositoryFile, files

__all__ = ["RepositoryFile", "files"]
