"""Policy documents as text: JSON, and nothing that JSON readers disagree about.

Surprising: most readers keep the last of two equal keys, so a document can say one thing to a reviewer and another to a
program. IAM refuses such a document, and so does this.

Source: IAM User Guide, "Grammar of the IAM JSON policy language" ("must not contain multiple instances of the same
key"); RFC 8259 section 4.
"""

from __future__ import annotations

import json
from typing import Any

LONGEST_DOCUMENT = 131_072
"""Characters; six times the longest policy that any service stores."""


def parse_document(text: str) -> Any:
    """The JSON value of a policy's text; what it means is `grammar.validate_document`'s question.

    Raises:
        ValueError: It is no JSON, too long, too deep, or has a key twice in one object; the text says which.
    """
    if len(text) > LONGEST_DOCUMENT:
        raise ValueError(f"it is {len(text)} characters long; no policy is longer than {LONGEST_DOCUMENT}")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as problem:
        raise ValueError(f"{problem.msg} (line {problem.lineno}, column {problem.colno})") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:100]!r} stands twice in one object")
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
