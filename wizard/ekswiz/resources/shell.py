"""Command lines that do the same as a change, quoted for a POSIX shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from ekswiz.plan import encode


def command(*words: str | Mapping[str, Any]) -> str:
    """One command line; JSON documents are written compactly.

    What only another change will tell stands in it as `<id of subnet.private-a>`, to be put in by hand.
    """
    return shlex.join(
        w if isinstance(w, str) else json.dumps(_known(encode(w)), separators=(",", ":"), default=str) for w in words
    )


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "$ref" in value:
            return f"<{value['output']} of {value['$ref']}>"
        return {key: _known(item) for key, item in value.items()}
    return [_known(item) for item in value] if isinstance(value, list) else value


def lines(*commands: str) -> str:
    """Several command lines, to be run one after the other."""
    return "\n".join(commands)
