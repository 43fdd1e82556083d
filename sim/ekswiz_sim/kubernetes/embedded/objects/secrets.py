"""What the types of Secrets ask for: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping

from ekswiz_sim.kubernetes.embedded.api.errors import Cause, required
from ekswiz_sim.kubernetes.embedded.store import Obj

_TYPE = "kubernetes.io/"
_KEYS: Mapping[str, tuple[str, ...]] = {
    f"{_TYPE}dockercfg": (".dockercfg",),
    f"{_TYPE}dockerconfigjson": (".dockerconfigjson",),
    f"{_TYPE}ssh-auth": ("ssh-privatekey",),
    f"{_TYPE}tls": ("tls.crt", "tls.key"),
}
"""Keys that data of a type must have."""

_EITHER: Mapping[str, tuple[str, ...]] = {f"{_TYPE}basic-auth": ("username", "password")}
_DOCUMENTS = (".dockercfg", ".dockerconfigjson")
_ACCOUNT = f"{_TYPE}service-account.name"


def check(secret: Obj) -> Iterator[Cause]:
    """All that a Secret's type asks for and its data lacks; values are never repeated."""
    kind, data = str(secret.get("type")), secret.get("data") or {}
    for key in _KEYS.get(kind, ()):
        if key not in data:
            yield required(f"data[{key}]")
        elif key in _DOCUMENTS and not _is_document(str(data[key])):
            yield Cause(f"data[{key}]", "FieldValueInvalid", 'Invalid value: "<secret contents redacted>": not JSON')
    either = _EITHER.get(kind, ())
    if either and not any(key in data for key in either):
        yield from (required(f"data[{key}]") for key in either)
    notes = secret["metadata"].get("annotations") or {}
    if kind == f"{_TYPE}service-account-token" and not notes.get(_ACCOUNT):
        yield required(f"metadata.annotations[{_ACCOUNT}]")


def _is_document(encoded: str) -> bool:
    try:
        return isinstance(json.loads(base64.b64decode(encoded, validate=True)), dict)
    except (ValueError, binascii.Error):
        return False
