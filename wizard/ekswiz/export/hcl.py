"""HCL as `terraform fmt` writes it, and nothing of a value is ever read as an expression.

Source: Terraform language documentation, "Configuration syntax", "Strings and templates", "Style conventions".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

INDENT = "  "
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Expression(str):
    """Text that is an expression of the language: a reference or a call. Never made of a value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Block:
    """`kind "label" { ... }`: arguments, then nested blocks. `note` stands above it as a comment."""

    kind: str
    labels: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    note: str = ""


def render(blocks: Sequence[Block]) -> str:
    """Blocks with an empty line between them."""
    return "\n".join("".join(f"{line}\n" for line in _block(block, "")) for block in blocks)


def call(name: str, argument: Any) -> Expression:
    """`name(argument)`."""
    return Expression(f"{name}({value(argument, '')})")


def value(found: Any, indent: str) -> str:
    """A value as an expression, over several lines where it is a collection with something in it."""
    if isinstance(found, Expression):
        return found.replace("\n", f"\n{indent}")
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, int):
        return str(found)
    if isinstance(found, str):
        return quoted(found)
    if isinstance(found, Mapping):
        return _object(found, indent)
    if isinstance(found, Sequence):
        return _list(found, indent)
    return "null"


def quoted(text: str) -> str:
    """A string in quotes, in which `${` and `%{` begin nothing."""
    escaped = "".join(ESCAPES.get(sign, sign if sign.isprintable() else f"\\u{ord(sign):04x}") for sign in text)
    return f'"{escaped.replace("${", "$${").replace("%{", "%%{")}"'


def _block(block: Block, indent: str) -> Iterator[str]:
    yield from (f"{indent}# {line}".rstrip() for line in block.note.split("\n") if block.note)
    labels = "".join(f" {quoted(label)}" for label in block.labels)
    if not block.arguments and not block.blocks:
        yield f"{indent}{block.kind}{labels} {{}}"
        return
    yield f"{indent}{block.kind}{labels} {{"
    inner = indent + INDENT
    yield from _assignments(block.arguments, inner)
    for number, nested in enumerate(block.blocks):
        if number or block.arguments:
            yield ""
        yield from _block(nested, inner)
    yield f"{indent}}}"


def _assignments(found: Mapping[str, Any], indent: str) -> Iterator[str]:
    """`name = value`, the equals signs of neighbouring lines below each other."""
    made = [(_key(name), value(each, indent)) for name, each in found.items()]
    for group in _neighbours(made):
        width = max(len(name) for name, _ in group)
        yield from (f"{indent}{name:<{width}} = {text}" for name, text in group)


def _neighbours(made: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Runs of lines that are aligned: one that opens a bracket ends its run."""
    group: list[tuple[str, str]] = []
    for name, text in made:
        if "\n" in text and group:
            yield group
            group = []
        group.append((name, text))
        if "\n" in text:
            yield group
            group = []
    if group:
        yield group


def _object(found: Mapping[str, Any], indent: str) -> str:
    if not found:
        return "{}"
    lines = "\n".join(_assignments(found, indent + INDENT))
    return f"{{\n{lines}\n{indent}}}"


def _list(found: Sequence[Any], indent: str) -> str:
    if all(isinstance(each, str | int | bool) for each in found) and len(found) < 2:  # noqa: PLR2004 - one fits a line
        return f"[{', '.join(value(each, indent) for each in found)}]"
    inner = indent + INDENT
    return "[\n" + "".join(f"{inner}{value(each, inner)},\n" for each in found) + f"{indent}]"


def _key(name: str) -> str:
    return name if NAME.fullmatch(name) else quoted(name)
