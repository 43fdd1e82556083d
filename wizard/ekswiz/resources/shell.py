"""Command lines that do the same as a change, quoted for a POSIX shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any


def command(*words: str | Mapping[str, Any]) -> str:
    """One command line; JSON documents are written compactly."""
    return shlex.join(w if isinstance(w, str) else json.dumps(w, separators=(",", ":"), default=str) for w in words)


def lines(*commands: str) -> str:
    """Several command lines, to be run one after the other."""
    return "\n".join(commands)
