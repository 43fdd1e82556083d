"""Files for the user's repository: `files(answers)` returns their paths and texts, and writes nothing."""

from __future__ import annotations

from ekswiz.deliver.file import RepositoryFile
from ekswiz.deliver.repository import files

__all__ = ["RepositoryFile", "files"]
