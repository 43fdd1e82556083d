"""Kubernetes' protobuf bodies, read into the same JSON shape as everything else.

kubectl's typed commands (`create deployment`, `auth can-i`...) send protobuf and do not fall back. Field numbers come
from a table; answers are always JSON, which every client accepts.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ekswiz_sim.kubernetes.embedded.fields import schema
from ekswiz_sim.kubernetes.embedded.store import Obj

MAGIC = b"k8s\x00"
MEDIA_TYPE = "application/vnd.kubernetes.protobuf"

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SCALARS = frozenset({"int32", "int64", "uint32", "uint64"})
_SIGN_BIT = 1 << 63
_MAX_SHIFT = 63


class Malformed(Exception):
    """Bytes that are no protobuf message, or of a kind that is not served."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One row of the table: JSON name ("" where Go embeds), `one`/`list`/`map`, the value's type, pointer or not."""

    name: str
    shape: str
    type: str
    pointer: bool


def decode(raw: bytes, kind_hint: tuple[str, str] | None = None) -> Obj:
    r"""The object in a `k8s\0` envelope; `kind_hint` is (apiVersion, kind) for an envelope that names none.

    Raises:
        Malformed: See the text.
    """
    if not raw.startswith(MAGIC):
        raise Malformed("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    envelope = dict(_fields(raw[len(MAGIC) :]))
    meta = {number: value.decode() for number, value in _fields(_bytes(envelope.get(1, b""))) if number in (1, 2)}
    version, kind = (meta.get(1) or "", meta.get(2) or "") if meta else kind_hint or ("", "")
    table = schema.load("protobuf.json.gz")
    name = table["kinds"].get(f"{version}/{kind}")
    if name is None:
        if kind != "DeleteOptions":
            raise Malformed(f'no kind "{kind}" is registered for version "{version}"')
        name = "k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions"
    body = _message(_bytes(envelope.get(2, b"")), name, table["messages"])
    return {"apiVersion": version, "kind": kind, **body}


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise Malformed("proto: wrong wireType")
    return value


def _fields(raw: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        wire = tag & 7
        value: int | bytes
        if wire == _VARINT:
            value, at = _varint(raw, at)
        else:
            size, at = _size(raw, at, wire)
            if at + size > len(raw):
                raise Malformed("unexpected EOF")
            value, at = raw[at : at + size], at + size
        yield tag >> 3, value


def _size(raw: bytes, at: int, wire: int) -> tuple[int, int]:
    if wire == _BYTES:
        return _varint(raw, at)
    if wire in (_FIXED32, _FIXED64):
        return (4 if wire == _FIXED32 else 8), at
    raise Malformed(f"proto: illegal wireType {wire}")


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(raw) or shift > _MAX_SHIFT:
            raise Malformed("proto: integer overflow or unexpected EOF")
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit of a varint
            return value, at


def _message(raw: bytes, name: str, messages: Obj) -> Obj:
    new: Obj = {}
    for number, value in _fields(raw):
        row = messages[name].get(str(number))
        if row is None:
            raise Malformed(f"proto: {name.rsplit('.', 1)[-1]}: unknown field number {number}")
        _put(new, _Field(row[0], row[1], row[2], bool(row[3])), value, messages)
    return new


def _put(new: Obj, field: _Field, value: Any, messages: Obj) -> None:
    if not field.name:
        new.update(_value(value, field.type, messages))
    elif field.shape == "list":
        new.setdefault(field.name, []).append(_value(value, field.type, messages))
    elif field.shape == "map":
        pair = dict(_fields(_bytes(value)))
        default: Any = b""
        entry = _value(pair.get(2, default), field.type, messages)
        new.setdefault(field.name, {})[pair.get(1, b"").decode()] = entry
    else:
        found = _value(value, field.type, messages)
        # Go writes zero values of everything that is no pointer; its JSON leaves them out.
        if field.pointer or found not in ("", 0, False, None):
            new[field.name] = found


def _value(value: Any, kind: str, messages: Obj) -> Any:
    if kind in _SCALARS:
        return value - (1 << 64) if value & _SIGN_BIT else value
    if kind == "bool":
        return bool(value)
    raw = _bytes(value)
    if kind == "string":
        return raw.decode()
    if kind == "bytes":
        return base64.b64encode(raw).decode()
    special = _SPECIAL.get(kind)
    return special(raw) if special is not None else _message(raw, kind, messages)


def _time(raw: bytes) -> str | None:
    parts = dict(_fields(raw))
    if not parts.get(1):
        return None
    moment = datetime.fromtimestamp(parts[1], UTC)
    nanos = parts.get(2, 0)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{nanos // 1000:06d}Z" if nanos else "Z")


def _int_or_string(raw: bytes) -> int | str:
    parts = dict(_fields(raw))
    if parts.get(1, 0) == 1:
        return str(parts.get(3, b"").decode())
    number = _value(parts.get(2, 0), "int64", {})
    return int(number)


def _quantity(raw: bytes) -> str:
    return str(dict(_fields(raw)).get(1, b"").decode())


def _json(raw: bytes) -> Any:
    return json.loads(dict(_fields(raw)).get(1, b"") or b"null")


def _strings(raw: bytes) -> list[str]:
    return [value.decode() for _, value in _fields(raw)]


def _duration(raw: bytes) -> str:
    return f"{dict(_fields(raw)).get(1, 0) / 1e9:g}s"


_SPECIAL = {
    "time": _time,
    "intstr": _int_or_string,
    "quantity": _quantity,
    "raw": _json,
    "strings": _strings,
    "duration": _duration,
}
