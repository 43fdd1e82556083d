"""What templates and expressions read: the dotted paths in them, for lint and for checks across jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ekswiz.workflow.expressions import segments
from ekswiz.workflow.syntax import Call, Compare, Expression, Index, Literal, Logic, Name, Not, Star, parse


def references(template: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The dotted paths that a template reads, such as ("steps", "build", "outputs", "digest"), each with its offset.

    A path ends before the first key that is not a literal; `*` stands for a filter. Lower case throughout.

    Raises:
        ExpressionError: It cannot be parsed.
    """
    for piece in segments(template):
        if piece.expression:
            yield from ((piece.offset + at, path) for at, path in paths(parse(piece.text)))


def paths(tree: Expression) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The longest dotted paths in a tree, with the offset of their first name."""
    path = _path(tree)
    if path is not None:
        yield path
        return
    match tree:
        case Index(of, key, _):
            yield from paths(of)
            yield from paths(key)
        case Call(_, arguments, _, _):
            for argument in arguments:
                yield from paths(argument)
        case Not(of, _):
            yield from paths(of)
        case Compare(_, left, right, _):
            yield from paths(left)
            yield from paths(right)
        case Logic(_, operands, _):
            for operand in operands:
                yield from paths(operand)
        case _:
            return


def _path(tree: Expression) -> tuple[int, tuple[str, ...]] | None:
    keys: list[str] = []
    node: Any = tree
    while isinstance(node, Index):
        if isinstance(node.key, Literal) and isinstance(node.key.value, str):
            keys.append(node.key.value.lower())
        elif isinstance(node.key, Star):
            keys.append("*")
        else:
            return None
        node = node.of
    return (node.offset, (node.name.lower(), *reversed(keys))) if isinstance(node, Name) else None
