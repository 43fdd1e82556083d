"""Helpers that read nodes and refuse what does not fit, by name and place."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence

from ekswiz.errors import InputError
from ekswiz.workflow.availability import Place
from ekswiz.workflow.expressions import check, condition_segments, segments
from ekswiz.workflow.model import Fields, Items, Node, Position, Scalar, Text
from ekswiz.workflow.nodes import refusal
from ekswiz.workflow.syntax import ExpressionError

NO_WORDS: Mapping[str, str] = {}


class Reader:
    """Reads one file; `path` names it in errors."""

    def __init__(self, path: str) -> None:
        self.path = path

    def fail(self, at: Position, detail: str, remedy: str = "") -> InputError:
        """The error for a place of this file; raise it."""
        return refusal(self.path, at, detail, remedy)

    def fields(
        self, node: Node, what: str, known: Collection[str], unsupported: Mapping[str, str] = NO_WORDS
    ) -> dict[str, Node]:
        """A mapping's values by key.

        Raises:
            InputError: Not a mapping, or a key that is unknown or known and not supported here.
        """
        if not isinstance(node, Fields):
            raise self.fail(node.at, f"{what} must be a mapping.")
        for key, _ in node.entries:
            if key.value in unsupported:
                raise self.fail(key.at, f"`{key.value}` is not supported: {unsupported[key.value]}")
            if key.value not in known:
                raise self.fail(key.at, f"Unexpected value '{key.value}' in {what}.", _remedy(key.value, known))
        return {key.value: value for key, value in node.entries}

    def text(self, node: Node, what: str, place: Place | None = None) -> Text:
        """A scalar; with `place`, its expressions are checked. Without one it may hold none."""
        if not isinstance(node, Scalar):
            raise self.fail(node.at, f"{what} must be a single value.")
        if place is not None:
            self.check(node.text, place)
        elif "${{" in node.text.value:
            raise self.fail(node.at, f"{what} cannot hold an expression.")
        return node.text

    def optional(self, fields: Mapping[str, Node], key: str, place: Place | None = None) -> Text | None:
        """The scalar under `key`, if it is there."""
        return self.text(fields[key], f"`{key}`", place) if key in fields else None

    def texts(self, node: Node, what: str, place: Place | None = None) -> tuple[Text, ...]:
        """A scalar or a sequence of scalars."""
        nodes: Sequence[Node] = node.items if isinstance(node, Items) else (node,)
        return tuple(self.text(item, what, place) for item in nodes)

    def mapping(self, node: Node, what: str, place: Place | None = None) -> dict[str, Text]:
        """A mapping of scalars. Nothing after the colon is an empty mapping."""
        if isinstance(node, Scalar) and node.value is None:
            return {}
        if isinstance(node, Scalar) and "${{" in node.text.value:
            raise self.fail(node.at, f"An expression in place of the whole {what} is not supported.", "Name each key.")
        if not isinstance(node, Fields):
            raise self.fail(node.at, f"{what} must be a mapping.")
        return {key.value: self.text(value, f"`{key.value}` in {what}", place) for key, value in node.entries}

    def number(self, text: Text | None, what: str) -> Text | None:
        """A positive whole number, or an expression for one."""
        if text is None or "${{" in text.value:
            return text
        if not (text.value.isascii() and text.value.isdigit() and int(text.value[:10]) > 0):
            raise self.fail(text.at, f"`{what}` must be a positive integer, not '{text.value}'.")
        return text

    def boolean(self, text: Text | None, what: str) -> Text | None:
        """`true` or `false`, or an expression for one."""
        if text is not None and "${{" not in text.value and text.value not in ("true", "false"):
            raise self.fail(text.at, f"`{what}` must be true or false, not '{text.value}'.")
        return text

    def condition(self, fields: Mapping[str, Node], place: Place) -> Text | None:
        """The `if:` of a job or step, checked."""
        if "if" not in fields:
            return None
        node = fields["if"]
        if not isinstance(node, Scalar):
            raise self.fail(node.at, "`if` must be a single value.")
        self._pieces(node.text, place, is_condition=True)
        return node.text

    def check(self, text: Text, place: Place) -> None:
        """Refuse what the expressions in a template may not read or call there."""
        self._pieces(text, place, is_condition=False)

    def _pieces(self, text: Text, place: Place, *, is_condition: bool) -> None:
        offset = 0
        try:
            for piece in condition_segments(text.value) if is_condition else segments(text.value):
                offset = piece.offset
                if piece.expression:
                    check(piece.text, place.contexts, place.functions)
        except ExpressionError as error:
            raise self.fail(text.position(offset + error.offset), f"{error.message}.") from None


def _remedy(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean `{close[0]}`?" if close else f"Known here: {', '.join(sorted(known))}."
