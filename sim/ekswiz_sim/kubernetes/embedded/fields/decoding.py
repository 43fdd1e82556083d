"""What a typed server notices while it reads an object: unknown fields, wrong types, malformed quantities.

Go's decoder drops fields that it does not know and nulls; so does `pruned`. What it dropped is told to the client
according to `fieldValidation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ekswiz_sim.kubernetes.embedded.fields import schema
from ekswiz_sim.kubernetes.embedded.fields.schema import Node

QUANTITY = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?", re.ASCII)
_QUANTITY_TEXT = r"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)
_DAY, _ZONE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d", r"(Z|[+-]\d\d:\d\d)"
_TIME = re.compile(rf"{_DAY}(\.\d+)?{_ZONE}", re.ASCII)
_MICRO = re.compile(rf"{_DAY}\.\d{{6}}\d*{_ZONE}", re.ASCII)
_GO = {"string": "string", "boolean": "bool", "number": "float64"}
_JSON = {str: "string", bool: "bool", int: "number", float: "number", dict: "object", list: "array"}
_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "number": (int, float),
}

_BITS = {"int32": 32, "int64": 64}


class WrongType(Exception):
    """A value cannot be read into its field; the text is the decoder's."""


def pruned(value: Any, node: Node, path: str = "") -> tuple[Any, list[str]]:
    """The value without nulls and unknown fields, and the paths of the unknown ones."""
    if isinstance(value, dict):
        return _pruned_map(value, schema.resolve(node), path)
    if isinstance(value, list):
        kept, unknown = [], []
        for index, one in enumerate(value):
            new, more = pruned(one, schema.item(node), f"{path}[{index}]")
            kept.append(new)
            unknown += more
        return kept, unknown
    return value, []


def _pruned_map(value: dict[str, Any], node: Node, path: str) -> tuple[dict[str, Any], list[str]]:
    kept: dict[str, Any] = {}
    unknown: list[str] = []
    properties = node.get("properties")
    for name, one in value.items():
        where = f"{path}.{name}" if path else name
        if properties is not None and name not in properties:
            unknown.append(where)
        elif one is not None:
            kept[name], more = pruned(one, schema.field(node, name), where)
            unknown += more
    return kept, unknown


def check_types(value: Any, node: Node, path: str = "", owner: str = "") -> None:
    """Refuse a value whose JSON type does not fit its field.

    Raises:
        WrongType: With Go's text, e.g. `json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas
            of type int32`.
    """
    resolved = schema.resolve(node)
    wanted = resolved.get("type")
    if resolved.get("format") in ("int-or-string", "quantity"):
        _check_scalar(value, str(resolved["format"]), path)
        return
    if wanted is not None and not _fits(value, wanted, resolved.get("format")):
        raise WrongType(_mismatch(value, node, path, owner))
    if resolved.get("format") == "byte":
        _check_base64(value)
    if resolved.get("format") == "date-time":
        _check_time(value, micro=_struct(node) == "MicroTime")
    for child, one, where in _children(value, resolved, path):
        check_types(one, child, where, _struct(node) or owner)


def _children(value: Any, node: Node, path: str) -> Iterator[tuple[Node, Any, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield schema.field(node, name), one, f"{path}.{name}" if path else name
    elif isinstance(value, list):
        for one in value:
            yield schema.item(node), one, path


def _fits(value: Any, wanted: str, form: str | None) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    if wanted == "integer" and isinstance(value, int):
        bound = 1 << (_BITS.get(str(form), 64) - 1)
        return -bound <= value < bound
    return isinstance(value, _PYTHON.get(wanted, (object,)))


def _struct(node: Node) -> str:
    return str(node.get("$ref", "")).rsplit(".", 1)[-1]


def _mismatch(value: Any, node: Node, path: str, owner: str) -> str:
    got = _JSON.get(type(value), "object")
    if got == "number" and schema.resolve(node).get("type") == "integer":
        got = f"number {value}"
    struct = f"Go struct field {owner}.{path}" if owner else "Go value"
    return f"json: cannot unmarshal {got} into {struct} of type {_go_type(node)}"


def _go_type(node: Node) -> str:
    if "$ref" in node and "properties" in schema.resolve(node):
        return ".".join(str(node["$ref"]).split(".")[-2:])
    resolved = schema.resolve(node)
    kind = str(resolved.get("type", ""))
    if kind == "integer":
        return str(resolved.get("format", "int32"))
    if kind == "array":
        return "[]" + _go_type(schema.item(node))
    if kind == "object":
        return "map[string]string" if "additionalProperties" in resolved else "struct"
    return _GO.get(kind, kind)


def _check_base64(text: str) -> None:
    plain = "".join(text.split("\r")).replace("\n", "")
    good = _BASE64.match(plain)
    end = good.end() if good else 0
    if end != len(plain):
        raise WrongType(f"illegal base64 data at input byte {end}")


def _check_time(text: str, *, micro: bool) -> None:
    """Go names the first part of the layout that does not fit; here that is told without its place."""
    pattern, layout = (_MICRO, "2006-01-02T15:04:05.000000Z07:00") if micro else (_TIME, "2006-01-02T15:04:05Z07:00")
    if text and not pattern.fullmatch(text):
        raise WrongType(f'parsing time "{text}" as "{layout}": cannot parse "{text}" as "{layout}"')


def _check_scalar(value: Any, form: str, path: str) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if form == "quantity" and not (number or (isinstance(value, str) and QUANTITY.fullmatch(value))):
        raise WrongType(_QUANTITY_TEXT)
    if form == "int-or-string" and not (isinstance(value, str) or (number and isinstance(value, int))):
        raise WrongType(f"json: cannot unmarshal {_JSON.get(type(value), 'object')} into {path} of type int32")
