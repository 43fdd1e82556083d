"""YAML documents as text: block style, keys in the order in which they were given, strings quoted where they must."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

WIDTH = 4096
"""Columns from which a scalar is folded: never, for a reader's sake."""


def dumped(documents: Sequence[Any]) -> str:
    """The documents, each behind its `---` where there are several."""
    from ruamel.yaml import YAML  # only who exports pays for it

    yaml = YAML(typ="rt", pure=True)
    yaml.width = WIDTH
    yaml.default_flow_style = False
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.ignore_aliases = lambda _: True
    texts = []
    for each in documents:
        stream = io.StringIO()
        yaml.dump(_plain(each), stream)
        texts.append(f"{stream.getvalue().rstrip()}\n")
    return "---\n".join(texts)


def commented(lines: Iterable[str]) -> str:
    """Comment lines; what they say can hold no line break of its own."""
    return "".join(f"# {' '.join(line.splitlines())}".rstrip() + "\n" for line in lines)


def _plain(value: Any) -> Any:
    """Tuples as lists and every mapping as a dict: all that YAML's representer has to know."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
