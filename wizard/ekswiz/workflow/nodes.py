"""YAML as GitHub reads it: one document, YAML 1.2 scalars, anchors but no merge keys, no duplicate keys.

The surprising thing: `on` is a string here, as at GitHub; YAML 1.1 readers make it `true`.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from ekswiz.errors import InputError
from ekswiz.workflow.model import Fields, Items, Node, Position, Scalar, Text

MAX_NODES = 50_000
MAX_DEPTH = 64
MAX_BYTES = 1_048_576

_CORE = "tag:yaml.org,2002:"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_SPECIAL = {".inf": "inf", ".Inf": "inf", ".INF": "inf", "-.inf": "-inf", ".nan": "nan", ".NaN": "nan", ".NAN": "nan"}


def refusal(path: str, at: Position, detail: str, remedy: str = "") -> InputError:
    """The error that names a place in a workflow file as `path:line:column`."""
    return InputError(f"{path}:{at.line}:{at.column}", detail, remedy)


def number_text(number: float) -> str:
    """A number as GitHub writes it: 15 significant digits, `1.10` becomes `1.1`."""
    if number != number:  # noqa: PLR0124 - the one value that differs from itself
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0:  # without the sign of -0
        return "0"
    return f"{number:.15G}"


def read(text: str, path: str) -> Node:
    """The document's root.

    Raises:
        InputError: Not YAML, or YAML that GitHub refuses; names path, line and column.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise refusal(path, Position(1, 1), "The file is larger than 1 MiB.")
    root = _compose(text, path)
    if root is None:
        raise refusal(path, Position(1, 1), "The file is empty.", "A workflow needs `on` and `jobs`.")
    return _Converter(path, text.splitlines()).convert(root, 0)


def _compose(text: str, path: str) -> Any:
    from ruamel.yaml import YAML  # 40 ms that only readers of workflow files pay
    from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError

    try:
        with warnings.catch_warnings():
            # YAML lets an anchor be named again; the later one counts from there on.
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            return YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
        raise refusal(path, at, f"Not valid YAML: {error.problem or error.context}.") from None
    except RecursionError:
        raise refusal(path, Position(1, 1), "Nested too deeply.") from None
    except (YAMLError, ValueError, OverflowError, AttributeError, IndexError, TypeError, KeyError) as error:
        # The reader itself stumbles over some malformed input (bad escapes, stray directives).
        raise refusal(
            path,
            Position(1, 1),
            f"Not valid YAML: {str(error).splitlines()[0] if str(error) else type(error).__name__}.",
        ) from None


class _Converter:
    def __init__(self, path: str, lines: list[str]) -> None:
        self._path = path
        self._lines = lines
        self._count = 0
        self._open: set[int] = set()

    def convert(self, node: Any, depth: int) -> Node:
        at = Position(node.start_mark.line + 1, node.start_mark.column + 1)
        self._count += 1
        if self._count > MAX_NODES or depth > MAX_DEPTH or id(node) in self._open:
            raise refusal(self._path, at, "Nested too deeply, or aliases that multiply without end.")
        if not str(node.tag).startswith(_CORE):
            raise refusal(self._path, at, f"Unexpected tag '{node.tag}'.")
        if node.id == "scalar":
            return self._scalar(node, at)
        self._open.add(id(node))
        made = self._items(node, at, depth) if node.id == "sequence" else self._fields(node, at, depth)
        self._open.discard(id(node))
        return made

    def _items(self, node: Any, at: Position, depth: int) -> Items:
        return Items(tuple(self.convert(item, depth + 1) for item in node.value), at)

    def _fields(self, node: Any, at: Position, depth: int) -> Fields:
        entries: list[tuple[Text, Node]] = []
        seen: set[str] = set()
        for key_node, value_node in node.value:
            key = self.convert(key_node, depth + 1)
            if not isinstance(key, Scalar):
                raise refusal(self._path, key.at, "A key must be a string.")
            name = key.text.value
            if name == "<<" and key.text.shift == 0:
                raise refusal(self._path, key.at, "Merge keys (`<<`) are not supported by GitHub.", "Repeat the keys.")
            if name.lower() in seen:
                raise refusal(self._path, key.at, f"'{name}' is already defined.")
            seen.add(name.lower())
            entries.append((key.text, self.convert(value_node, depth + 1)))
        return Fields(tuple(entries), at)

    def _scalar(self, node: Any, at: Position) -> Scalar:
        raw = str(node.value)
        if node.style in ("|", ">"):
            return Scalar(raw, Text(raw, at, block=self._block(at.line) if node.style == "|" else None))
        if node.style in ("'", '"'):
            return Scalar(raw, Text(raw, at, shift=1))
        value = raw if node.tag == f"{_CORE}str" and _explicit(self._lines, at) else resolve(raw)
        return Scalar(value, Text(scalar_text(value), at))

    def _block(self, line: int) -> int:
        """The column where a literal block's lines begin: that of its first line that is not blank."""
        for text in self._lines[line:]:
            if text.strip():
                return len(text) - len(text.lstrip(" ")) + 1
        return 1


def _explicit(lines: list[str], at: Position) -> bool:
    """Whether the scalar at this place carries a tag of its own."""
    return at.line <= len(lines) and lines[at.line - 1][at.column - 1 :].startswith("!")


def resolve(raw: str) -> bool | float | str | None:
    """The value of a plain scalar by YAML 1.2's core schema, as GitHub's reader has it."""
    if raw in _NULL:
        return None
    if raw in _BOOL:
        return _BOOL[raw]
    if raw in _SPECIAL:
        return float(_SPECIAL[raw])
    if _INT.fullmatch(raw) and len(raw) < 300:  # noqa: PLR2004 - beyond any float
        return float(int(raw, 0)) if raw[:2] in ("0o", "0x") else float(int(raw, 10))
    if _FLOAT.fullmatch(raw):
        return float(raw)
    return raw


def scalar_text(value: bool | float | str | None) -> str:
    """A scalar as the string that GitHub makes of it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else number_text(value)
